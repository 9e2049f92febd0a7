"""Files of the networks, and what a fresh process makes of them."""

import json

import numpy as np

from tests.exports import networks
from tests.exports.networks import NAMES
from tests.helpers import run_python, to_numpy

PROGRAM = "import runpy; runpy.run_module('tests.exports.readers', None, '__main__')"


def write(name, model, directory):
    """What a network is given, and what it says."""
    arrays = {}
    for i, inputs in enumerate(networks.batches(name, model)):
        values = list(inputs.values())
        outputs = model(values if len(values) > 1 else values[0], training=False)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        if len(outputs) == 1:  # else no error could be seen
            assert np.ptp(to_numpy(outputs[0]), axis=0).max() > 1e-3
        arrays |= {f"{i}/x/{key}": x for key, x in inputs.items()}
        arrays |= {f"{i}/y/output_{j}": to_numpy(y) for j, y in enumerate(outputs)}
    np.savez(directory / f"{name}.npz", **arrays)


def read(kind, directory, names=NAMES, without="keras,keras_regnoise", **environment):
    """Read files in a fresh process: errors by cell, operations by network."""
    output = run_python(PROGRAM, without, kind, directory, **environment)
    seen = json.loads(output.splitlines()[-1])
    errors = {name: max(of["errors"]) for name, of in seen.items()}
    if "alone" in seen:
        errors |= dict(zip(names, seen["alone"]["errors"], strict=True))
    return errors, {name: of["operations"] for name, of in seen.items()}
