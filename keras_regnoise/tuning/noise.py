"""One layer of noise whose kind and rate a search chooses."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regnoise._seeds import check_seed, derived_seed
from keras_regnoise.layers._base.checks import check_data_format
from keras_regnoise.tuning._kinds import DROP_ACTIVATION, Kinds, Place, check_space
from keras_regnoise.tuning._space import choose


def noise(
    hp: Any,
    name: str,
    layers: Kinds = ("dropout", "rotationout"),
    rates: Sequence[float] = (0.0, 0.1, 0.2, 0.3),
    seed: int | None = None,
    rank: int | None = None,
    data_format: str | None = None,
) -> keras.Layer:
    """A layer of noise, chosen by a search, for your own `build_model(hp)`.

    It asks for the hyperparameters `name` (the kind) and, if that is not `"none"`,
    `<name>_rate`. A rate of 0 is the kind `"none"`: no noise is one point of the grid,
    not one for each kind. Two calls with one name make two layers that are chosen
    alike.

    | kind | layer |
    |---|---|
    | `"none"` | `keras.layers.Identity` |
    | `"dropout"` | `keras.layers.Dropout` |
    | `"spatialdropout"` | `keras.layers.SpatialDropout1D`, `2D` or `3D`, by `rank` |
    | `"rotationout"` | `RotationOut`; `SpatialRotationOut` if `rank` is 3 or more |
    | `"spatialrotationout"` | `SpatialRotationOut` |
    | `"iclayer"` | `ICLayer`: there is no normalization either in `"none"` |
    | a pair `(kind, factory)` | `factory(rate)`; with `seed=` if it takes one |

    Args:
        hp: The `keras_tuner.HyperParameters` that `build_model` was given.
        name: Name of the hyperparameter.
        layers: The kinds.
        rates: Floats in [0, 1), the strengths, as in `keras.layers.Dropout`.
        seed: Optional integer. The layer's seed depends on it and on `name`; give two
            layers of one name different ones.
        rank: Rank of the tensor that the layer will stand on, batch axis included: 2
            for features, 3 for sequences, 4 for images, 5 for volumes. Only where the
            table says so.
        data_format: `"channels_last"` or `"channels_first"`, for ranks above 2.
            Defaults to `keras.config.image_data_format()`. `SpatialDropout1D` has no
            `"channels_first"`: there it is a `Dropout` of whole channels.

    Returns:
        A new layer, to be called as any other.

    Raises:
        ValueError: If a kind or the data format is not valid, a rate is not in [0, 1),
            or the kind needs the rank.

    Example:
        >>> import keras, keras_tuner
        >>> def build_model(hp):
        ...     x = inputs = keras.Input((64,))
        ...     x = keras.layers.Dense(32, activation="relu")(x)
        ...     x = noise(hp, "hidden", rates=(0.0, 0.2), seed=1)(x)
        ...     return keras.Model(inputs, keras.layers.Dense(10)(x))
        >>> hp = keras_tuner.HyperParameters()
        >>> model = build_model(hp)
        >>> hp.values
        {'hidden': 'none'}
        >>> hp.values = {"hidden": "rotationout", "hidden_rate": 0.2}
        >>> build_model(hp).layers[2].rate
        0.2
    """
    if DROP_ACTIVATION in layers:
        raise ValueError(
            f"{DROP_ACTIVATION!r} takes the place of an activation and can't be a "
            "layer of noise: without noise the activation would be gone. Use "
            f"NoiseHyperModel(build_model, layers=({DROP_ACTIVATION!r},), ...)."
        )
    kinds, checked = check_space(layers, rates)
    place = Place(rank, check_data_format(data_format)[0])
    seed = derived_seed(check_seed(seed), name)
    arm = choose(hp, name, kinds, checked)
    if arm.rate == 0.0:
        return keras.layers.Identity()
    return kinds[arm.kind](arm.rate, seed, place)
