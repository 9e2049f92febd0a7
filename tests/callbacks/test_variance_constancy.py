import keras
import numpy as np
import pytest

from keras_regnoise.callbacks import VarianceConstancy
from keras_regnoise.ops import variance_constancy_loss
from tests.helpers import to_numpy


def dense_model(**options):
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(7, activation="relu", name="first"),
            keras.layers.Dense(6, name="linear"),
            keras.layers.LeakyReLU(name="second"),
            keras.layers.Dense(1, activation="sigmoid", name="last"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.05), "mse", **options)
    return model


def data(count=32):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 5)).astype("float32")
    return x, (x[:, :1] > 0).astype("float32")


def fingerprint(model):
    """What `leaves the model as it found it` can be read off."""
    return (
        {layer.name: dict(vars(layer)) for layer in model.layers},
        model.train_function,
        len(model.losses),
        [layer.activity_regularizer for layer in model.layers],
        [str(v.path) for v in model.variables],
        model.get_config(),
    )


class Raise(keras.callbacks.Callback):
    def __init__(self, when):
        super().__init__()
        setattr(self, when, self._raise)

    def _raise(self, *_, **__):
        raise RuntimeError("on purpose")


@pytest.mark.parametrize("batch", [4, 8, 64])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_is_the_loss_of_the_layer(batch, jit_compile):
    if jit_compile and keras.config.backend() == "torch":
        pytest.skip("torch.compile is not what is tested here")
    model = dense_model(jit_compile=jit_compile)
    x, y = data(batch)
    pre_activations = [x @ to_numpy(model.layers[0].kernel)]
    inner = np.maximum(pre_activations[0], 0) @ to_numpy(model.layers[1].kernel)
    expected = [
        0.01 * float(variance_constancy_loss(v, 1.0)) for v in (*pre_activations, inner)
    ]
    plain = model.evaluate(x, y, batch_size=batch, verbose=0)
    logs = model.fit(
        x,
        y,
        batch_size=batch,
        shuffle=False,
        verbose=0,
        callbacks=[VarianceConstancy()],
    ).history
    assert logs["variance_constancy/first"] == pytest.approx([expected[0]], rel=1e-4)
    assert logs["variance_constancy/second"] == pytest.approx([expected[1]], rel=1e-4)
    assert set(logs) == {
        "loss",
        "variance_constancy/first",
        "variance_constancy/second",
    }
    assert logs["loss"] == pytest.approx([plain + sum(expected)], rel=1e-4)


def test_trains_as_if_the_layers_had_the_regularizer():
    from keras_regnoise.regularizers import VarianceConstancy as Regularizer

    x, y = data()
    with_callback = dense_model()
    weights = with_callback.get_weights()
    options = {"batch_size": 8, "epochs": 3, "shuffle": False, "verbose": 0}
    with_callback.fit(x, y, callbacks=[VarianceConstancy(0.5)], **options)

    inputs = keras.Input((5,))
    outputs = keras.layers.Dense(7, activity_regularizer=Regularizer(0.5))(inputs)
    outputs = keras.layers.Dense(6, activity_regularizer=Regularizer(0.5))(
        keras.layers.ReLU()(outputs)
    )
    outputs = keras.layers.Dense(1, activation="sigmoid")(
        keras.layers.LeakyReLU()(outputs)
    )
    reference = keras.Model(inputs, outputs)
    reference.set_weights(weights)
    reference.compile(keras.optimizers.SGD(0.05), "mse")
    reference.fit(x, y, **options)
    for ours, theirs in zip(
        with_callback.get_weights(), reference.get_weights(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("trained_before", [False, True])
def test_leaves_the_model_as_it_found_it(trained_before):
    model = dense_model()
    x, y = data()
    model.fit(x, y, epochs=int(trained_before), verbose=0)
    before = fingerprint(model)
    weights = model.get_weights()
    model.fit(x, y, verbose=0, callbacks=[VarianceConstancy()])
    assert fingerprint(model) == before

    # And it trains on without the loss, as a model that never had the callback.
    model.set_weights(weights)
    other = dense_model()
    other.set_weights(weights)
    options = {"batch_size": 8, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, **options).history
    expected = other.fit(x, y, **options).history
    assert set(history) == set(expected)
    assert history["loss"] == pytest.approx(expected["loss"], rel=1e-5)


@pytest.mark.parametrize(
    "when",
    [
        "on_train_begin",
        "on_epoch_begin",
        "on_train_batch_begin",
        "on_train_batch_end",
        "on_test_begin",
        "on_epoch_end",
    ],
)
def test_leaves_the_model_as_it_found_it_when_a_callback_raises(when):
    model = dense_model()
    x, y = data()
    model.fit(x, y, verbose=0)
    before = fingerprint(model)
    with pytest.raises(RuntimeError, match="on purpose"):
        model.fit(
            x,
            y,
            verbose=0,
            validation_data=(x, y),
            callbacks=[Raise(when), VarianceConstancy()],
        )
    assert fingerprint(model) == before


def test_leaves_the_model_as_it_found_it_when_the_data_raise():
    def batches():
        x, y = data(8)
        yield x, y
        raise RuntimeError("on purpose")

    model = dense_model()
    model.fit(*data(), verbose=0)
    before = fingerprint(model)
    with pytest.raises(Exception, match="on purpose"):
        model.fit(
            batches(), verbose=0, steps_per_epoch=4, callbacks=[VarianceConstancy()]
        )
    assert fingerprint(model) == before


def test_a_later_callback_that_raises_leaves_nothing_that_trains():
    # Between this callback and the step there is a gap; what is left in it must not
    # add the loss to the next `fit`.
    model, reference = dense_model(), dense_model()
    reference.set_weights(model.get_weights())
    x, y = data()
    with pytest.raises(RuntimeError, match="on purpose"):
        model.fit(
            x,
            y,
            verbose=0,
            callbacks=[VarianceConstancy(10.0), Raise("on_train_batch_begin")],
        )
    options = {"batch_size": 8, "epochs": 2, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, **options).history
    expected = reference.fit(x, y, **options).history
    assert history["loss"] == pytest.approx(expected["loss"], rel=1e-5)


def test_takes_effect_between_plain_fits():
    model = dense_model()
    model.optimizer.learning_rate = 1e-6
    x, y = data()
    options = {"batch_size": 8, "verbose": 0}
    callback = VarianceConstancy(100.0)
    losses = [
        model.fit(x, y, callbacks=callbacks, **options).history["loss"][0]
        for callbacks in ([], [callback], [], [callback])
    ]
    assert losses[1] > 10 * losses[0]
    assert losses[2] < losses[1] / 10
    assert losses[3] > 10 * losses[2]


def test_named_layers_and_nested_models():
    inner = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(4, activation="elu", name="deep")],
        name="inner",
    )
    inputs = keras.Input((5,))
    outputs = keras.layers.Dense(1, name="head")(inner(inputs))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    x, y = data()
    found = model.fit(x, y, verbose=0, callbacks=[VarianceConstancy()]).history
    assert set(found) == {"loss", "variance_constancy/inner/deep"}
    named = VarianceConstancy(layers=["head"])
    found = model.fit(x, y, verbose=0, callbacks=[named]).history
    assert set(found) == {"loss", "variance_constancy/head"}


ARRANGED = {
    "reshaped": lambda x: keras.layers.Reshape((2, 2))(x),
    "cast": lambda x: keras.layers.Activation("linear", dtype="float16")(x),
    "by operations": lambda x: keras.ops.cast(keras.ops.squeeze(x[:, None]), "float32"),
    "joined": lambda x: keras.layers.Concatenate()([x, x]),
}


@pytest.mark.parametrize("way", ARRANGED)
def test_the_activation_of_the_output_is_none_before_the_loss(way):
    inputs = keras.Input((5,), batch_size=8)
    hidden = keras.layers.Dense(4, activation="relu", name="hidden")(inputs)
    head = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, "sigmoid")])
    model = keras.Model(inputs, ARRANGED[way](head(hidden)))
    model.compile("sgd", "mse")
    x = data()[0][:8]
    y = np.zeros(model.output_shape)
    found = model.fit(x, y, batch_size=8, verbose=0, callbacks=[VarianceConstancy()])
    assert set(found.history) == {"loss", "variance_constancy/hidden"}


def test_an_activation_before_the_mean_of_the_outputs_is_hidden():
    model = keras.Sequential(
        [
            keras.Input((5, 1)),
            keras.layers.Conv1D(3, 2, activation="relu", name="hidden"),
            keras.layers.GlobalAveragePooling1D(),
        ]
    )
    model.compile("sgd", "mse")
    x, y = data()
    y = np.zeros((len(x), 3))
    found = model.fit(x[..., None], y, verbose=0, callbacks=[VarianceConstancy()])
    assert set(found.history) == {"loss", "variance_constancy/hidden"}


def test_subclassed_model():
    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = keras.layers.Dense(4, activation="tanh", name="hidden")
            self.outputs = [keras.layers.Dense(1)]  # a name that Keras has too

        def call(self, x):
            return self.outputs[0](self.hidden(x))

    model = Subclassed()
    model.compile("sgd", "mse")
    x, y = data()
    found = model.fit(x, y, verbose=0, callbacks=[VarianceConstancy()]).history
    assert set(found) == {"loss", "variance_constancy/hidden"}


def test_two_in_one_fit():
    callbacks = [VarianceConstancy(layers=[name]) for name in ("first", "second")]
    with pytest.raises(ValueError, match="Only one VarianceConstancy callback"):
        dense_model().fit(*data(), verbose=0, callbacks=callbacks)


def test_again_after_a_fit_that_raised():
    model = dense_model()
    x, y = data()
    raising = [VarianceConstancy(), Raise("on_train_batch_begin")]
    with pytest.raises(RuntimeError, match="on purpose"):
        model.fit(x, y, verbose=0, callbacks=raising)
    history = model.fit(x, y, verbose=0, callbacks=[VarianceConstancy()]).history
    assert history["variance_constancy/first"][0] > 0
    assert not hasattr(model.train_function, "__self__")


@pytest.mark.parametrize("layers", [[], 5])
def test_layers_that_are_no_names(layers):
    with pytest.raises(ValueError, match="list of one layer name or more"):
        VarianceConstancy(layers=layers)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (["nowhere"], r"\['first', 'linear', 'second', 'last'\].*\['nowhere'\]"),
        (["first", "no"], r"of which \['no'\] are not"),
    ],
)
def test_unknown_layers(layers, message):
    model = dense_model()
    with pytest.raises(ValueError, match=message):
        model.fit(*data(), verbose=0, callbacks=[VarianceConstancy(layers=layers)])


def test_no_activation_to_find():
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"no hidden activation.*\['dense"):
        model.fit(*data(), verbose=0, callbacks=[VarianceConstancy()])


def test_a_string_is_not_a_list():
    with pytest.raises(ValueError, match=r"layers='a'. Use layers=\['a'\]"):
        VarianceConstancy(layers="a")


class OwnLoss(keras.Model):
    """Has a loss of its own, with those of its layers."""

    def compute_loss(self, *args, **kwargs):
        return super().compute_loss(*args, **kwargs)


def shared_or_not(shared, model_class):
    """Two hidden layers, with one activation for both or one for each."""
    names = ("one", "one") if shared else ("one", "two")
    made = {name: keras.layers.Activation("relu", name=name) for name in names}
    inputs = x = keras.Input((5,))
    for number, name in enumerate(names):
        x = keras.layers.Dense(6, name=f"dense{number}")(x)
        x = made[name](x)
    model = model_class(inputs, keras.layers.Dense(1)(x))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


@pytest.mark.parametrize("model_class", [keras.Model, OwnLoss])
def test_a_layer_that_is_called_twice_has_the_loss_of_both_calls(model_class):
    x, y = data()
    models = [shared_or_not(shared, model_class) for shared in (True, False)]
    models[1].set_weights(models[0].get_weights())
    for model in models:
        options = {"batch_size": 8, "epochs": 2, "shuffle": False, "verbose": 0}
        model.fit(x, y, callbacks=[VarianceConstancy(1.0)], **options)
    for one, other in zip(*(m.get_weights() for m in models), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


class Twins(keras.Model):
    """Two layers of one name, as Keras allows in a subclassed model."""

    def __init__(self):
        super().__init__()
        self.one = keras.layers.Dense(4, "relu", name="fc")
        self.other = keras.layers.Dense(4, "relu", name="fc")
        self.head = keras.layers.Dense(1, name="head")

    def call(self, inputs):
        return self.head(self.other(self.one(inputs)))


@pytest.mark.parametrize("layers", [None, ["fc"]])
def test_two_layers_of_one_name(layers):
    model = Twins()
    model.compile("sgd", "mse")
    x, y = data()
    with pytest.raises(ValueError, match=r"names of their own.* several.*'fc'"):
        model.fit(x, y, verbose=0, callbacks=[VarianceConstancy(layers=layers)])
