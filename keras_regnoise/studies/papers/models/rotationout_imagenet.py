from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Any

import keras

from keras_regnoise import placement
from keras_regnoise.layers import (
    DropBlock,
    DropPath,
    RotationOut,
    SpatialRotationOut,
)
from keras_regnoise.studies.papers.models.imagenet import ImageNetModel
from keras_regnoise.studies.papers.protocol import batch_norm

_STAGES = "stage[34]_unit[0-9]+"
_ROTATION = 0.2  # E tan^2 = 1/4
_BLOCKS = {"stage3": 7, "stage4": 3}
# What stands before every convolution of the last two stages, by arm.
_BEFORE_CONVOLUTIONS: dict[str, Callable[..., Any]] = {
    "Dropout 0.7": partial(keras.layers.Dropout, 0.3),
    "SpatialDropout 0.9": partial(keras.layers.SpatialDropout2D, 0.1),
    "DropBlock 0.9": partial(DropBlock, 0.1, block_size=7),
    "RotationOut": partial(SpatialRotationOut, _ROTATION),
    "RotationOut Block": partial(SpatialRotationOut, _ROTATION),
}


class RotationOutImageNetModel(ImageNetModel):
    """The network with the noise of the arm in its last two stages."""

    drops = MappingProxyType({120 / 240: 0.1, 190 / 240: 0.01, 230 / 240: 0.001})

    def resnet(self, hp: Any, build: Callable[..., keras.Model]) -> keras.Model:
        return self._with_noise(hp, build(layers={"norm": batch_norm}))

    def _with_noise(self, hp: Any, network: keras.Model) -> keras.Model:
        noise = hp.get("noise")

        def layer(place: keras.layers.Layer) -> keras.layers.Layer:
            options: dict[str, Any] = {"seed": self.seed(hp, f"{place.name}_noise")}
            if noise == "RotationOut Block":
                options["block_size"] = _BLOCKS[place.name.partition("_")[0]]
            return _BEFORE_CONVOLUTIONS[noise](**options)

        def seeded(kind: Callable[..., Any], **options: Any) -> Callable[[Any], Any]:
            return lambda at: kind(seed=self.seed(hp, f"{at.name}_noise"), **options)

        if noise in _BEFORE_CONVOLUTIONS:
            kind, names = keras.layers.Conv2D, f"{_STAGES}_conv[0-9]+"
            network = placement.insert(network, layer, before=kind, name=names)
        if noise.startswith("RotationOut"):
            factory = seeded(RotationOut, rate=_ROTATION)
            network = placement.insert(network, factory, before=keras.layers.Dense)
        if noise == "DropPath 0.9":
            last = len(_norms(network))
            names = f"{_STAGES}_norm{last}"
            norm = keras.layers.BatchNormalization
            factory = seeded(DropPath, rate=0.1)
            network = placement.insert(network, factory, after=norm, name=names)
        if noise == "Cutout":
            erasing = {"factor": (1.0, 1.0), "scale": (0.25, 0.25), "fill_value": 0.0}
            factory = seeded(keras.layers.RandomErasing, **erasing)
            network = placement.insert(network, factory, after=keras.layers.InputLayer)
        return network


def _norms(network: keras.Model) -> list[str]:
    """Return the normalizations of one unit of the third stage."""
    names = [layer.name for layer in network.layers]
    return [name for name in names if name.startswith("stage3_unit1_norm")]
