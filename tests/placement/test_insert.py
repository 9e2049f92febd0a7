import keras
import numpy as np
import pytest
from keras import layers

from keras_regnoise.layers import ICLayer, RotationOut
from keras_regnoise.placement import insert
from tests.placement.models import (
    assert_equal_outputs,
    assert_keeps_weights,
    layer_names,
    predict,
    randomize,
    vectors,
)


def dropout(layer):
    return layers.Dropout(0.5)


def dense_chain(**options):
    return randomize(
        keras.Sequential(
            [
                keras.Input((6,)),
                layers.Dense(8, "relu", name="first", **options),
                layers.Dense(8, "relu", name="second"),
                layers.Dense(3, name="head"),
            ]
        )
    )


def shared_model():
    x = inputs = keras.Input((6,))
    twice = layers.Dense(6, "tanh", name="twice")
    x = twice(twice(x))
    return randomize(keras.Model(inputs, layers.Dense(2, name="head")(x)))


def nested_model():
    inner = keras.Sequential(
        [keras.Input((6,)), layers.Dense(6, "relu", name="dense")], name="sequential"
    )
    x = a = keras.Input((6,))
    encoder = keras.Model(a, layers.Dense(6, name="dense")(inner(x)), name="encoder")
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    both = layers.Concatenate()([encoder(left), encoder(right)])
    outputs = {
        "sum": layers.Dense(2, name="sum")(both),
        "gap": layers.Dense(2, name="gap")(both),
    }
    model = keras.Model({"left": left, "right": right}, outputs, name="siamese")
    return randomize(model)


def test_before_and_after_stand_where_they_say():
    model = dense_chain()
    before = insert(model, dropout, before=layers.Dense)
    after = insert(model, dropout, after=layers.Dense, name="first|second")
    assert layer_names(before) == [
        *("first_dropout", "first", "second_dropout", "second"),
        *("head_dropout", "head"),
    ]
    assert layer_names(after) == [
        *("first", "first_dropout", "second", "second_dropout", "head")
    ]


def test_sequential_stays_sequential_and_functional_functional():
    assert isinstance(
        insert(dense_chain(), dropout, before=layers.Dense), keras.Sequential
    )
    functional = insert(shared_model(), dropout, before=layers.Dense)
    assert not isinstance(functional, keras.Sequential)
    assert isinstance(functional, keras.Function)


def test_noise_acts_in_training_only():
    model = dense_chain()
    noisy = insert(model, dropout, before=layers.Dense, name="second")
    x = vectors()
    assert_equal_outputs(noisy, model, x)
    trained = keras.ops.convert_to_numpy(noisy(x, training=True))
    assert np.abs(trained - predict(model, x)).max() > 1e-3


def test_training_the_result_leaves_the_original_alone():
    model = dense_chain()
    before = [weight.copy() for weight in model.get_weights()]
    noisy = insert(model, lambda layer: RotationOut(0.2), before=layers.Dense)
    noisy.compile("sgd", "mse")
    noisy.fit(vectors(), np.zeros((4, 3)), verbose=0)
    assert any(np.any(a != b) for a, b in zip(noisy.get_weights(), before, strict=True))
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    assert layer_names(model) == ["first", "second", "head"]


def test_result_of_a_compiled_model_is_not_compiled():
    model = dense_chain()
    # A loss without a config: nothing of the compilation may be copied.
    model.compile("sgd", loss=lambda target, output: output)
    assert not insert(model, dropout, before=layers.Dense).compiled
    assert model.compiled


def test_layer_called_twice_has_two_places():
    noisy = insert(shared_model(), dropout, before=layers.Dense, name="twice")
    assert layer_names(noisy)[1:] == [
        *("twice_dropout", "twice", "twice_dropout_1", "head")
    ]
    assert_keeps_weights(noisy, shared_model())
    assert_equal_outputs(noisy, shared_model(), vectors())


def test_repeated_inserts_do_not_collide():
    once = insert(dense_chain(), dropout, before=layers.Dense, name="head")
    twice = insert(once, dropout, before=layers.Dense, name="head")
    assert layer_names(twice) == [
        *("first", "second", "head_dropout", "head_dropout_1", "head")
    ]


def test_names_given_by_the_factory_are_kept_and_made_unique():
    noisy = insert(
        dense_chain(),
        lambda layer: layers.Dropout(0.1, name="mine"),
        after=layers.Dense,
    )
    assert layer_names(noisy)[1::2] == ["mine", "mine_1", "mine_2"]


def test_nested_models_are_edited_inside():
    model = nested_model()
    x = {"left": vectors(seed=2), "right": vectors(seed=3)}
    noisy = insert(model, dropout, before=layers.Dense, name="dense")
    # One in the Sequential, one in the encoder, though the encoder is called twice.
    assert sorted(name for name in layer_names(noisy) if "dropout" in name) == [
        "encoder/dense_dropout",
        "encoder/sequential/dense_dropout_1",
    ]
    assert_keeps_weights(noisy, model)
    assert_equal_outputs(noisy, model, x)


def test_path_chooses_between_nested_layers_of_one_name():
    noisy = insert(
        nested_model(), dropout, before=layers.Dense, name="encoder/sequential/dense"
    )
    assert [name for name in layer_names(noisy) if "dropout" in name] == [
        "encoder/sequential/dense_dropout"
    ]


def test_several_input_tensors_have_one_each_and_equal_ones_share():
    x = a = keras.Input((4, 6), name="a")
    b = keras.Input((4, 6), name="b")
    x = layers.Add(name="add")([a, b])
    x = layers.MultiHeadAttention(2, 3, name="self")(x, x)
    outputs = layers.MultiHeadAttention(2, 3, name="cross")(x, b)
    model = randomize(keras.Model([a, b], outputs))
    kinds = (layers.Add, layers.MultiHeadAttention)
    noisy = insert(model, dropout, before=kinds)
    names = sorted(name for name in layer_names(noisy) if "dropout" in name)
    assert names == [
        *("add_dropout", "add_dropout_1", "cross_dropout", "cross_dropout_1"),
        "self_dropout",
    ]
    x = [np.random.default_rng(i).normal(size=(2, 4, 6)) for i in range(2)]
    assert_equal_outputs(noisy, model, x)


def test_inputs_can_have_noise():
    model = dense_chain()
    noisy = insert(model, dropout, after=layers.InputLayer)
    assert isinstance(noisy.layers[0], layers.Dropout)
    x = a = keras.Input((6,), name="a")
    functional = keras.Model(a, model(x))
    noisy = insert(
        functional,
        dropout,
        after=layers.InputLayer,
        where=lambda layer: layer.name == "a",
    )
    assert layer_names(noisy)[:2] == ["a", "a_dropout"]
    assert_equal_outputs(noisy, model, vectors())


def test_integer_tensors_are_no_places():
    x = tokens = keras.Input((5,), dtype="int32", name="tokens")
    x = layers.Embedding(9, 4, mask_zero=True, name="embedding")(x)
    outputs = layers.LSTM(3, name="lstm")(x)
    model = randomize(keras.Model(tokens, outputs))
    with pytest.raises(ValueError, match="Embedding"):
        insert(model, dropout, before=layers.Embedding)
    noisy = insert(model, dropout, after=keras.Layer, name="tokens|embedding")
    assert layer_names(noisy) == ["tokens", "embedding", "embedding_dropout", "lstm"]
    assert_equal_outputs(noisy, model, np.array([[1, 2, 3, 0, 0], [4, 5, 6, 7, 8]]))


def test_raw_operations_lambdas_and_slices_stay():
    x = inputs = keras.Input((6,))
    x = layers.Dense(6, name="dense")(x)
    x = keras.ops.relu(x) + 1.0
    shift = 3.0
    x = layers.Lambda(
        lambda t, scale: keras.ops.exp(t) * scale + shift,
        arguments={"scale": 2.0},
        name="lambda",
    )(x)
    x = keras.ops.concatenate([x[:, :2], x[:, 3:]], axis=-1)
    outputs = layers.Dense(2, name="head")(keras.ops.reshape(x, (-1, 5)))
    model = randomize(keras.Model(inputs, outputs))
    noisy = insert(model, dropout, before=(layers.Dense, layers.Lambda))
    assert_equal_outputs(noisy, model, vectors())
    operations = [op.name for op in noisy.operations if not isinstance(op, keras.Layer)]
    assert operations == [
        op.name for op in model.operations if not isinstance(op, keras.Layer)
    ]


class Block(layers.Layer):
    """Unregistered, and its sublayers are built by its first call."""

    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.inner = [layers.Dense(width), layers.BatchNormalization()]

    def call(self, inputs):
        for layer in self.inner:
            inputs = layer(inputs)
        return inputs


def test_custom_layers_keep_their_weights():
    model = keras.Sequential(
        [keras.Input((6,)), Block(5, name="a"), Block(4, name="b")]
    )
    randomize(model)
    noisy = insert(model, dropout, before=Block)
    assert_keeps_weights(noisy, model)
    assert_equal_outputs(noisy, model, vectors())


def test_custom_layer_that_takes_no_name_keeps_its_name():
    class Scale(layers.Layer):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def call(self, inputs):
            return self.factor * inputs

        def get_config(self):
            return {"factor": self.factor}

    stack = [keras.Input((6,)), Scale(2.0), layers.Dense(2, name="dense")]
    model = keras.Sequential(stack)
    noisy = insert(model, dropout, before=layers.Dense)
    assert layer_names(noisy) == [model.layers[0].name, "dense_dropout", "dense"]


def test_custom_layer_without_config_is_named_in_the_error():
    class NoConfig(layers.Layer):
        def __init__(self, function):
            super().__init__(name="opaque")
            self.function = function

        def call(self, inputs):
            return self.function(inputs)

    model = keras.Sequential([keras.Input((6,)), NoConfig(keras.ops.tanh)])
    with pytest.raises(ValueError, match=r"opaque.*get_config"):
        insert(model, dropout, before=NoConfig)


def test_adapted_layers_keep_what_they_learned():
    normalization = layers.Normalization(name="normalization")
    normalization.adapt(10.0 + 3.0 * vectors(n=50))
    model = keras.Sequential([keras.Input((6,)), normalization, layers.Dense(2)])
    assert_equal_outputs(insert(model, dropout, before=layers.Dense), model, vectors())


@pytest.mark.parametrize("nested", [False, True])
def test_adapted_layers_of_a_layer_that_makes_them_keep_it_too(nested):
    class Prepared(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.normalization = layers.Normalization()

        def build(self, input_shape):
            self.normalization.build(input_shape)

        def call(self, inputs):
            return self.normalization(inputs)

    prepared = Prepared()
    prepared.build((None, 6))
    prepared.normalization.adapt(10.0 + 3.0 * vectors(n=50))
    if nested:
        prepared = keras.Sequential([keras.Input((6,)), prepared])
    model = keras.Sequential([keras.Input((6,)), prepared, layers.Dense(2)])
    assert_equal_outputs(insert(model, dropout, before=layers.Dense), model, vectors())


def test_adapted_vocabulary_of_a_layer_that_makes_it_is_kept():
    pytest.importorskip("tensorflow")  # Keras looks up by it, on any backend

    class Words(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.lookup = layers.IntegerLookup()

        def call(self, inputs):
            return self.lookup(inputs)

        def compute_output_spec(self, inputs):
            return keras.KerasTensor(inputs.shape, "int64")

    words = Words()
    words.lookup.adapt(np.array([5, 7, 7, 9]))
    embedded = [layers.Embedding(5, 4), layers.Flatten(), layers.Dense(2)]
    model = keras.Sequential([keras.Input((3,), dtype="int64"), words, *embedded])
    noisy = insert(model, dropout, before=layers.Dense)
    assert_equal_outputs(noisy, model, np.array([[5, 7, 1], [9, 9, 7]]))


def test_adapted_vocabulary_is_kept():
    pytest.importorskip("tensorflow")  # Keras looks up by it, on any backend
    lookup = layers.IntegerLookup(name="lookup")
    lookup.adapt(np.array([5, 7, 7, 9]))
    model = keras.Sequential(
        [
            keras.Input((3,), dtype="int64"),
            lookup,
            layers.Embedding(5, 4),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    noisy = insert(model, dropout, before=layers.Dense)
    assert_equal_outputs(noisy, model, np.array([[5, 7, 1], [9, 9, 7]]))


def test_sequential_without_an_input():
    model = keras.Sequential([layers.Dense(4, name="a"), layers.Dense(2, name="b")])
    noisy = insert(model, dropout, before=layers.Dense)
    assert layer_names(noisy) == ["a_dropout", "a", "b_dropout", "b"]
    assert not noisy.built
    assert noisy(vectors()).shape == (4, 2)


def test_sequential_without_an_input_keeps_built_layers():
    built = layers.Dense(4, name="a")
    built.build((None, 6))
    noisy = insert(
        keras.Sequential([built, layers.Dense(2, name="b")]),
        dropout,
        after=layers.Dense,
    )
    np.testing.assert_array_equal(
        noisy.get_layer("a").get_weights()[0], built.get_weights()[0]
    )


def test_frozen_layers_stay_frozen():
    model = dense_chain()
    model.get_layer("first").trainable = False
    noisy = insert(model, dropout, before=layers.Dense)
    assert [
        layer.trainable for layer in noisy.layers if "dropout" not in layer.name
    ] == [*(False, True, True)]
    encoder = nested_model()
    encoder.get_layer("encoder").trainable = False
    noisy = insert(encoder, dropout, before=layers.Dense)
    assert len(noisy.trainable_weights) == len(encoder.trainable_weights) == 4
    assert not noisy.get_layer("encoder").trainable


def test_weights_of_the_new_layers_train():
    x = vectors(n=16)
    model = shared_model()
    noisy = insert(model, lambda layer: ICLayer(0.1), before=layers.Dense)
    assert len(noisy.trainable_weights) == len(model.trainable_weights) + 3 * 2
    noisy.compile("sgd", "mse")
    noisy.fit(x, np.zeros((16, 2)), verbose=0)
    assert_equal_outputs(model, shared_model(), x)


def test_class_with_a_train_step_of_its_own_is_kept():
    class Custom(keras.Model):
        def train_step(self, *args, **kwargs):
            raise NotImplementedError("mine")

    class CustomSequential(keras.Sequential):
        pass

    inputs = keras.Input((6,))
    functional = Custom(inputs, layers.Dense(2)(inputs))
    assert type(insert(functional, dropout, before=layers.Dense)) is Custom
    sequential = CustomSequential([inputs, layers.Dense(2)])
    edited = insert(sequential, dropout, before=layers.Dense)
    assert type(edited) is CustomSequential


def test_class_with_a_constructor_of_its_own_becomes_plain():
    class Encoder(keras.Model):
        def __init__(self, width):
            inputs = keras.Input((6,))
            super().__init__(inputs, layers.Dense(width, name="dense")(inputs))

    class Stack(keras.Sequential):
        def __init__(self, width):
            super().__init__([keras.Input((6,)), layers.Dense(width, name="dense")])

    for model in (Encoder(3), Stack(3)):
        noisy = insert(model, dropout, before=layers.Dense)
        assert type(noisy) is not type(model)
        assert_equal_outputs(noisy, model, vectors())


def test_mixed_precision_is_kept():
    model = dense_chain(dtype="mixed_bfloat16")
    noisy = insert(model, lambda layer: RotationOut(0.1), after=layers.Dense)
    assert noisy.get_layer("first").compute_dtype == "bfloat16"
    assert_equal_outputs(noisy, model, vectors())


def test_optional_inputs_stay_optional():
    a = keras.Input((6,), name="a")
    b = keras.Input((6,), name="b", optional=True)

    @keras.saving.register_keras_serializable(package="placement_tests")
    class AddIfThere(layers.Layer):
        def call(self, x, y=None):
            return x if y is None else x + y

    model = keras.Model([a, b], layers.Dense(2, name="head")(AddIfThere()(a, b)))
    noisy = insert(model, dropout, before=layers.Dense)
    assert_equal_outputs(noisy, model, [vectors(), None])


def test_leaving_places_out():
    noisy = insert(
        dense_chain(),
        lambda layer: None if layer.name == "first" else layers.Dropout(0.1),
        before=layers.Dense,
    )
    assert layer_names(noisy) == [
        *("first", "second_dropout", "second", "head_dropout", "head")
    ]


def test_subclassed_model_is_refused():
    class Subclassed(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(ValueError, match=r"subclassed model.*functional"):
        insert(Subclassed(), dropout, before=layers.Dense)
    with pytest.raises(ValueError, match="functional or a Sequential"):
        insert(layers.Dense(2), dropout, before=layers.Dense)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"before": layers.Conv2D}, r"Types that stand where it could: Dense \(3\)"),
        ({"before": layers.Dense, "name": "secnd"}, "Closest names: second"),
        (
            {"before": layers.Dense, "name": "head", "where": lambda layer: False},
            "head",
        ),
        ({"before": layers.Dense, "name": "(", "where": None}, "regular expression"),
        ({"before": "Dense"}, "layer class"),
        ({"before": layers.Dense, "where": "head"}, "`where` must be a function"),
        ({}, "Exactly one of `before` and `after`"),
        ({"before": layers.Dense, "after": layers.Dense}, "Exactly one"),
    ],
)
def test_selector_errors_teach(options, message):
    with pytest.raises(ValueError, match=message):
        insert(dense_chain(), dropout, **options)


ONE = layers.Dropout(0.1)


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (lambda layer: ONE, "make it inside the factory"),
        (lambda layer: layer, "a layer of the model itself"),
        (lambda layer: 0.1, "Expected a new Keras layer"),
        (layers.Dropout(0.1), "`factory` must be a function"),
        (0.1, "`factory` must be a function"),
    ],
)
def test_factory_errors_teach(factory, message):
    with pytest.raises(ValueError, match=message):
        insert(dense_chain(), factory, before=layers.Dense)
