"""What the words of a unit stand for."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

import keras

from keras_regnoise._arguments import check_integer
from keras_regnoise._seeds import derived_seed
from keras_regnoise.layers import ICLayer, VarianceConstancy
from keras_regnoise.models._options import LayerFactory, refuse_options
from keras_regnoise.models._units import (
    Step,
    Unit,
    label,
    spell_out,
    without_noise,
    words_after,
    words_before,
)

WeightFactory = Callable[[str], Any]


class Vocabulary:
    """Turns the words of a unit into layers with stable names and seeds.

    Args:
        unit: The words of a unit, see `keras_regnoise.models`.
        weights: Number of weight layers of a unit.
        stages: Number of stages of the network.
        seed: Seed of the run, or `None`.
        weight: The word of the weight layers.
        extra_words: Words that are used elsewhere than in `unit`.
        activation: See `WordOptions`, as the arguments that follow.
        noise: See `WordOptions`.
        noise_stages: See `WordOptions`.
        layers: See `WordOptions`.
        **unknown: Are refused.

    Raises:
        TypeError: If an argument is unknown.
        ValueError: If a word has no meaning, a meaning no word, or a stage does
            not exist.
    """

    def __init__(
        self,
        unit: Unit,
        *,
        weights: int,
        stages: int,
        seed: int | None,
        weight: str = "conv",
        extra_words: Unit = (),
        activation: str | LayerFactory = "relu",
        noise: LayerFactory | None = None,
        noise_stages: Collection[int] | None = None,
        layers: Mapping[str, LayerFactory] | None = None,
        **unknown: Any,
    ) -> None:
        refuse_options(unknown)
        self._unit = spell_out(unit, weights, weight)
        self._weight = weight
        self._seed = seed
        self._kernel_initializer = (
            "lecun_normal" if activation == "selu" else "he_normal"
        )
        # The shift of a normalization does the work of a bias.
        self._use_bias = not {"norm", "ic"} & set(self._unit)
        self._stages = range(1, stages + 1)
        self._noise_stages = self._stages if noise_stages is None else noise_stages
        self._factories: dict[str, LayerFactory] = {
            "relu": partial(keras.layers.Activation, activation)
            if isinstance(activation, str)
            else activation,
            "norm": keras.layers.BatchNormalization,
            "ic": partial(ICLayer, seed=seed),
            "vcl": VarianceConstancy,
            **(layers or {}),
        }
        if noise is not None:
            self._factories["noise"] = noise
        self._check({*self._unit, *extra_words}, {*(layers or {})})

    def _check(self, used: set[str], added: set[str]) -> None:
        if unknown := sorted(used - {self._weight, *self._factories}):
            raise ValueError(
                f"`unit` holds words without a meaning: {unknown}. Known words: "
                f"{sorted({self._weight, *self._factories})}. Give a factory: "
                '`noise=` for "noise", `layers={word: factory}` for any other word.'
            )
        if reserved := sorted(added & {self._weight, "relu", "noise"}):
            raise ValueError(
                f"`layers` cannot give {reserved} a meaning. Use `activation=` for "
                f'"relu" and `noise=` for "noise"; {self._weight!r} is the weight.'
            )
        given = added | ({"noise"} & set(self._factories))
        if unused := sorted(given - used):
            raise ValueError(
                f"A factory was given for {unused}, but `unit` does not say where "
                f"these words stand. Received: unit={self._unit}"
            )
        stages = self._noise_stages
        if not isinstance(stages, Collection) or set(stages) - set(self._stages):
            raise ValueError(
                f"`noise_stages` must hold numbers of {list(self._stages)}, for "
                f"example ({self._stages[-1]},). Received: noise_stages={stages!r}"
            )

    def words(self, stage: int) -> Unit:
        """Return the unit of a stage, without "noise" where that was not asked for."""
        return self._unit if stage in self._noise_stages else without_noise(self._unit)

    def single(self, stage: int) -> Unit:
        """Return the unit of a stage with one weight layer only."""
        words = self.words(stage)
        before, after = (
            cut(words, self._weight) for cut in (words_before, words_after)
        )
        return (*before, self._weight, *after)

    def stem(self, x: Any, weight: WeightFactory) -> Any:
        """Apply the first weight layer and what follows a weight in the unit."""
        words = without_noise(words_after(self._unit, self._weight))
        return self.apply(x, label((self._weight, *words), "stem"), [weight])

    def final(self, x: Any) -> Any:
        """Apply what precedes a weight in the unit, for the classifier is one too."""
        words = without_noise(words_before(self._unit, self._weight))
        return self.apply(x, label(words, "final"))

    def apply(
        self, x: Any, steps: Iterable[Step], weights: Iterable[WeightFactory] = ()
    ) -> Any:
        """Apply the layers of `steps`, with `weights` for the weight words in turn."""
        pending = iter(weights)
        for word, name in steps:
            layer = (
                next(pending)(name) if word == self._weight else self._layer(word, name)
            )
            x = layer(x)
        return x

    def _layer(self, word: str, name: str) -> Any:
        factory = self._factories[word]
        message = f"The factory of {word!r} must take no argument and return a layer."
        try:
            layer = factory()
        except TypeError as error:
            raise ValueError(f"{message} Received: {factory!r}") from error
        if not isinstance(layer, keras.layers.Layer):
            raise ValueError(f"{message} It returned: {layer!r}")
        config = _with_derived_seeds(layer.get_config(), name)
        if "data_format" in config:  # whatever Keras is set to, as the convolutions
            config["data_format"] = "channels_last"
        return type(layer).from_config({**config, "name": name})

    def initializer(self, name: str, kind: str | None = None) -> Any:
        """Return the weight initializer of one layer."""
        config = {"seed": derived_seed(self._seed, name)}
        return keras.initializers.get(
            {"class_name": kind or self._kernel_initializer, "config": config}
        )

    def conv(
        self, filters: int, kernel: int = 3, strides: int = 1, groups: int = 1
    ) -> WeightFactory:
        """Describe a convolution that keeps the size of the image, but for strides."""

        def build(name: str) -> Any:
            return keras.layers.Conv2D(
                filters,
                kernel,
                strides=strides,
                padding="same",
                groups=groups,
                data_format="channels_last",
                use_bias=self._use_bias,
                kernel_initializer=self.initializer(name),
                name=name,
            )

        return build

    def dense(self, units: int) -> WeightFactory:
        """Describe a fully connected layer."""

        def build(name: str) -> Any:
            return keras.layers.Dense(
                units,
                use_bias=self._use_bias,
                kernel_initializer=self.initializer(name),
                name=name,
            )

        return build

    def classifier(self, x: Any, units: int, activation: str | None = "softmax") -> Any:
        """Apply the last layer, in float32 under every precision policy."""
        if activation == "softmax":  # of one class it is 1, whatever the input
            check_integer("classes", units, "the number of classes", minimum=2)
        return keras.layers.Dense(
            units,
            activation=activation,
            kernel_initializer=self.initializer("classifier", "glorot_uniform"),
            dtype="float32",
            name="classifier",
        )(x)


def _with_derived_seeds(config: Any, place: str) -> Any:
    """Derive every integer seed of a configuration from its place.

    Args:
        config: A layer's configuration, or a part of it, in which the layers that it
            holds are configurations too.
        place: Name of the layer, and the way to the part.
    """
    if isinstance(config, list | tuple):
        parts = [
            _with_derived_seeds(one, f"{place}/{i}") for i, one in enumerate(config)
        ]
        return parts if isinstance(config, list) else tuple(parts)
    if not isinstance(config, dict):
        return config
    return {
        key: derived_seed(value, place)
        if key == "seed" and isinstance(value, int)
        else _with_derived_seeds(value, place if key == "config" else f"{place}/{key}")
        for key, value in config.items()
    }
