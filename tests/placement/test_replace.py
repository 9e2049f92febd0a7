import keras
import numpy as np
import pytest
from keras import layers

from keras_regnoise.layers import DropActivation, RotationOut
from keras_regnoise.placement import replace, replace_activations
from tests.helpers import to_numpy
from tests.placement.models import (
    assert_equal_outputs,
    assert_keeps_weights,
    layer_names,
    predict,
    randomize,
    vectors,
)


def drop_activation(layer):
    return DropActivation(rate=0.0)


def as_layers():
    """The activation stands as a layer, in two forms, and as two raw operations."""
    x = inputs = keras.Input((6,))
    x = layers.Activation("relu", name="act1")(layers.Dense(8, name="dense1")(x))
    x = layers.ReLU(name="act2")(layers.Dense(8, name="dense2")(x))
    x = keras.ops.relu(layers.Dense(8, name="dense3")(x))
    x = keras.activations.relu(layers.Dense(8, name="dense4")(x))
    outputs = layers.Dense(3, activation="softmax", name="head")(x)
    return randomize(keras.Model(inputs, outputs))


def fused():
    """The activation is part of dense, convolution and nested layers."""
    inner = keras.Sequential(
        [
            keras.Input((6, 6, 4)),
            layers.DepthwiseConv2D(3, activation="relu", name="depthwise"),
            layers.SeparableConv2D(5, 3, activation="relu", name="separable"),
        ],
        name="inner",
    )
    x = inputs = keras.Input((36,))
    x = layers.Reshape((6, 6, 1))(x)
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(x)
    x = layers.Flatten()(inner(x))
    x = layers.Dense(8, activation="relu", name="dense")(x)
    outputs = layers.Dense(3, name="head")(x)
    return randomize(keras.Model(inputs, outputs))


def both():
    x = inputs = keras.Input((6,))
    x = layers.Dense(8, activation="relu", name="dense1")(x)
    x = layers.Activation("relu", name="act")(layers.Dense(8, name="dense2")(x))
    return randomize(keras.Model(inputs, layers.Dense(3, name="head")(x)))


@pytest.mark.parametrize(
    ("build", "width", "count"), [(as_layers, 6, 4), (fused, 36, 4), (both, 6, 2)]
)
def test_rate_zero_leaves_outputs_and_weights(build, width, count):
    model, x = build(), vectors(width=width)
    dropped = replace_activations(model, "relu", drop_activation)
    assert_equal_outputs(dropped, model, x)
    np.testing.assert_array_equal(
        dropped.predict(x, verbose=0), model.predict(x, verbose=0)
    )
    assert_keeps_weights(dropped, model)
    flat = dropped._flatten_layers(include_self=False)
    assert sum(isinstance(layer, DropActivation) for layer in flat) == count


def test_rate_one_half_changes_the_outputs():
    model, x = fused(), vectors(width=36)
    dropped = replace_activations(model, "relu", lambda layer: DropActivation(rate=0.5))
    assert np.abs(predict(dropped, x) - predict(model, x)).max() > 1e-3


def test_names_of_layers_and_of_split_layers():
    dropped = replace_activations(both(), "relu", drop_activation)
    assert layer_names(dropped)[1:] == [
        *("dense1", "dense1_drop_activation", "dense2", "act", "head")
    ]
    assert dropped.get_layer("dense1").activation is keras.activations.linear


def all_forms():
    x = inputs = keras.Input((6,))
    for layer in (
        layers.Activation("relu", name="relu"),
        layers.ReLU(name="relu_layer"),
        layers.Dense(6, "relu", name="relu_fused"),
        layers.Dense(6, activation=layers.ReLU(), name="relu_layer_fused"),
        layers.Activation("relu6", name="relu6"),
        layers.ReLU(6.0, name="relu6_layer"),
        layers.Dense(6, "relu6", name="relu6_fused"),
        layers.ReLU(threshold=1.0, name="threshold"),
        layers.ReLU(negative_slope=0.2, name="leaky_as_relu"),
        layers.LeakyReLU(0.2, name="leaky"),
        layers.LeakyReLU(0.3, name="leakier"),
        layers.Dense(6, activation=layers.LeakyReLU(0.3), name="leakier_fused"),
        layers.Activation("leaky_relu", name="leaky_activation"),
        layers.PReLU(name="prelu"),
        layers.Dense(6, activation=layers.PReLU(), name="prelu_fused"),
        layers.ELU(name="elu"),
        layers.ELU(0.5, name="elu_half"),
        layers.Activation("silu", name="silu"),
        layers.Softmax(name="softmax"),
        layers.Softmax(axis=1, name="softmax_first"),
    ):
        x = layer(x)
    return keras.Model(inputs, x)


@pytest.mark.parametrize(
    ("activation", "names"),
    [
        ("relu", ["relu", "relu_layer", "relu_fused", "relu_layer_fused"]),
        ("relu6", ["relu6", "relu6_layer", "relu6_fused"]),
        ("leaky_relu", ["leaky_as_relu", "leaky", "leaky_activation"]),
        ("elu", ["elu"]),
        ("swish", ["silu"]),
        ("softmax", ["softmax"]),
        (keras.activations.relu6, ["relu6", "relu6_layer", "relu6_fused"]),
        (layers.LeakyReLU, ["leaky", "leakier", "leakier_fused"]),
        (layers.PReLU, ["prelu", "prelu_fused"]),
        (
            layers.ReLU,
            [
                *("relu_layer", "relu_layer_fused", "relu6_layer", "threshold"),
                "leaky_as_relu",
            ],
        ),
        (("elu", layers.Softmax), ["elu", "softmax", "softmax_first"]),
    ],
)
def test_what_a_search_finds(activation, names):
    model, found = all_forms(), []
    replace_activations(model, activation, lambda layer: found.append(layer.name))
    assert found == names


@pytest.mark.parametrize(
    ("operation", "activation"),
    [
        (keras.ops.relu, "relu"),
        (keras.activations.relu, "relu"),
        (keras.ops.relu6, "relu6"),
        (keras.activations.relu6, "relu6"),
        (lambda x: keras.activations.relu(x, max_value=6), "relu6"),
        (lambda x: keras.activations.relu(x, negative_slope=0.2), "leaky_relu"),
        (keras.ops.leaky_relu, "leaky_relu"),
        (keras.ops.silu, "silu"),
        (keras.ops.hard_sigmoid, "hard_sigmoid"),
    ],
)
def test_raw_operations_are_found(operation, activation):
    inputs = keras.Input((6,))
    model = keras.Model(inputs, operation(layers.Dense(6)(inputs)))
    other = replace_activations(model, activation, lambda layer: layers.Identity())
    assert isinstance(other.layers[-1], layers.Identity)
    for name in {"relu", "relu6", "leaky_relu", "silu"} - {activation}:
        with pytest.raises(ValueError, match=f"no activation '{name}'"):
            replace_activations(model, name, lambda layer: layers.Identity())


def test_an_activation_layer_is_taken_off_a_dense_layer():
    model = randomize(
        keras.Sequential([keras.Input((6,)), layers.Dense(6, layers.PReLU())])
    )
    other = replace_activations(model, layers.PReLU, lambda layer: layers.ReLU())
    np.testing.assert_array_equal(
        to_numpy(other.layers[0].kernel), to_numpy(model.layers[0].kernel)
    )
    assert other.layers[0].activation is keras.activations.linear


def test_the_error_says_which_activations_there_are():
    with pytest.raises(
        ValueError,
        match=r"'gelu' that can be replaced.*relu \(2\).*ReLU\(max_value=6.0, negative",
    ):
        replace_activations(all_forms(), "gelu", drop_activation)
    for wrong in ((), 3, layers.Dense(2), "no_such", keras.Model, dict):
        with pytest.raises(ValueError, match="activation"):
            replace_activations(all_forms(), wrong, drop_activation)


def test_activation_inside_a_recurrent_layer_or_a_changed_call_stays():
    class Halved(layers.Dense):
        def call(self, inputs):
            return super().call(inputs) / 2

    inputs = keras.Input((4, 6))
    x = layers.LSTM(5, activation="relu")(inputs)
    model = keras.Model(inputs, Halved(3, activation="relu")(x))
    with pytest.raises(ValueError, match=r"relu \(2\)"):
        replace_activations(model, "relu", drop_activation)


def test_fused_layer_called_twice_is_split_once():
    x = inputs = keras.Input((6,))
    twice = layers.Dense(6, activation="relu", name="twice")
    model = randomize(keras.Model(inputs, twice(twice(x))))
    dropped = replace_activations(model, "relu", drop_activation)
    assert layer_names(dropped)[1:] == ["twice", "twice_drop_activation"]
    assert_equal_outputs(dropped, model, vectors())


def test_activity_regularizer_moves_with_the_activation():
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, "relu", activity_regularizer="l2")]
    )
    dropped = replace_activations(model, "relu", drop_activation)
    x = vectors()
    model(x, training=True), dropped(x, training=True)
    moved, original = map(to_numpy, (dropped.losses[0], model.losses[0]))
    np.testing.assert_array_equal(moved, original)
    assert len(dropped.losses) == 1


def test_sequential_without_an_input_keeps_built_layers():
    built = layers.Dense(4, "relu", name="a")
    built.build((None, 6))
    model = keras.Sequential([built, layers.Dense(2, "relu", name="b")])
    dropped = replace_activations(model, "relu", drop_activation)
    assert layer_names(dropped) == [
        *("a", "a_drop_activation", "b", "b_drop_activation")
    ]
    np.testing.assert_array_equal(
        to_numpy(dropped.get_layer("a").kernel), to_numpy(built.kernel)
    )


def test_activations_chosen_by_name():
    dropped = replace_activations(both(), "relu", drop_activation, name="act")
    assert isinstance(dropped.get_layer("act"), DropActivation)
    assert dropped.get_layer("dense1").activation is keras.activations.relu
    with pytest.raises(ValueError, match="Closest names: dense1"):
        replace_activations(both(), "relu", drop_activation, name="dens1")


def test_activation_that_is_a_function():
    def half(x):
        return x / 2

    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, half, name="dense")])
    dropped = replace_activations(
        model, half, lambda layer: DropActivation(half, rate=0.0)
    )
    assert layer_names(dropped) == ["dense", "dense_drop_activation"]
    assert_equal_outputs(dropped, model, vectors())


def test_replace_by_type_and_by_name():
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dropout(0.5, name="noise1"),
            layers.Dense(4, name="dense"),
            layers.Dropout(0.5, name="noise2"),
        ]
    )
    by_type = replace(model, layers.Dropout, lambda layer: RotationOut(layer.rate))
    assert [type(layer) for layer in by_type.layers] == [
        *(RotationOut, layers.Dense, RotationOut)
    ]
    assert layer_names(by_type) == layer_names(model)
    by_name = replace(model, "noise1", lambda layer: RotationOut(layer.rate))
    assert [type(layer) for layer in by_name.layers] == [
        *(RotationOut, layers.Dense, layers.Dropout)
    ]
    assert_equal_outputs(by_type, model, vectors())


def test_replaced_layer_that_is_called_twice_stays_shared():
    x = inputs = keras.Input((6,))
    twice = layers.Dropout(0.5, name="twice")
    model = keras.Model(inputs, twice(layers.Dense(6, name="dense")(twice(x))))
    other = replace(model, layers.Dropout, lambda layer: RotationOut(0.1))
    assert sorted(layer_names(other)[1:]) == ["dense", "twice"]


def test_nested_model_can_be_replaced():
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(6)], name="inner")
    model = keras.Sequential([keras.Input((6,)), inner, layers.Dense(2, name="head")])
    other = replace(model, "inner", lambda layer: layers.Identity())
    assert [type(layer) for layer in other.layers] == [layers.Identity, layers.Dense]


def test_wrapper_takes_the_weights_of_what_it_wraps():
    model = randomize(keras.Sequential([keras.Input((3, 6)), layers.Dense(4)]))
    before = [w.copy() for w in model.get_weights()]
    wrapped = replace(model, layers.Dense, layers.TimeDistributed)
    assert wrapped.layers[0].layer is not model.layers[0]
    x = np.random.default_rng(0).normal(size=(2, 3, 6)).astype("float32")
    np.testing.assert_allclose(predict(wrapped, x), predict(model, x), atol=1e-6)
    wrapped.layers[0].layer.kernel.assign(keras.ops.zeros((6, 4)))
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_selector_errors_teach():
    with pytest.raises(ValueError, match=r"Dense \(3\)"):
        replace(both(), layers.Conv2D, drop_activation)
    with pytest.raises(ValueError, match="Closest names: dense"):
        replace(both(), "dense", drop_activation)
    with pytest.raises(ValueError, match="`target` must be a layer class"):
        replace(both(), 3, drop_activation)
    with pytest.raises(ValueError, match="a layer of the model itself"):
        replace(both(), layers.Dense, lambda layer: layer)
