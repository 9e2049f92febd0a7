"""Models to edit, and what the tests compare of them."""

import keras
import numpy as np
from keras import layers


@keras.saving.register_keras_serializable(package="placement_tests")
class AddPosition(layers.Layer):
    """A custom layer with a weight of its own."""

    def build(self, input_shape):
        self.position = self.add_weight(shape=input_shape[1:], name="position")

    def call(self, inputs):
        return inputs + self.position


def vit(size=32, patch=8, width=16, depth=2):
    x = inputs = keras.Input((size, size, 3))
    x = layers.Conv2D(width, patch, strides=patch, name="patches")(x)
    x = layers.Reshape((-1, width))(x)
    x = AddPosition(name="position")(x)
    for block in range(depth):
        y = layers.LayerNormalization(name=f"norm{block}_1")(x)
        y = layers.MultiHeadAttention(2, width // 2, name=f"attention{block}")(y, y)
        x = x + y
        y = layers.LayerNormalization(name=f"norm{block}_2")(x)
        y = layers.Dense(2 * width, activation="gelu", name=f"mlp{block}_1")(y)
        x = layers.Add()([x, layers.Dense(width, name=f"mlp{block}_2")(y)])
    outputs = layers.Dense(10, activation="softmax", name="head")(x[:, 0])
    return keras.Model(inputs, outputs, name="vit")


def randomize(model, seed=0):
    """Give every weight a value of its own, so that none can pass for another."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        shape = tuple(variable.shape)
        if variable.name in ("mean", "variance"):
            continue  # of a Normalization, which has to be adapted instead
        if len(shape) == 1:  # also variances, which are positive
            variable.assign(rng.uniform(0.5, 1.5, shape))
        elif shape:
            fan_in = np.prod(shape[:-1])
            variable.assign(rng.standard_normal(shape, "float32") / fan_in**0.5)
    return model


# The last layer of the stages that are edited: those behind them are built alike.
STAGES = {
    "ResNet50": "conv3_block1_out",
    "MobileNetV3Small": "expanded_conv_4_add",
    "EfficientNetB0": "block3b_add",
    "DenseNet121": "conv3_block3_concat",
}


def application(name):
    """The first stages of a model of `keras.applications`, and a head.

    Its output depends on its input: with random weights and the initial statistics the
    signal would die out on the way.
    """
    build = getattr(keras.applications, name)
    whole = build(weights=None, input_shape=(32, 32, 3), include_top=False)
    x = layers.GlobalAveragePooling2D()(whole.get_layer(STAGES[name]).output)
    model = keras.Model(whole.inputs, layers.Dense(10, name="head")(x), name=name)
    randomize(model)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.0
    model(images(n=8), training=True)
    return model


def images(size=32, n=2):
    return np.random.default_rng(1).normal(size=(n, size, size, 3)).astype("float32")


def vectors(n=4, width=6, seed=1):
    return np.random.default_rng(seed).normal(size=(n, width)).astype("float32")


def predict(model, x, **kwargs):
    outputs = model(x, training=False, **kwargs)
    return keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)


def assert_equal_outputs(model, other, x):
    """Bitwise, in one structure."""
    keras.tree.map_structure(
        np.testing.assert_array_equal, predict(model, x), predict(other, x)
    )


def layer_names(model):
    """Names of all layers, those of nested models after the name of the model."""
    names = []
    for layer in model.layers:
        names.append(layer.name)
        if isinstance(layer, keras.Model):
            names += [f"{layer.name}/{name}" for name in layer_names(layer)]
    return names


def named_weights(model, prefix=""):
    weights = {}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            weights |= named_weights(layer, f"{prefix}{layer.name}/")
        else:
            values = enumerate(layer.get_weights())
            weights |= {f"{prefix}{layer.name}/{i}": value for i, value in values}
    return weights


def assert_keeps_weights(model, original):
    """Every weight of `original` is in `model`, under the same layer."""
    now = named_weights(model)
    for name, value in named_weights(original).items():
        np.testing.assert_array_equal(now[name], value, err_msg=name)
