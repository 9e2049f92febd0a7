"""The code of docs/devices.md on two devices; `main` needs a process of its own."""

import keras
import numpy as np

import keras_regnoise as krn
from tests.helpers import CODE, ROOT

PAGE = (ROOT / "docs" / "devices.md").read_text("utf-8")
BLOCKS = [code for code, _ in CODE.findall(PAGE)]
X, Y = np.ones((64, 4), "float32"), np.ones((64, 1), "float32")


def build_model():
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(8, name="hidden"),
            krn.VarianceConstancy(),
            krn.DropActivation("relu", 0.1),
            krn.RotationOut(0.2),
            keras.layers.Dense(1),
        ]
    )


def main():
    names = {"keras": keras, "build_model": build_model, "x": X, "y": Y}
    tensorflow, by_hand, data_parallel, model_parallel = BLOCKS
    if keras.config.backend() == "tensorflow":
        on_tensorflow(names, tensorflow, by_hand)
    else:
        on_jax(names, data_parallel, model_parallel)
    print("trained")


def on_tensorflow(names, mirrored, by_hand):
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    devices = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, devices)
    exec(mirrored, names)
    strategy = names["strategy"]
    assert keras.saving.load_model("model.keras").count_params() == 57
    exec(by_hand, names)
    batches = tf.data.Dataset.from_tensor_slices((X, Y)).batch(16)
    before = names["model"].get_weights()[0]
    names["step"](iter(strategy.experimental_distribute_dataset(batches)))
    assert (names["model"].get_weights()[0] != before).any()
    print(strategy.num_replicas_in_sync, "devices")


def on_jax(names, data_parallel, model_parallel):
    exec(data_parallel, names)
    assert len(names["distribution"].device_mesh.devices) == 2
    fit(names["model"])
    exec(model_parallel, names)
    model = build_model()
    fit(model)
    split = {
        variable.path.rpartition("/")[2]
        for variable in model.variables
        if len({str(s.index) for s in variable.value.addressable_shards}) > 1
    }
    assert split == {"kernel", "beta"}
    print(2, "devices")


def fit(model):
    model.compile("adam", "mse")
    loss = model.fit(X, Y, batch_size=32, verbose=0).history["loss"]
    assert np.isfinite(loss).all()
