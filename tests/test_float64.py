"""Everything in float64: as the default type of Keras, and as a layer's own policy."""

import json

import keras
import numpy as np
import pytest

from tests.helpers import run_python, to_numpy
from tests.layers.cases import CASES, parametrize

# JAX has no float64 unless it is told so before it starts.
EVERYTHING = """
import json, sys
import keras, numpy as np
from keras import ops
import keras_regnoise as krn
from tests.helpers import gradient
from tests.layers.cases import CASES

if sys.argv[1] == "floatx":
    keras.config.set_floatx("float64")
policy = {} if sys.argv[1] == "floatx" else {"dtype": "float64"}
results = {}
for case in CASES:
    try:
        x = case.data(8).astype("float64")
        layer = case.make(**policy)
        outputs = [layer(ops.convert_to_tensor(x), training=t) for t in (False, True)]
        types = {keras.backend.standardize_dtype(y.dtype) for y in outputs}
        if case.inner:  # on JAX some of Keras's own return float32
            own = layer.layer(ops.convert_to_tensor(x))
            types = types - {keras.backend.standardize_dtype(own.dtype)} | {"float64"}
        inputs = keras.Input(case.shape, dtype="float64")
        y = keras.layers.Flatten(**policy)(case.make(**policy)(inputs))
        model = keras.Model(inputs, keras.layers.Dense(1, **policy)(y))
        model.compile(keras.optimizers.SGD(0.01), "mse")
        loss = model.fit(x, x.reshape(8, -1)[:, :1], batch_size=4, verbose=0)
        loss = loss.history["loss"][0]
        results[case.name] = [sorted(types), bool(np.isfinite(loss))]
    except Exception as error:
        results[case.name] = [type(error).__name__ + ": " + str(error)[:300]]
print(json.dumps(results))
"""

FUNCTIONS = """
import keras, numpy as np
from keras import ops
import keras_regnoise as krn
from tests.helpers import gradient

keras.config.set_floatx("float64")
rng = np.random.default_rng(0)
x = ops.convert_to_tensor(rng.normal(size=(4, 6)))
partner, sign = krn.ops.random_pairing(6, seed=1)
tangent = krn.ops.sample_tangents((4, 1), 0.3, "uniform", seed=1)
mask = ops.convert_to_tensor(rng.random((4, 6)) < 0.5)
for function in (
    lambda x: krn.ops.rotate(x, partner, sign, tangent, ops.sum(x, 0) / 4.0),
    lambda x: krn.ops.centered_dropout(x, ops.cast(mask, "float64")),
    lambda x: krn.ops.drop_activation(x, mask, keras.activations.relu),
    lambda x: krn.ops.leave_one_out_moments(x).variance,
):
    y = function(x)
    assert keras.backend.standardize_dtype(y.dtype) == "float64", function
    (g,) = gradient(lambda x: ops.sum(function(x) ** 2), x)
    assert g.dtype == "float64"
    step = rng.normal(size=(4, 6)) * 1e-3
    change = ops.sum(function(x + step) ** 2) - ops.sum(function(x - step) ** 2)
    assert abs(float(change) / 2 / np.sum(g * step) - 1) < 1e-3, function
assert np.isfinite(float(krn.ops.variance_constancy_loss(x, 1.0)))

regularizer = krn.regularizers.VarianceConstancy()
penalized = keras.layers.Dense(1, activity_regularizer=regularizer)
for layers in ([keras.layers.Dense(3, "relu"), keras.layers.Dense(1)], [penalized]):
    model = keras.Sequential([keras.Input((6,)), *layers])
    model.compile("sgd", "mse")
    callbacks = [krn.callbacks.VarianceConstancy()] if len(layers) > 1 else []
    y = rng.normal(size=(4, 1))
    history = model.fit(ops.convert_to_numpy(x), y, verbose=0, callbacks=callbacks)
    assert np.isfinite(history.history["loss"]).all()
print("done")
"""


CENTRES = """
import json
import keras, numpy as np
from keras import ops
import keras_regnoise as krn
from tests.helpers import InTraining, dot, gradient, to_numpy
from tests.layers.cases import CASES

KINDS = krn.CenteredDropout, krn.RotationOut, krn.SpatialRotationOut
rng = np.random.default_rng(0)
errors = {}
for case in CASES:
    if case.layer not in KINDS or not getattr(case.make(), "center", True):
        continue

    def layer(x, **options):
        made = case.make(dtype="float64", seed=1)
        return made(ops.convert_to_tensor(x), training=True, **options)

    # Equal rows are their own mean; 3 is no power of 2.
    x, w = np.full((3, *case.shape), 7.0), rng.normal(size=(3, *case.shape))
    inputs = keras.Input(case.shape, dtype="float64")
    noise = InTraining(case.make(dtype="float64", seed=1), dtype="float64")
    unknown_batch = keras.Model(inputs, noise(inputs)).predict(x, verbose=0)
    found = [to_numpy(layer(x)) - x, unknown_batch - x]
    if len(case.shape) > 1 and "first" not in case.name:
        mask = ops.convert_to_tensor(rng.random((3, case.shape[0])) < 0.7)
        found.append(to_numpy(layer(x, mask=mask)) - x)
    # And the adjoint of that.
    (g,) = gradient(lambda x: dot(layer(x), w), x)
    axes = tuple(i for i in range(x.ndim) if i != case.make().axis % x.ndim)
    found.append(np.sum(g - w, axes))
    errors[case.name] = [float(np.abs(error).max()) for error in found]
x = np.full((3, 4), 7.0)
y = to_numpy(krn.ops.centered_dropout(x, np.zeros_like(x)))
errors["function"] = [float(np.abs(y - x).max())]
print(json.dumps(errors))
"""


@pytest.mark.parametrize("kind", ["floatx", "policy"])
def test_layers(kind):
    printed = run_python(EVERYTHING, kind, JAX_ENABLE_X64="1")
    results = json.loads(printed.splitlines()[-1])
    assert len(results) == len(CASES)
    expected = [["float64"], True]
    wrong = {name: found for name, found in results.items() if found != expected}
    assert not wrong


def test_functions():
    assert run_python(FUNCTIONS, JAX_ENABLE_X64="1").split()[-1] == "done"


def test_centres_have_the_digits_of_float64():
    printed = run_python(CENTRES, JAX_ENABLE_X64="1")
    errors = json.loads(printed.splitlines()[-1])
    assert len(errors) == 9
    assert {name: found for name, found in errors.items() if max(found) > 1e-13} == {}


@parametrize(pytest, [case for case in CASES if not case.inner])
def test_a_layer_of_float64_keeps_the_digits(case):
    if keras.config.backend() == "jax" or case.name.startswith(("zca", "vcl")):
        pytest.skip("JAX has float64 only if it starts so; these work in float32")
    seed = {"seed": 1} if case.has_seed else {}
    x = np.random.default_rng(0).normal(0.5, 1.0, (4, *case.shape))
    outputs = to_numpy(case.make(dtype="float64", **seed)(x, training=True))
    rounded = outputs.astype("float32").astype("float64")
    assert (np.abs(outputs - rounded) > 1e-12).any()
