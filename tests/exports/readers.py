"""What reads the files in a process that has nothing else; it prints what it saw."""

import json
import sys
from pathlib import Path

import numpy as np


def main(kind, directory):
    """Read every file of a kind; print errors of outputs and the operations."""
    seen = {}
    for file in sorted(Path(directory).glob("*.npz")):
        call, operations = globals()[kind](file.with_suffix(""))
        seen[file.stem] = {"errors": _errors(call, file), "operations": operations}
    print(json.dumps(seen))


def tf_saved_model(path):
    import tensorflow as tf

    served = tf.saved_model.load(str(path)).signatures["serving_default"]
    return _of_arrays(served), _graph_operations(served.graph.as_graph_def())


def with_noise(path):
    """Two signatures; in place of operations, the outputs that never differ."""
    import tensorflow as tf

    signatures = tf.saved_model.load(str(path)).signatures
    draw = _of_arrays(signatures["monte_carlo"])
    x = _of(np.load(path.with_suffix(".npz")), "1/x/")
    draws = [draw(**x) for _ in range(8)]  # one in two of DropPath leaves all as it is
    spread = [
        np.ptp([y[f"output_{i}"] for y in draws], 0) for i in range(len(draws[0]))
    ]
    return _of_arrays(signatures["serve"]), [
        i for i, s in enumerate(spread) if not s.any()
    ]


def _of_arrays(signature):
    import tensorflow as tf

    tensors = tf.convert_to_tensor
    return lambda **x: signature(**{name: tensors(value) for name, value in x.items()})


def _graph_operations(graph):
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    return [node.op for node in nodes]


def onnx(path):
    import onnx
    import onnxruntime

    file = path.with_suffix(".onnx")
    session = onnxruntime.InferenceSession(file)
    return (
        lambda **x: _numbered(session.run(None, x)),
        [node.op_type for node in onnx.load(file).graph.node],
    )


def litert(path):
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(path.with_suffix(".tflite")))
    operations = [op["op_name"] for op in interpreter._get_ops_details()]
    return interpreter.get_signature_runner(), operations


def keras_file(path):
    """A `.keras` file, in a process that has Keras."""
    import keras

    model = keras.saving.load_model(path.with_suffix(".keras"))
    return _in_order(model), []


def package_file(path):
    """A `.keras` file with layers of this package in it."""
    import keras_regnoise  # noqa: F401

    return keras_file(path)


def weights_file(path):
    """A `.weights.h5` file, in a process that has the code of the model."""
    from tests.exports.networks import NETWORKS

    model = NETWORKS[path.name]()
    model.load_weights(path.with_suffix(".weights.h5"))
    return _in_order(model), []


def _in_order(model):
    import keras

    def call(**x):
        outputs = model(list(x.values()) if len(x) > 1 else next(iter(x.values())))
        outputs = outputs if isinstance(outputs, list) else [outputs]
        return _numbered(map(keras.ops.convert_to_numpy, outputs))

    return call


def _numbered(outputs):
    return {f"output_{i}": y for i, y in enumerate(outputs)}


def _errors(call, file):
    """The largest error of each output over the batches of a file."""
    arrays, errors = np.load(file), {}
    for batch in sorted({name.split("/")[0] for name in arrays}):
        inputs = _of(arrays, f"{batch}/x/")
        outputs = call(**inputs)
        for name, expected in _of(arrays, f"{batch}/y/").items():
            y = np.asarray(outputs[name])
            assert y.shape == expected.shape, (file.stem, name, y.shape)
            error = float(np.abs(y - expected).max())
            errors[name] = max(errors.get(name, 0.0), error)
    return [errors[f"output_{i}"] for i in range(len(errors))]


def _of(arrays, prefix):
    return {n.removeprefix(prefix): arrays[n] for n in arrays if n.startswith(prefix)}


if __name__ == "__main__":
    without, kind, directory = sys.argv[1:]
    for module in without.split(","):
        sys.modules[module] = None  # importing it raises
    main(kind, directory)
