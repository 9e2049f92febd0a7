import keras
import numpy as np
import pytest
from keras import ops

import keras_regnoise as krn
from keras_regnoise.ops import variance_constancy_loss
from tests.callbacks.own_train_steps import AutoEncoder
from tests.helpers import assert_close, dot, gradient, to_numpy

WEIGHT = 0.25


def data(batch, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, 6)).astype("float32")


def losses(layer, x, training=True):
    layer(x, training=training)
    return [float(to_numpy(loss)) for loss in layer.losses]


@pytest.mark.parametrize("batch", [4, 8, 64])
def test_layer_and_regularizer_agree_and_weigh_once(batch):
    x = data(batch)
    expected = WEIGHT * float(variance_constancy_loss(x, 1.0, 2))
    assert losses(krn.VarianceConstancy(WEIGHT), x) == pytest.approx([expected])
    regularizer = krn.regularizers.VarianceConstancy(WEIGHT)
    identity = keras.layers.Activation("linear", activity_regularizer=regularizer)
    assert losses(identity, x) == pytest.approx([expected])


@pytest.mark.parametrize("batch", [2, 4, 9])
def test_gradient_is_that_of_loss_and_output(batch):
    x, gy = data(batch), data(batch, seed=1)
    layer = krn.VarianceConstancy(WEIGHT)

    def through_the_layer(x):
        y = layer(x, training=True)
        return dot(y, gy) + 3.0 * layer.losses[0]

    def written_out(x):
        return dot(x, gy) + 3.0 * WEIGHT * variance_constancy_loss(x, 1.0, 2)

    layer.build(x.shape)
    expected = gradient(written_out, x)[0]
    assert_close(gradient(through_the_layer, x)[0], expected)


def test_no_loss_at_inference_and_layers_add_up():
    inputs = keras.Input((6,))
    outputs = krn.VarianceConstancy()(krn.VarianceConstancy(0.5)(inputs))
    model = keras.Model(inputs, outputs)
    x = data(8)
    model(x)
    assert model.losses == []
    model(x, training=True)
    total = sum(float(to_numpy(loss)) for loss in model.losses)
    assert total == pytest.approx(0.51 * float(variance_constancy_loss(x, 1.0)))


def test_beta_is_learned_and_stays_positive():
    layer = krn.VarianceConstancy(1.0)
    model = keras.Sequential([keras.Input((6,)), layer])
    model.compile(keras.optimizers.Adam(0.1), loss=lambda y, prediction: 0.0 * y)
    # Subset variances that are equal want the smallest beta there can be.
    x = np.tile(data(2, seed=1), (2, 1))
    x = np.tile(x, (500, 1))
    model.fit(x, x, batch_size=4, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == 500
    beta = to_numpy(layer.beta.value)
    assert (beta > 0).all()
    assert (beta < 0.5).all()


def test_mixed_float16_near_300_is_finite():
    layer = krn.VarianceConstancy(dtype="mixed_float16")
    x = ops.cast(300 + 40 * data(8), "float16")
    assert np.isfinite(losses(layer, x)).all()
    regularizer = krn.regularizers.VarianceConstancy()
    dense = keras.layers.Activation(
        "linear", activity_regularizer=regularizer, dtype="mixed_float16"
    )
    assert losses(dense, x) == pytest.approx(losses(layer, x))


def test_a_beta_that_starts_at_zero_is_lifted():
    layer = krn.VarianceConstancy(beta_initializer="zeros")
    assert np.isfinite(losses(layer, np.ones((4, 6), "float32"))).all()
    assert (to_numpy(layer.beta.value) > 0).all()


def test_masked_padding_may_be_nan():
    x = np.random.default_rng(0).normal(size=(4, 3, 6)).astype("float32")
    x[:, 2] = np.nan
    mask = np.array([[True, True, False]] * 4)
    layer = krn.VarianceConstancy()
    layer(x, training=True, mask=mask)
    assert np.isfinite(to_numpy(layer.losses[0]))


def test_shared_axes():
    layer = krn.VarianceConstancy(shared_axes=(1, 2))
    layer.build((None, None, None, 5))
    assert layer.beta.shape == (1, 1, 5)
    layer = krn.VarianceConstancy(shared_axes=-1)
    layer.build((None, 4, 5))
    assert layer.beta.shape == (4, 1)


@pytest.mark.parametrize("axes", [(0,), (4,), (-4,)])
def test_bad_shared_axes(axes):
    with pytest.raises(ValueError, match=r"other than the batch.*shared_axes="):
        krn.VarianceConstancy(shared_axes=axes).build((None, 4, 4, 2))


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), "0.1", None])
def test_bad_weight(weight):
    for kind in (krn.VarianceConstancy, krn.regularizers.VarianceConstancy):
        with pytest.raises(ValueError, match=r"`weight` must be .*Received: weight="):
            kind(weight=weight)


def test_bad_sample_size():
    with pytest.raises(ValueError, match="Received: sample_size=1"):
        krn.VarianceConstancy(sample_size=1)


def trained_in_a_partial_batch(kind, jit_compile):
    """Losses and weights after an epoch of a batch of 8 and one of 3 samples."""
    keras.utils.set_random_seed(0)
    layers, callbacks = keras.layers, []
    hidden = [layers.Dense(4)]
    if kind == "layer":
        hidden += [krn.VarianceConstancy(1.0)]
    elif kind == "masked":
        hidden = [layers.Masking(), *hidden, krn.VarianceConstancy(1.0)]
        hidden += [layers.GlobalAveragePooling1D()]
    elif kind == "regularizer":
        regularizer = krn.regularizers.VarianceConstancy(1.0)
        hidden = [layers.Dense(4, activity_regularizer=regularizer)]
    else:
        hidden += [layers.ReLU()]
        callbacks = [krn.callbacks.VarianceConstancy(1.0)]
    shape = (3, 6) if kind == "masked" else (6,)
    model = keras.Sequential([keras.Input(shape), *hidden, layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=jit_compile)
    x = np.random.default_rng(0).normal(size=(11, *shape))
    history = model.fit(
        x,
        x.sum(axis=tuple(range(1, x.ndim)))[:, None],
        batch_size=8,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
    )
    return [*history.history["loss"], *model.get_weights()]


@pytest.mark.skipif(
    keras.config.backend() == "torch", reason="torch.compile makes no difference here"
)
@pytest.mark.parametrize("kind", ["layer", "masked", "regularizer", "callback"])
def test_a_small_last_batch_under_xla_is_as_without(kind):
    compiled, plain = (trained_in_a_partial_batch(kind, jit) for jit in (True, False))
    for ours, theirs in zip(compiled, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_model_with_the_regularizer_is_exported_for_any_batch_size(tmp_path):
    regularizer = krn.regularizers.VarianceConstancy()
    dense = keras.layers.Dense(4, activity_regularizer=regularizer)
    model = keras.Sequential([keras.Input((6,)), dense])
    if keras.config.backend() == "torch":
        pytest.skip("Keras exports no SavedModel from torch")
    tf = pytest.importorskip("tensorflow")
    model.export(str(tmp_path), verbose=False)
    served = tf.saved_model.load(str(tmp_path))
    for batch in (1, 3, 8):
        x = data(batch)
        assert_close(np.asarray(served.serve(x)), to_numpy(model(x)))


@pytest.mark.parametrize("how", ["ignores", "adds"])
def test_beta_stays_where_it_started_without_the_losses_of_the_model(how):
    model = AutoEncoder(how)
    layer = krn.VarianceConstancy(1.0)
    model.decoder = keras.Sequential([layer, keras.layers.Dense(6)])
    model(data(8))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(data(8), data(8), batch_size=8, verbose=0)
    assert (to_numpy(layer.beta.value) == 1.0).all() == (how == "ignores")
