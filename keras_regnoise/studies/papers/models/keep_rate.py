from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from keras_regnoise.layers import (
    CenteredDropout,
    DropActivation,
    ICLayer,
    RotationOut,
    SpatialRotationOut,
    VarianceConstancy,
)
from keras_regnoise.studies.model import StudyModel
from keras_regnoise.studies.papers.protocol import batch_norm


def _ic_layer(rate: float, **options: Any) -> ICLayer:
    return ICLayer(rate, batch_norm(), **options)


# The noise in front of a convolution, and in front of a Dense layer, by method.
_NOISES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "Dropout": (keras.layers.Dropout, keras.layers.Dropout),
    "SpatialDropout": (keras.layers.SpatialDropout2D, keras.layers.Dropout),
    "CenteredDropout": (CenteredDropout, CenteredDropout),
    "CenteredSpatialDropout": (partial(CenteredDropout, spatial=True), CenteredDropout),
    "RotationOut": (RotationOut, RotationOut),
    "SpatialRotationOut": (SpatialRotationOut, RotationOut),
    "ICLayer": (_ic_layer, _ic_layer),
}
_FILTERS = (16, 32, 64)
_WIDTHS = (256, 256)


class KeepRateModel(StudyModel):
    """An MLP or a ConvNet with noise before every weight layer but the first.

    DropActivation stands in place of every ReLU instead; BatchNormalization and the
    Variance Constancy Loss stand in front of it.
    """

    def build(self, hp: Any) -> keras.Model:
        inputs = keras.Input(self.data.shape)
        network = {"MLP": self._mlp, "ConvNet": self._convnet}[hp.get("network")]
        x = self._noise(hp, network(hp, inputs), "noise_head")
        classes = self.data.classes
        outputs = self._weights(hp, keras.layers.Dense, classes, name="head")(x)
        model = keras.Model(inputs, outputs)
        model.compile(
            keras.optimizers.Adam(self.recipe.learning_rate),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        return model

    def _mlp(self, hp: Any, inputs: Any) -> Any:
        x = keras.layers.Flatten()(inputs)
        for i, units in enumerate(_WIDTHS, 1):
            x = self._noise(hp, x, f"noise{i}") if i > 1 else x
            x = self._weights(hp, keras.layers.Dense, units, name=f"dense{i}")(x)
            x = self._activation(hp, self._constant(hp, x, i), f"relu{i}")
        return x

    def _convnet(self, hp: Any, inputs: Any) -> Any:
        x = inputs
        for i, filters in enumerate(_FILTERS, 1):
            x = self._noise(hp, x, f"noise{i}") if i > 1 else x
            conv = {"kernel_size": 3, "padding": "same", "name": f"conv{i}"}
            x = self._weights(hp, keras.layers.Conv2D, filters, **conv)(x)
            x = self._activation(hp, self._constant(hp, x, i), f"relu{i}")
            x = keras.layers.MaxPooling2D(name=f"pool{i}")(x) if i > 1 else x
        return keras.layers.Flatten()(x)

    def _weights(self, hp: Any, kind: Any, size: int, **options: Any) -> Any:
        seed = self.seed(hp, options["name"])
        initializer = keras.initializers.HeNormal(seed=seed)
        return kind(size, kernel_initializer=initializer, **options)

    def _constant(self, hp: Any, x: Any, number: int) -> Any:
        """Put in what keeps the variance of the units the same."""
        if hp.get("noise") == "BatchNormalization":
            return batch_norm(name=f"norm{number}")(x)
        if hp.get("noise") == "VCL":
            shared = (1, 2) if len(x.shape) == 4 else None
            name = f"vcl{number}"
            return VarianceConstancy(hp.get("weight"), shared_axes=shared, name=name)(x)
        return x

    def _activation(self, hp: Any, x: Any, name: str) -> Any:
        if hp.get("noise") != "DropActivation":
            return keras.layers.ReLU(name=name)(x)
        seed = self.seed(hp, name)
        return DropActivation(rate=hp.get("rate"), seed=seed, name=name)(x)

    def _noise(self, hp: Any, x: Any, name: str) -> Any:
        if hp.get("noise") not in _NOISES:
            return x
        kind = _NOISES[hp.get("noise")][len(x.shape) == 2]
        return kind(hp.get("rate"), seed=self.seed(hp, name), name=name)(x)
