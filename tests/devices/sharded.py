"""Two devices of JAX; `main` needs a process of its own."""

from pathlib import Path

import jax
import keras
import numpy as np

from tests.devices import networks
from tests.layers.cases import CASES


def main(directory, kind):
    distribution = {"data": keras.distribution.DataParallel, "model": model_parallel}
    keras.distribution.set_distribution(distribution[kind]())
    assert len(jax.devices()) == 2
    run(directory)


def model_parallel():
    """Every kernel that stands before a layer is split over the devices."""
    mesh = keras.distribution.DeviceMesh((1, 2), ("batch", "model"), jax.devices())
    layouts = keras.distribution.LayoutMap(mesh)
    for case in CASES:
        # By the features that the layer gets, where two devices can share them.
        axes = (None, "model") if case.shape[-1] % 2 == 0 else ("model", None)
        layouts[f"{case.name}_before/kernel"] = axes
    layouts["vcl/beta"] = ("model",)
    layouts["drop_connect/.*kernel"] = (None, "model")
    return keras.distribution.ModelParallel(layout_map=layouts, batch_dim_name="batch")


def run(directory):
    """Train on the devices that there are, save and load."""
    noisy, model = networks.every_layer()
    x, y = networks.inputs(2 * networks.SAMPLES)
    found = outputs(noisy, x)
    split = [v.path for v in model.variables if len(_shards(v)) > 1]
    found |= networks.trained(model, x, y)
    file = Path(directory) / "model.keras"
    model.save(file)
    loaded = keras.saving.load_model(file)
    np.savez(
        Path(directory) / "found.npz",
        **found,
        **networks.vcl_steps(copies=2),
        split=split,
        predicted=model.predict(x, verbose=0),
        predicted_by_loaded=loaded.predict(x, verbose=0),
    )


def _shards(variable):
    """The different parts of a variable that devices hold."""
    return {str(shard.index) for shard in variable.value.addressable_shards}


def outputs(noisy, x):
    """What every layer returns in training, of samples on all devices."""
    distribution = keras.distribution.distribution()
    if distribution is not None:
        x = [
            keras.distribution.distribute_tensor(
                a, distribution.get_data_layout(a.shape)
            )
            for a in x
        ]

    @jax.jit
    def step(trainable, others, x):
        return noisy.stateless_call(trainable, others, x, training=True)[0]

    values = [[v.value for v in noisy.trainable_variables]]
    values.append([v.value for v in noisy.non_trainable_variables])
    found = zip(CASES, step(*values, x), strict=True)
    return {f"noisy_{case.name}": np.asarray(y) for case, y in found}
