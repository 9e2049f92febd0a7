"""One kind of noise in all places of one placement of a model."""

import itertools

import keras

from keras_regnoise._keras.model_classes import lost_methods
from keras_regnoise._seeds import check_seed, derived_seed
from keras_regnoise.placement import replace_activations
from keras_regnoise.placement._select import check_model
from keras_regnoise.tuning._kinds import (
    DROP_ACTIVATION,
    Factory,
    Make,
    Place,
    check_space,
)
from keras_regnoise.tuning._places import INSERTIONS, insert_noise
from keras_regnoise.tuning._recompile import recompile
from keras_regnoise.tuning._space import REPLACE


def with_noise(
    model: keras.Model,
    kind: str | tuple[str, Factory],
    rate: float,
    placement: str = REPLACE,
    activation: str = "relu",
    seed: int | None = None,
) -> keras.Model:
    """Put one kind of noise into all places of one placement: an arm of a search.

    Args:
        model: A functional or Sequential model. If it is compiled, the new one is
            compiled as it was; it is then not to be used any more.
        kind: As in the `layers` of `keras_regnoise.tuning.NoiseHyperModel`.
        rate: Float in [0, 1), the strength, as in `keras.layers.Dropout`.
        placement: As in `NoiseHyperModel`. `"dropactivation"` has only the default.
        activation: What `"dropactivation"` replaces.
        seed: Optional integer, that of all layers of noise together.

    Returns:
        A new model with the weights of the old one.

    Raises:
        ValueError: If an argument is not valid, or the model has no place for it.

    Example:
        >>> import keras
        >>> model = keras.Sequential(
        ...     [
        ...         keras.Input((64,)),
        ...         keras.layers.Dense(32, activation="relu"),
        ...         keras.layers.Dense(10),
        ...     ]
        ... )
        >>> noisy = with_noise(model, "rotationout", 0.5, "before_head")
        >>> [layer.name for layer in noisy.layers]
        ['dense', 'dense_1_rotation_out', 'dense_1']
    """
    check_model(model)
    kinds, (*_, rate) = check_space((kind,), (rate,))
    if not kinds:  # "none"
        return model
    ((name, make),) = kinds.items()
    expected = (REPLACE,) if name == DROP_ACTIVATION else INSERTIONS
    if placement not in expected:
        raise ValueError(
            f"{name!r} has no placement {placement!r}. Valid are: "
            f"{', '.join(map(repr, expected))}."
        )
    if rate == 0.0:
        return model
    noisy = put_noise(model, make, rate, placement, activation, check_seed(seed))
    return recompile(noisy, model)


def put_noise(
    model: keras.Model,
    kind: Make,
    rate: float,
    placement: str,
    activation: str,
    seed: int | None,
) -> keras.Model:
    """The same of checked arguments; the model is not compiled."""
    if lost := lost_methods(model):
        raise ValueError(
            f"{type(model).__name__} '{model.name}' has its own {', '.join(lost)}, "
            "lost with the noise in it: the class has a constructor of its own, and "
            "models with noise would be trained otherwise than the one without. Give "
            "the class the constructor of its base, and set its own attributes "
            "(numbers, texts) afterwards."
        )

    def make(place: Place, number: int) -> keras.Layer:
        return kind(rate, derived_seed(seed, f"noise/{number}"), place)

    if placement != REPLACE:
        return insert_noise(model, placement, make)
    numbers = itertools.count()
    return replace_activations(
        model,
        activation,
        lambda layer: make(Place(activation=activation), next(numbers)),
    )
