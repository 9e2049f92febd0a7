"""Every layer alone, and those that fit in a network of vectors, sequences, images."""

import itertools

import keras
import numpy as np

import keras_regnoise as krn
from tests.helpers import to_numpy
from tests.layers.cases import CASES

L = keras.layers
NAMES = tuple(case.name for case in CASES)


def alone(names=NAMES):
    """A branch for every case of every layer: input -> times 2 -> layer -> output."""
    cases = [case for case in CASES if case.name in names]
    inputs = [keras.Input(case.shape, name=f"{case.name}_input") for case in cases]
    outputs = [
        case.make()(L.Rescaling(2.0)(x)) for case, x in zip(cases, inputs, strict=True)
    ]
    return keras.Model(inputs, outputs)


def mlp():
    inputs = keras.Input((8,))
    x = krn.ZCAWhitening()(inputs)
    for layer in (
        L.Dense(12),
        krn.VarianceConstancy(),
        krn.DropActivation("relu", 0.1),
        krn.RotationOut(0.2),
        krn.DropConnect(L.Dense(12), 0.2),
        krn.CrossNormalization(),
        krn.DropActivation("elu", 0.1),
        krn.CenteredDropout(0.2),
        krn.WeightNoise(L.Dense(12), stddev=0.1),
        krn.RandomizedLeakyReLU(),
        krn.UniformNoise(0.2),
        krn.DropConnect(L.Dense(12, activation="relu"), 0.2, inference="gaussian"),
        krn.ICLayer(0.1),
    ):
        x = layer(x)
    branch = krn.DropPath(0.2)(L.Dense(12, activation="relu")(x))
    return keras.Model(inputs, L.Dense(3)(L.Add()([x, branch])))


def lstm(length=None):
    """Sequences of any length, or of one, along which the recurrence is unrolled."""
    options = {"unroll": length is not None}
    recurrent = L.LSTM(8, return_sequences=True, **options)
    return keras.Sequential(
        [
            keras.Input((length, 8)),
            krn.SpatialRotationOut(0.2),
            krn.WeightNoise(recurrent, rate=0.2, weights=("recurrent_kernel",)),
            krn.RotationOut(0.2),
            krn.ICLayer(0.1, "layer", "rotationout"),
            krn.DropConnect(L.Dense(8), 0.2),
            krn.CenteredDropout(0.2),
            krn.DropBlock(0.2, 3),
            krn.UniformNoise(0.2),
            krn.VarianceConstancy(shared_axes=(1,)),
            krn.DropActivation("tanh", 0.1),
            krn.CrossNormalization(),
            krn.DropPath(0.1),
            L.LSTM(8, **options),
            L.Dense(3),
        ]
    )


IMAGE_NOISE = (
    lambda: krn.SpatialRotationOut(0.1),
    lambda: krn.SpatialRotationOut(0.1, block_size=3),
    lambda: krn.RotationOut(0.1),
    lambda: krn.CenteredDropout(0.1, spatial=True),
    lambda: krn.DropBlock(0.1, 3),
    lambda: krn.DropPath(0.1),
    lambda: krn.UniformNoise(0.1),
    lambda: krn.VarianceConstancy(shared_axes=(1, 2)),
)


def resnet20():
    """Images of any size; before each convolution the next of the layers for them."""
    turn = itertools.cycle(IMAGE_NOISE)
    unit = ("noise", "conv", "norm", "relu")
    options = {"noise": lambda: next(turn)(), "input_shape": (None, None, 3)}
    return krn.models.resnet(
        20, unit, activation=lambda: krn.DropActivation(), **options
    )


def resnet20_ic():
    """The same network with IC layers."""
    return krn.models.resnet(20, ("relu", "ic", "conv"), input_shape=(None, None, 3))


NETWORKS = {
    "alone": alone,
    "mlp": mlp,
    "lstm": lstm,
    "resnet20": resnet20,
    "resnet20_ic": resnet20_ic,
}
SIZES = {  # of two batches each, where a size is free
    "mlp": ((2, 8), (5, 8)),
    "lstm": ((2, 5, 8), (3, 7, 8)),
    "resnet20": ((2, 16, 16, 3), (3, 12, 20, 3)),
    "resnet20_ic": ((2, 16, 16, 3), (3, 12, 20, 3)),
}


def batches(name, model):
    """Two batches for a network, each the inputs by their names."""
    random = np.random.default_rng(0)
    names = [x.name for x in model.inputs]
    cases = {f"{case.name}_input": case for case in CASES}
    for i, batch in enumerate((2, 5)):
        if name == "alone":
            yield {of: cases[of].data(batch) for of in names}
        else:
            known = zip(model.inputs[0].shape, SIZES[name][i], strict=True)
            x = random.normal(size=[fixed or free for fixed, free in known])
            yield {names[0]: x.astype("float32")}


def moved(model):
    """The model with no weight where it began."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        # Little is added: in a sum of many, it would be all that is left.
        value = to_numpy(weight) * random.uniform(0.7, 1.3, weight.shape)
        weight.assign(value + random.uniform(0.0, 0.02, weight.shape))
    return model


def scaled(name, model):
    """The network with a head by which every input has an output of its own."""
    head = model.layers[-1]
    if isinstance(head, L.Dense):
        features = keras.Model(model.inputs, head.input)
        inputs = [next(iter(batch.values())) for batch in batches(name, model)]
        found = np.concatenate([to_numpy(features(x, training=False)) for x in inputs])
        logits = found @ to_numpy(head.kernel)
        scale = (logits - logits.mean(0)).std()
        head.kernel.assign(to_numpy(head.kernel) / scale)
        head.bias.assign(-logits.mean(0) / scale)
    return model
