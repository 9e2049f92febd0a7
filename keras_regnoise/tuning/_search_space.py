"""The space that a model and some options mean, whoever asks for hyperparameters."""

from collections.abc import Sequence
from typing import Any

import keras_tuner

from keras_regnoise.tuning._kinds import Kinds
from keras_regnoise.tuning.noise_hyper_model import NoiseHyperModel, takes_hp


def search_space(
    build_model: Any,
    *,
    layers: Kinds | None = None,
    rates: Sequence[float] | None = None,
    placements: Sequence[str] | None = None,
    **options: Any,
) -> keras_tuner.HyperModel:
    """Make the space of a model, with noise put into it where that was asked for.

    A `build_model()` gets noise as in `NoiseHyperModel`, whose defaults hold for what
    is not given. A `build_model(hp)` has a space of its own, and gets noise on top of
    it only if one of `layers`, `rates` and `placements` is given: so nothing that was
    given is without effect, and noise that it asks for itself is not doubled.

    Args:
        build_model: A function `build_model()` or `build_model(hp)`, or a
            `keras_tuner.HyperModel`, which counts as the latter.
        layers: As in `NoiseHyperModel`; None if it was not given.
        rates: The same. With noise around it, 0 (no noise) is always one of them.
        placements: The same.
        **options: Others of `NoiseHyperModel`, for a space with noise.

    Raises:
        ValueError: As `NoiseHyperModel` does.

    Example:
        >>> import keras
        >>> from keras_regnoise.tuning import enumerate_space
        >>> def build_model(hp):
        ...     model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8)])
        ...     model.add(keras.layers.Dense(hp.Choice("units", [1, 2])))
        ...     return model
        >>> len(enumerate_space(search_space(build_model)))
        2
        >>> options = {"rates": (0.1, 0.2), "placements": ("before_weights",)}
        >>> len(enumerate_space(search_space(build_model, **options)))
        10
    """
    asked = {"layers": layers, "rates": rates, "placements": placements}
    given: dict[str, Any] = {k: v for k, v in asked.items() if v is not None}
    is_model = isinstance(build_model, keras_tuner.HyperModel)
    if not given and (is_model or takes_hp(build_model)):
        return build_model if is_model else _Own(build_model)
    if rates is not None:
        given["rates"] = tuple(dict.fromkeys((0.0, *rates)))
    return NoiseHyperModel(build_model, **given, **options)


class _Own(keras_tuner.HyperModel):  # type: ignore[misc]
    """The space of a function `build_model(hp)`."""

    def __init__(self, build_model: Any) -> None:
        super().__init__()
        self._build_model = build_model

    def build(self, hp: Any) -> Any:
        return self._build_model(hp)
