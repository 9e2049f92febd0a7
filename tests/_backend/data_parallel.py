"""Noise on two devices of JAX; `main` needs a process of its own."""

import jax
import keras
import numpy as np

from tests._backend import models


def main(path):
    distribution = keras.distribution.DataParallel()
    keras.distribution.set_distribution(distribution)
    assert len(distribution.device_mesh.devices.ravel()) == 2
    x = models.inputs()
    x = keras.distribution.distribute_tensor(x, distribution.get_data_layout(x.shape))
    results = {name: _output(make(1), x) for name, make in models.NOISES.items()}
    keras.utils.set_random_seed(0)
    model = models.everything()
    np.savez(path, **results)
    print(models.fit(model))


def _output(layer, x):
    layer.build(x.shape)

    @jax.jit
    def step(variables, x):
        return layer.stateless_call([], variables, x, training=True)[0]

    y = step([v.value for v in layer.non_trainable_variables], x)
    assert {shard.data.shape for shard in y.addressable_shards} == {(2, 1, 256)}
    return np.asarray(y)
