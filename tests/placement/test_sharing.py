"""An edit shares nothing with its model, and keeps shared what is shared in it."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_regnoise as krn
from keras_regnoise.placement import fold, insert, replace, replace_activations, strip
from tests.helpers import to_numpy
from tests.placement.models import predict, randomize, vectors


def noise(layer):
    return krn.RotationOut(0.1)


EDITS = {
    "insert": lambda model: insert(model, noise, before=layers.Dense, name="head"),
    "replace": lambda model: replace(model, "head", lambda la: layers.Dense(2)),
    "replace_activations": lambda model: replace_activations(
        model, "relu", lambda layer: layers.ELU()
    ),
    "strip": strip,
    "fold": fold,
}


class Holding(layers.Layer):
    """A user's layer that calls another one."""

    def __init__(self, layer, **kwargs):
        super().__init__(**kwargs)
        self.inner = layer

    def build(self, input_shape):
        if not self.inner.built:
            self.inner.build(input_shape)

    def call(self, x):
        return self.inner(x)

    def compute_output_shape(self, input_shape):
        return self.inner.compute_output_shape(input_shape)

    def get_config(self):
        layer = keras.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "layer": layer}

    @classmethod
    def from_config(cls, config):
        layer = keras.saving.deserialize_keras_object(config.pop("layer"))
        return cls(layer, **config)


class Careless(Holding):
    """Its config has the layer itself."""

    def get_config(self):
        return {**super().get_config(), "layer": self.inner}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class Stateless(Careless):
    """Holds an activation, which has nothing to share."""


def everywhere(*between):
    """Layers in the graph, in wrappers, in custom layers and in nested models."""
    inner = keras.Sequential(
        [
            keras.Input((6,)),
            Holding(layers.Dense(6, "relu"), name="held"),
            krn.WeightNoise(layers.Dense(6), stddev=0.1, name="noisy"),
        ],
        name="inner",
    )
    x = inputs = keras.Input((6,))
    x = layers.Dense(6, "relu", name="first")(x)
    x = layers.BatchNormalization(name="norm")(inner(x))
    x = krn.ICLayer(0.1, name="ic")(x)
    x = layers.SpectralNormalization(layers.Dense(6), name="spectral")(x)
    for layer in between:
        x = layer(x)
    return randomize(keras.Model(inputs, layers.Dense(2, name="head")(x)))


def variables(model):
    return {id(variable) for variable in model.variables}


@pytest.mark.parametrize("edit", EDITS)
def test_no_edit_shares_a_variable_with_its_model(edit):
    model, x = everywhere(), vectors()
    before = predict(model, x)
    # Within a nested model a layer of ours cannot be left: strip and fold refuse none.
    new = EDITS[edit](model)
    assert variables(new).isdisjoint(variables(model))
    for variable in new.variables:
        variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
    np.testing.assert_array_equal(predict(model, x), before)


WRAPPERS = {
    "WeightNoise": lambda layer: krn.WeightNoise(layer, stddev=0.1),
    "DropConnect": lambda layer: krn.DropConnect(layer, 0.2),
    "SpectralNormalization": layers.SpectralNormalization,
    "TimeDistributed": lambda layer: layers.TimeDistributed(layer),
    "custom": Holding,
    "two deep": lambda layer: Holding(krn.WeightNoise(layer, stddev=0.1)),
    "model": lambda layer: keras.Sequential([layer, layers.Dropout(0.1)]),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_takes_a_copy_with_its_weights(name):
    shape = (3, 6) if name == "TimeDistributed" else (6,)
    inner = keras.Sequential([keras.Input(shape), layers.Dense(5, name="deep")])
    model = randomize(
        keras.Sequential([keras.Input(shape), inner, layers.Dense(4, name="head")])
    )
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")
    before = predict(model, x)
    new = replace(model, layers.Dense, WRAPPERS[name])
    assert variables(new).isdisjoint(variables(model))
    if name != "SpectralNormalization":  # which normalizes the weights
        np.testing.assert_allclose(predict(new, x), before, atol=1e-5)
    new.compile("sgd", "mse")
    new.fit(x, np.ones((*x.shape[:-1], 4)), verbose=0)
    np.testing.assert_array_equal(predict(model, x), before)


def test_a_new_layer_keeps_the_weights_that_it_came_with():
    extra = layers.Dense(6, name="extra")
    extra.build((None, 6))
    model = keras.Sequential([keras.Input((6,)), layers.Dense(6, name="a")])

    class Both(Holding):
        def __init__(self, layer, extra, **kwargs):
            super().__init__(layer, **kwargs)
            self.extra = extra

        def call(self, x):
            return self.inner(x) + self.extra(x)

        def get_config(self):
            extra = keras.saving.serialize_keras_object(self.extra)
            return {**super().get_config(), "extra": extra}

        @classmethod
        def from_config(cls, config):
            names = ("layer", "extra")
            made = [keras.saving.deserialize_keras_object(config.pop(n)) for n in names]
            return cls(*made, **config)

    new = replace(model, "a", lambda layer: Both(layer, extra)).layers[0]
    np.testing.assert_array_equal(to_numpy(new.extra.kernel), to_numpy(extra.kernel))
    np.testing.assert_array_equal(
        to_numpy(new.inner.kernel), to_numpy(model.layers[0].kernel)
    )


def test_a_layer_inserted_with_one_of_the_model_has_that_of_the_new_one():
    model = everywhere()
    head = model.get_layer("head")
    new = insert(
        model,
        lambda la: Holding(model.get_layer("first")),
        before=layers.Dense,
        where=lambda layer: layer is head,
    )
    assert variables(new).isdisjoint(variables(model))
    assert new.get_layer("head_holding").inner is new.get_layer("first")


@pytest.mark.parametrize("edit", EDITS)
def test_a_custom_layer_whose_config_has_the_layer_itself_is_named(edit):
    model = everywhere(Careless(layers.Dense(6, name="careless_dense")))
    with pytest.raises(ValueError, match=r"share.*Dense 'careless_dense'.*get_config"):
        EDITS[edit](model)


def test_an_unbuilt_shared_layer_is_named_too():
    model = keras.Sequential([Careless(layers.Dense(6, name="inside"))])
    with pytest.raises(ValueError, match="Dense 'inside'"):
        insert(model, noise, before=layers.Layer)


def test_a_held_layer_without_variables_may_be_the_same_object():
    model = everywhere(Stateless(layers.ReLU()))
    assert variables(insert(model, noise, after=layers.Dense)).isdisjoint(
        variables(model)
    )


SHARED = {
    "TimeDistributed": layers.TimeDistributed,
    "WeightNoise": lambda layer: krn.WeightNoise(layer, stddev=0.1),
    "custom": Holding,
    "nested custom": lambda layer: Holding(Holding(layer)),
    "model in a custom": lambda layer: Holding(
        keras.Sequential([layer, layers.ReLU()])
    ),
    "nested model": lambda layer: keras.Sequential([keras.Input((3, 6)), layer]),
    "model in a wrapper": lambda layer: layers.TimeDistributed(
        keras.Sequential([keras.Input((6,)), layer])
    ),
}


def shared_with(hold):
    """A dense layer that the model calls, and that something in the model holds."""
    dense = layers.Dense(6, name="shared")
    x = inputs = keras.Input((3, 6))
    x = hold(dense)(dense(x))
    x = hold(dense)(x)
    return randomize(keras.Model(inputs, layers.Dense(2, "relu", name="head")(x)))


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("edit", ["insert", "replace_activations"])
def test_a_layer_in_the_graph_and_inside_another_stays_one(name, edit):
    model = shared_with(SHARED[name])
    x = np.random.default_rng(0).normal(size=(2, 3, 6)).astype("float32")
    new = EDITS[edit](model)
    if edit == "insert":
        np.testing.assert_array_equal(predict(new, x), predict(model, x))
    assert len(new.weights) == len(model.weights)
    assert [w.shape for w in new.weights] == [w.shape for w in model.weights]
    assert variables(new).isdisjoint(variables(model))
    kernel = new.get_layer("shared").kernel
    before = predict(new, x)
    kernel.assign(2 * kernel)
    model.get_layer("shared").kernel.assign(2 * model.get_layer("shared").kernel)
    assert np.abs(predict(new, x) - before).max() > 1e-3
    if edit == "insert":
        np.testing.assert_array_equal(predict(new, x), predict(model, x))


def test_what_cannot_stay_one_is_refused_by_name():
    model = shared_with(Holding)
    with pytest.raises(ValueError, match=r"Dense 'shared'.*Holding 'holding.*holds it"):
        replace(model, "shared", lambda layer: layers.Dense(6))

    class Own(Holding):
        """Makes its layer anew, whatever it was given."""

        def get_config(self):
            return {**layers.Layer.get_config(self)}

        @classmethod
        def from_config(cls, config):
            return cls(layers.Dense(6), **config)

    with pytest.raises(ValueError, match=r"Own 'own.*' holds Dense 'shared'"):
        insert(shared_with(Own), noise, before=layers.Dense, name="head")


def test_a_normalization_is_not_folded_into_a_layer_that_stands_elsewhere_too():
    dense = layers.Dense(6, name="shared")
    x = inputs = keras.Input((6,))
    x = Holding(dense, name="holding")(layers.BatchNormalization()(dense(x)))
    model = randomize(keras.Model(inputs, x))
    np.testing.assert_array_equal(
        predict(fold(model), vectors()), predict(model, vectors())
    )


def test_a_variable_of_two_layers_is_refused():
    class Tied(layers.Layer):
        def __init__(self, kernel, **kwargs):
            super().__init__(**kwargs)
            self.tied = kernel

        def call(self, x):
            return x @ keras.ops.transpose(self.tied)

    dense = layers.Dense(5, name="dense")
    x = inputs = keras.Input((6,))
    x = dense(x)
    model = keras.Model(inputs, Tied(dense.kernel, name="tied")(x))
    with pytest.raises(ValueError, match=r"'dense' and Tied 'tied' share the variable"):
        insert(model, noise, before=layers.Dense)


def test_an_operation_on_a_variable_has_that_of_the_new_model():
    dense = layers.Dense(6, name="dense")
    x = inputs = keras.Input((6,))
    model = keras.Model(inputs, keras.ops.matmul(dense(x), dense.kernel))
    new = insert(model, noise, before=layers.Dense)
    new.get_layer("dense").kernel.assign(keras.ops.zeros((6, 6)))
    assert np.abs(predict(model, vectors())).max() > 0.0
    np.testing.assert_array_equal(predict(new, vectors()), np.zeros((4, 6)))

    free = keras.Variable(np.ones((6, 6), "float32"), name="free")
    model = keras.Model(inputs, keras.ops.matmul(dense(x), free))
    with pytest.raises(ValueError, match=r"the variable 'free'"):
        insert(model, noise, before=layers.Dense)


def test_what_a_wrapper_holds_is_copied_as_it_is_outside():
    """A lambda, and a class of a function's own, which no config can name."""
    model = everywhere(
        Holding(layers.Lambda(lambda x: 2 * x)),
        Holding(Holding(layers.Dense(6))),
    )
    x = vectors()
    new = insert(model, noise, after=layers.Dense)
    np.testing.assert_allclose(predict(new, x), predict(model, x), atol=1e-6)


def functions_of_one_name():
    def make(slope):
        @keras.saving.register_keras_serializable("placement_tests")
        def leak(x):
            return keras.ops.leaky_relu(x, slope)

        return leak

    return [make(0.1), make(0.9), lambda x: x * x]


@pytest.mark.parametrize("hold", [lambda layer: layer, Holding])
def test_functions_of_one_name_stay_what_they_are(hold):
    first, second, square = functions_of_one_name()
    model = everywhere(
        hold(layers.Dense(6, first)),
        hold(layers.Dense(6, second)),
        krn.DropActivation(first, 0.2),
        layers.Dense(6, square),
    )
    x = vectors()
    new = insert(model, noise, after=layers.Dense)
    np.testing.assert_allclose(predict(new, x), predict(model, x), atol=1e-6)


def test_objects_of_a_users_class_need_no_registration():
    class Bound(keras.constraints.Constraint):
        def __call__(self, w):
            return keras.ops.clip(w, -1.0, 1.0)

    model = everywhere(layers.Dense(6, kernel_constraint=Bound(), name="bound"))
    new = insert(model, noise, after=layers.Dense)
    assert isinstance(new.get_layer("bound").kernel_constraint, Bound)
