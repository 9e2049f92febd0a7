"""A keras-tuner search over the noise of a model that knows nothing of it."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import keras
import keras_tuner

from keras_regnoise._seeds import check_seed
from keras_regnoise.placement._select import check_model
from keras_regnoise.tuning._kinds import DROP_ACTIVATION, Kinds, check_space
from keras_regnoise.tuning._places import INSERTIONS
from keras_regnoise.tuning._recompile import recompile
from keras_regnoise.tuning._space import REPLACE, Arm, choose
from keras_regnoise.tuning.with_noise import put_noise

PLACEMENTS = (*INSERTIONS, REPLACE)
_NAME = "noise"


class NoiseHyperModel(keras_tuner.HyperModel):  # type: ignore[misc]
    """Which noise, how strong and where: a search space around your own model.

    It builds your model, puts one kind of noise at one rate into all places of one
    placement, and compiles the result as you compiled yours. Give it to any tuner of
    keras-tuner. The hyperparameters are

    - `noise`: `"none"` or one of `layers`,
    - `noise_rate`: one of the rates above 0, unless there is no noise,
    - `noise_placement`: one of `placements`, unless there is no noise or it is
      `"dropactivation"`, which has one place to stand,

    and those that `build_model(hp)` asks for itself. No noise is one point of a grid
    however many kinds and placements there are.

    | placement | the noise stands |
    |---|---|
    | `"before_weights"` | before each layer with weights but the first |
    | `"after_activation"` | after each activation that such a layer follows |
    | `"before_head"` | before the last such layer |
    | `"replace_activations"` | in the place of `activation`: `"dropactivation"` |

    Layers with weights are here dense layers, convolutions (but not depthwise ones),
    recurrent layers and attention. The first is the one that is on the data itself.

    `"rotationout"` is `SpatialRotationOut` on sequences and images and `RotationOut`
    on vectors; `"spatialdropout"` is `Dropout` on vectors. The other kinds are as in
    `keras_regnoise.tuning.noise`.

    With a seed, all points of the space that share it start from the same weights and
    see the batches in the same order, so that they can be compared in pairs: `build`
    sets Keras's global seed before it calls `build_model`, and again when it is done.
    The seed is the hyperparameter `seed` if there is one (for several runs of each
    point), and `seed` otherwise.

    Args:
        build_model: A function `build_model()` or `build_model(hp)` that returns a
            functional or Sequential model, or a `keras_tuner.HyperModel` of one.
        layers: Kinds of noise, see `keras_regnoise.tuning.noise`.
        rates: Floats in [0, 1), the strengths, as in `keras.layers.Dropout`; 0 is
            `"none"`.
        placements: Names from the table.
        activation: Name of the activation that `"dropactivation"` replaces, such as
            `"relu"` (the default) or `"relu6"`, see
            `keras_regnoise.placement.replace_activations`.
        seed: Optional integer.
        **kwargs: Those of `keras_tuner.HyperModel`.

    Raises:
        ValueError: If an argument is not valid, and in `build` if the model has no
            place for the noise, is subclassed, or can't be compiled again.

    Example:
        >>> import keras, keras_tuner
        >>> def build_model():
        ...     model = keras.Sequential(
        ...         [
        ...             keras.Input((64,)),
        ...             keras.layers.Dense(32, activation="relu"),
        ...             keras.layers.Dense(10),
        ...         ]
        ...     )
        ...     model.compile("adam", "mse")
        ...     return model
        >>> hypermodel = NoiseHyperModel(build_model, rates=(0.0, 0.2), seed=1)
        >>> hp = keras_tuner.HyperParameters()
        >>> hp.values = {"noise": "rotationout", "noise_rate": 0.2}
        >>> [layer.name for layer in hypermodel.build(hp).layers[1:]]
        ['dense_1_rotation_out', 'dense_1']
    """

    def __init__(
        self,
        build_model: Callable[..., keras.Model] | keras_tuner.HyperModel,
        layers: Kinds = ("dropout", "rotationout"),
        rates: Sequence[float] = (0.0, 0.1, 0.2, 0.3),
        placements: Sequence[str] = ("before_weights", "after_activation"),
        activation: str = "relu",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._kinds, self._rates = check_space(layers, rates)
        self._placements = _check_placements(placements, self._kinds)
        self._activation = activation
        self._seed = check_seed(seed)
        self._inner = None
        if isinstance(build_model, keras_tuner.HyperModel):
            self._inner, build_model = build_model, build_model.build
        self._build_model = build_model
        self._takes_hp = takes_hp(build_model)

    def declare_hyperparameters(self, hp: Any) -> None:
        if self._inner is not None:
            self._inner.declare_hyperparameters(hp)
        self._choose(hp)

    def ask(self, hp: Any) -> None:
        """Ask `hp` for all that `build` asks for, and build no more than it must."""
        self.declare_hyperparameters(hp)
        if self._takes_hp:
            self._build_model(hp)

    def build(self, hp: Any) -> keras.Model:
        arm = self._choose(hp)
        seed = self._seed_of(hp)
        _set_seed(seed)
        model = self._build_model(hp) if self._takes_hp else self._build_model()
        check_model(model)
        if arm.rate > 0.0:
            model = recompile(self._with_noise(model, arm, seed), model)
        _set_seed(seed)  # the noise has drawn from the global generators
        return model

    def fit(self, hp: Any, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        fit = super().fit if self._inner is None else self._inner.fit
        return fit(hp, model, *args, **kwargs)

    def _choose(self, hp: Any) -> Arm:
        return choose(hp, _NAME, self._kinds, self._rates, self._placements)

    def _seed_of(self, hp: Any) -> int | None:
        return check_seed(hp.get("seed")) if "seed" in hp else self._seed

    def _with_noise(
        self, model: keras.Model, arm: Arm, seed: int | None
    ) -> keras.Model:
        kind, place = self._kinds[arm.kind], str(arm.placement)
        return put_noise(model, kind, arm.rate, place, self._activation, seed)


def _check_placements(placements: Any, kinds: Any) -> tuple[str, ...]:
    """The placements of the kinds that are inserted, or a ValueError."""
    valid = ", ".join(map(repr, PLACEMENTS))
    if isinstance(placements, str) or not isinstance(placements, Sequence):
        raise ValueError(
            f"`placements` must be a tuple of names, from {valid}. "
            f"Received: placements={placements!r}"
        )
    unknown = [name for name in placements if name not in PLACEMENTS]
    if unknown:
        raise ValueError(f"Unknown placement {unknown[0]!r}. Valid are {valid}.")
    if REPLACE in placements and DROP_ACTIVATION not in kinds:
        raise ValueError(
            f"The placement {REPLACE!r} is that of {DROP_ACTIVATION!r}, which is not "
            f"among the layers. Received: layers={tuple(kinds)}. Add it there, or "
            "leave the placement out."
        )
    insertions = tuple(dict.fromkeys(name for name in placements if name != REPLACE))
    homeless = [kind for kind in kinds if kind != DROP_ACTIVATION]
    if homeless and not insertions:
        raise ValueError(
            f"There is no placement for {homeless[0]!r}. Received: "
            f"placements={tuple(placements)}. Expected at least one of "
            f"{', '.join(map(repr, INSERTIONS))}."
        )
    return insertions


def takes_hp(build_model: Any) -> bool:
    """Whether a function asks for hyperparameters, or a ValueError."""
    if not callable(build_model) or isinstance(build_model, type | keras.Layer):
        raise ValueError(
            "`build_model` must be a function build_model() or build_model(hp) that "
            "returns a new Keras model, or a keras_tuner.HyperModel. "
            f"Received: build_model={build_model!r}"
        )
    parameters = inspect.signature(build_model).parameters.values()
    return any(
        p.name == "hp"
        or (
            p.default is p.empty
            and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        )
        for p in parameters
    )


def _set_seed(seed: int | None) -> None:
    if seed is not None:
        keras.utils.set_random_seed(seed)
