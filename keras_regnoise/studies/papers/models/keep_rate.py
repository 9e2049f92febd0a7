from collections.abc import Callable
from typing import Any

import keras

from keras_regnoise.layers import (
    DropActivation,
    ICLayer,
    RotationOut,
    SpatialRotationOut,
)
from keras_regnoise.studies.model import StudyModel
from keras_regnoise.studies.papers.protocol import batch_norm


def _ic_layer(rate: float, **options: Any) -> ICLayer:
    return ICLayer(rate, batch_norm(), **options)


# The noise in front of a convolution, and in front of the head, by method.
_NOISES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "Dropout": (keras.layers.Dropout, keras.layers.Dropout),
    "RotationOut": (RotationOut, RotationOut),
    "SpatialRotationOut": (SpatialRotationOut, RotationOut),
    "ICLayer": (_ic_layer, _ic_layer),
}


class KeepRateModel(StudyModel):
    """A ConvNet with noise before every weight layer but the first.

    DropActivation stands in place of every ReLU instead.
    """

    def build(self, hp: Any) -> keras.Model:
        inputs = keras.Input(self.data.shape)
        x = inputs
        for i, filters in enumerate((16, 32, 64), 1):
            x = self._noise(hp, x, f"noise{i}") if i > 1 else x
            conv = {"kernel_size": 3, "padding": "same", "name": f"conv{i}"}
            x = self._weights(hp, keras.layers.Conv2D, filters, **conv)(x)
            x = self._activation(hp, f"relu{i}")(x)
            x = keras.layers.MaxPooling2D(name=f"pool{i}")(x) if i > 1 else x
        x = self._noise(hp, keras.layers.Flatten()(x), "noise_head")
        classes = self.data.classes
        outputs = self._weights(hp, keras.layers.Dense, classes, name="head")(x)
        model = keras.Model(inputs, outputs)
        rate = keras.optimizers.schedules.CosineDecay(
            self.recipe.learning_rate, self.steps
        )
        model.compile(
            keras.optimizers.Adam(rate),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        return model

    def _weights(self, hp: Any, kind: Any, size: int, **options: Any) -> Any:
        seed = self.seed(hp, options["name"])
        initializer = keras.initializers.HeNormal(seed=seed)
        return kind(size, kernel_initializer=initializer, **options)

    def _activation(self, hp: Any, name: str) -> Any:
        if hp.get("noise") != "DropActivation":
            return keras.layers.ReLU(name=name)
        return DropActivation(rate=hp.get("rate"), seed=self.seed(hp, name), name=name)

    def _noise(self, hp: Any, x: Any, name: str) -> Any:
        if hp.get("noise") not in _NOISES:
            return x
        kind = _NOISES[hp.get("noise")][len(x.shape) == 2]
        return kind(hp.get("rate"), seed=self.seed(hp, name), name=name)(x)
