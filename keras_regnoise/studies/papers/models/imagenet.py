from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import keras

from keras_regnoise import models
from keras_regnoise.studies.papers.protocol import PaperModel, Protocol

# Mean and deviation of the channels of ImageNet, of images in [0, 1].
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class ImageNetModel(PaperModel):
    """ResNet-50 on ImageNet, and ResNet-8 on any other images.

    Subclass it and write `drops`, as in `Protocol`, and `resnet`.
    """

    shares_programs = False  # next to days of training, compiling is nothing
    drops: Mapping[float, float]

    def resnet(self, hp: Any, build: Callable[..., keras.Model]) -> keras.Model:
        """Return the network of a cell.

        Args:
            hp: See `build`.
            build: Builds it; takes the unit and what its words stand for.
        """
        raise NotImplementedError

    def protocol(self, hp: Any) -> Protocol:
        protocol = Protocol(self.drops, weight_decay=1e-4)
        # Too many images to take statistics of: those that are known.
        return replace(protocol, standardize=None) if self._is_imagenet else protocol

    def metrics(self) -> list[Any]:
        top5 = keras.metrics.SparseTopKCategoricalAccuracy(5, name="top5_accuracy")
        return ["accuracy", top5]

    @property
    def _is_imagenet(self) -> bool:
        return self.data.name == "imagenet2012"

    def network(self, hp: Any) -> keras.Model:
        sizes = self.sizes(hp)
        if not self._is_imagenet:
            sizes["shortcut"] = ("conv", "norm")  # as for ImageNet
            return self.resnet(hp, partial(models.resnet, 8, **sizes))
        network = self.resnet(hp, partial(models.imagenet_resnet, **sizes))
        variance = [deviation**2 for deviation in _DEVIATION]
        scale = keras.layers.Normalization(mean=_MEAN, variance=variance)
        inputs = keras.Input(self.data.shape, name="images")
        return keras.Model(inputs, network(scale(inputs)), name=f"{network.name}_model")
