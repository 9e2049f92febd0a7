from collections.abc import Callable
from typing import Any

import keras

from keras_regnoise.layers import CrossNormalization
from keras_regnoise.studies.model import StudyModel
from keras_regnoise.studies.papers.protocol import divided_by_ten, piecewise, sgd

_FILTERS = (16, 32, 64)
_GROUPS = 4
_NORMS: dict[str, Callable[[float], keras.layers.Layer]] = {
    "BatchNormalization": lambda momentum: keras.layers.BatchNormalization(
        momentum=momentum
    ),
    "CrossNormalization": lambda momentum: CrossNormalization(momentum=momentum),
    "GroupNormalization": lambda _: keras.layers.GroupNormalization(_GROUPS),
}


class NormsModel(StudyModel):
    """A small ConvNet with a normalization behind every convolution."""

    def build(self, hp: Any) -> keras.Model:
        recipe = self.recipe
        momentum = 0.9 ** (recipe.batch_size / 32)
        inputs = x = keras.Input(self.data.shape)
        for number, filters in enumerate(_FILTERS, 1):
            name = f"conv{number}"
            initializer = keras.initializers.HeNormal(seed=self.seed(hp, name))
            x = keras.layers.Conv2D(
                filters,
                3,
                padding="same",
                use_bias=False,
                kernel_initializer=initializer,
                name=name,
            )(x)
            x = keras.layers.ReLU()(_NORMS[hp.get("norm")](momentum)(x))
            x = keras.layers.MaxPooling2D()(x) if number > 1 else x
        x = keras.layers.GlobalAveragePooling2D()(x)
        initializer = keras.initializers.GlorotUniform(seed=self.seed(hp, "head"))
        head = keras.layers.Dense(self.data.classes, kernel_initializer=initializer)
        model = keras.Model(inputs, head(x))
        drops = divided_by_ten(0.5, 0.75)
        model.compile(
            sgd(piecewise(recipe.learning_rate, self.steps, drops)),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        return model
