"""The arguments that the architectures share, documented once."""

from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypedDict

from keras_regnoise.models._units import Unit

LayerFactory = Callable[[], Any]


class WordOptions(TypedDict, total=False):
    """What the words of `unit` stand for; every architecture takes these arguments.

    Attributes:
        activation: What `"relu"` stands for: the name of a Keras activation, or a
            factory such as `lambda: DropActivation(rate=0.05)`. Defaults to `"relu"`.
        noise: Factory of the layer that `"noise"` stands for, such as
            `lambda: SpatialRotationOut(0.1)`. Needed if `"noise"` is in the unit.
        noise_stages: Numbers of the stages (from 1) where `"noise"` counts; it is
            left out of the others. Defaults to every stage. The first and the last
            weight layer of a network belong to no stage.
        layers: Factories for further words, and other meanings of `"norm"`
            (`keras.layers.BatchNormalization`), `"ic"` (`ICLayer`) and `"vcl"`
            (`VarianceConstancy`).

    A factory takes no argument. Its layer gets the name of its place in the network.
    An integer seed, in the layer or in what it holds, becomes a seed of its own for
    every place, so that no two layers repeat each other's noise; a layer without a seed
    is left without.
    """

    activation: str | LayerFactory
    noise: LayerFactory | None
    noise_stages: Collection[int] | None
    layers: Mapping[str, LayerFactory] | None


class ImageOptions(WordOptions, total=False):
    """The arguments of every network for images, with those of `WordOptions`.

    Attributes:
        classes: Number of classes. Defaults to 10.
        input_shape: Height, width and channels, height and width of any size. Defaults
            to `(32, 32, 3)`.
        seed: Seed of the run. Equal seeds give equal initial weights to all layers
            that two variants share. Defaults to a fresh draw.
        name: Name of the model.
    """

    classes: int
    input_shape: tuple[int | None, ...]
    seed: int | None
    name: str | None


class ResidualOptions(ImageOptions, total=False):
    """The arguments of every residual network, with those of `ImageOptions`.

    Attributes:
        shortcut: Words of the shortcut where the shape changes: `("conv",)` projects,
            `("conv", "norm")` projects and normalizes, `()` subsamples and pads with
            zero channels (option A of He et al.).
    """

    shortcut: Unit


def refuse_options(names: Iterable[str]) -> None:
    """Raise `TypeError` if there are names, none of which is an argument."""
    known = sorted(ResidualOptions.__optional_keys__)
    for name in names:
        close = get_close_matches(name, known, 1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise TypeError(
            f"There is no argument {name!r}.{hint} Besides its own, an architecture "
            f"takes: {', '.join(known)}"
        )
