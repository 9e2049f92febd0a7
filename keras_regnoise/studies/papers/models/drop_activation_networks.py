from functools import partial
from typing import Any

import keras

from keras_regnoise import models
from keras_regnoise.layers import DropActivation, RandomizedLeakyReLU
from keras_regnoise.studies.model import Fit
from keras_regnoise.studies.papers.protocol import (
    PaperModel,
    Protocol,
    batch_norm,
    divided_by_ten,
    sgd,
    with_errors,
)

_NETWORKS: dict[str, Any] = {
    "ResNet-8": partial(models.resnet, 8),
    "ResNet-18": models.resnet18,
    "ResNet-20": partial(models.resnet, 20),
    "ResNet-110": partial(models.resnet, 110),
    "ResNet-164": partial(models.resnet, 164, bottlenecks=True),
    "PreResNet-164": partial(models.preact_resnet, 164),
    "WideResNet-16-8": partial(models.wide_resnet, 16, 8),
    "WideResNet-28-10": partial(models.wide_resnet, 28, 10),
    "DenseNet-BC-100-12": partial(models.densenet, 100, 12),
    "DenseNet-BC-190-40": partial(models.densenet, 190, 40),
    "ResNeXt-29-8x64d": partial(models.resnext, 29, 8, 64),
}
_SVHN = "svhn_cropped"
_nesterov = partial(sgd, nesterov=True)
# By family, as their own papers train them, or by name.
_PROTOCOLS = {
    # The paper of Cutout trains both of its networks alike.
    "ResNet-18": Protocol({0.3: 0.2, 0.6: 0.04, 0.8: 0.008}, _nesterov, 5e-4),
    "ResNet": Protocol(divided_by_ten(0.5, 0.75), weight_decay=1e-4),
    "PreResNet": Protocol(divided_by_ten(0.5, 0.75), weight_decay=1e-4),
    "WideResNet": Protocol({0.3: 0.2, 0.6: 0.04, 0.8: 0.008}, _nesterov, 5e-4),
    "DenseNet": Protocol(divided_by_ten(0.5, 0.75), _nesterov, 1e-4),
    "ResNeXt": Protocol(divided_by_ten(0.5, 0.75), weight_decay=5e-4),
}
# The same on SVHN, whose images are not standardized.
_ON_SVHN = {
    "WideResNet": Protocol(divided_by_ten(0.5, 0.75), _nesterov, 5e-4, None),
    "DenseNet": Protocol(divided_by_ten(0.5, 0.75), _nesterov, 1e-4, None),
    "ResNeXt": Protocol(divided_by_ten(0.4, 0.7), weight_decay=5e-4, standardize=None),
}
# Rate of Dropout by family and whether the images are SVHN, and where it stands.
_DROPOUT = {
    ("WideResNet", False): 0.3,
    ("WideResNet", True): 0.4,
    ("DenseNet", True): 0.2,
}
_UNITS = {
    "WideResNet": ("norm", "relu", "conv", "norm", "relu", "noise", "conv"),
    "DenseNet": ("norm", "relu", "conv", "noise"),
}


class DropActivationNetwork(PaperModel):
    """A published network with the activation of the arm in place of every ReLU."""

    shares_programs = True

    def protocol(self, hp: Any) -> Protocol:
        name = hp.get("network")
        protocols = _ON_SVHN if self._is_svhn else _PROTOCOLS
        return protocols[name if name in protocols else name.partition("-")[0]]

    def augmentation(self, hp: Any) -> tuple[str, ...]:
        of_arm = hp.values.get("augmentation", "").split()
        return (*super().augmentation(hp), *of_arm)

    @property
    def _is_svhn(self) -> bool:
        return self.data.name.startswith(_SVHN)

    def network(self, hp: Any) -> keras.Model:
        name, seed = hp.get("network"), hp.get("seed")
        family = name.partition("-")[0]
        rate = _DROPOUT.get((family, self._is_svhn))
        options: dict[str, Any] = {}
        if rate:
            options = {"unit": _UNITS[family]}
            options["noise"] = partial(keras.layers.Dropout, rate, seed=seed)
        activations: dict[str, Any] = {
            "baseline": "relu",
            "RReLU": partial(RandomizedLeakyReLU, seed=seed),
            "DropAct": partial(DropActivation, rate=0.05, seed=seed),
        }
        return _NETWORKS[name](
            activation=activations[hp.get("method")],
            layers={"norm": batch_norm},
            **options,
            **self.sizes(hp),
        )

    def fit(self, hp: Any, model: keras.Model, fit: Fit = Fit()) -> dict[str, float]:
        return with_errors(super().fit(hp, model, fit))
