import re

import keras
import numpy as np
import pytest
from keras import layers

pytest.importorskip("keras_tuner")

import keras_tuner

from keras_regnoise._keras.graph import walk
from keras_regnoise.layers import DropActivation, RotationOut, SpatialRotationOut
from keras_regnoise.placement import KERAS_NOISE, strip
from keras_regnoise.tuning import NoiseHyperModel, enumerate_space
from tests.placement.models import (
    assert_equal_outputs,
    images,
    layer_names,
    predict,
    randomize,
    vectors,
    vit,
)
from tests.tuning.spaces import drops_whole_channels, hyperparameters

PLACEMENTS = ("before_weights", "after_activation", "before_head")


def cnn():
    """Fused, layer and raw activations, a shortcut, and a nested head."""
    x = inputs = keras.Input((8, 8, 3))
    x = layers.Rescaling(2.0, name="scale")(x)
    x = layers.DepthwiseConv2D(3, name="depthwise")(x)
    x = layers.Conv2D(4, 1, activation="relu", name="conv1")(x)
    y = layers.Conv2D(4, 3, padding="same", name="conv2")(x)
    y = layers.ReLU(name="relu2")(layers.BatchNormalization(name="norm")(y))
    y = layers.Conv2D(4, 3, padding="same", name="conv3")(y)
    x = keras.ops.relu(layers.Add(name="add")([x, y]))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    top = [
        keras.Input((4,)),
        layers.Dense(5, activation="tanh", name="hidden"),
        layers.Dense(3, activation="softmax", name="head"),
    ]
    return keras.Model(inputs, keras.Sequential(top, name="top")(x))


def mlp(compiled=True):
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(8, "relu", name="first"),
            layers.Dense(8, "relu", name="second"),
            layers.Dense(3, name="head"),
        ],
        name="mlp",
    )
    if compiled:
        model.compile(
            "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        )
    return model


def built(build, kind, placement="before_weights", rate=0.2, seed=None, **options):
    options = {"layers": (kind,), "rates": (rate,), **options}
    options.setdefault("placements", (placement,) if placement in PLACEMENTS else ())
    values = {"noise": kind, "noise_rate": rate, "noise_placement": placement}
    return NoiseHyperModel(build, seed=seed, **options).build(hyperparameters(**values))


def noise_layers(model):
    """Keras's, but those inside attention layers, whose rate is 0."""
    found = [layer for layer in model._flatten_layers() if type(layer) in DROPOUTS]
    return [layer for layer in found if layer.rate]


DROPOUTS = (layers.Dropout, layers.SpatialDropout2D, layers.GaussianDropout)


PLACES = {
    "before_weights": ["conv2", "conv3", "top/hidden", "top/head"],
    "after_activation": ["conv1", "relu2", "relu", "top/hidden"],
    "before_head": ["top/head"],
}


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_places(placement):
    model = built(cnn, "dropout", placement)
    names = [n for n in layer_names(model) if n.endswith("_dropout")]
    expected = [f"{name}_dropout" for name in PLACES[placement]]
    # Keras counts up the names that it gives.
    assert sorted(re.sub(r"relu_\d+_", "relu_", name) for name in names) == sorted(
        expected
    )


def test_space_is_listed_by_hand():
    kinds = ("dropout", "rotationout", "dropactivation")
    hypermodel = NoiseHyperModel(mlp, kinds, (0.0, 0.1, 0.2))
    assert enumerate_space(hypermodel) == [
        {"noise": "none"},
        *[
            {"noise": kind, "noise_placement": placement, "noise_rate": rate}
            for kind in kinds[:2]
            for placement in PLACEMENTS[:2]
            for rate in (0.1, 0.2)
        ],
        *[{"noise": "dropactivation", "noise_rate": rate} for rate in (0.1, 0.2)],
    ]


def test_layer_is_the_one_for_the_rank():
    model = built(cnn, "rotationout")
    top = model.get_layer("top")
    spatial = model.get_layer("conv2_spatial_rotation_out")
    assert isinstance(spatial, SpatialRotationOut)
    assert isinstance(top.get_layer("hidden_rotation_out"), RotationOut)
    model = built(cnn, "spatialdropout")
    assert {type(layer) for layer in noise_layers(model)} == {
        layers.SpatialDropout2D,
        layers.Dropout,
    }
    recurrent = built(sequences, "rotationout", "after_activation")
    assert isinstance(recurrent.get_layer("wide_spatial_rotation_out"), layers.Layer)


def sequences():
    x = inputs = keras.Input((None,), dtype="int32")
    x = layers.Embedding(10, 4, name="words")(x)
    x = layers.TimeDistributed(layers.Dense(6, "relu"), name="wide")(x)
    x = layers.LSTM(4, return_sequences=True, name="lstm")(x)
    x = layers.Bidirectional(layers.GRU(4), name="gru")(x)
    return keras.Model(inputs, layers.Dense(2, name="head")(x))


def siamese():
    shared = layers.Dense(4, "relu", name="shared")
    again = layers.Dense(4, name="again")
    a, b = keras.Input((6,)), keras.Input((6,))
    x = layers.Concatenate()([again(shared(a)), again(shared(b))])
    return keras.Model([a, b], [layers.Dense(1)(x), layers.Dense(2)(x)])


@keras.saving.register_keras_serializable(package="tuning_tests")
class Block(layers.Layer):
    """A layer of the user's own that holds another one."""

    def __init__(self, layer, **kwargs):
        super().__init__(**kwargs)
        self.held = layer

    def build(self, input_shape):
        if not self.held.built:
            self.held.build(input_shape)

    def call(self, inputs):
        return self.held(inputs)

    def compute_output_shape(self, input_shape):
        return self.held.compute_output_shape(input_shape)

    def get_config(self):
        layer = keras.saving.serialize_keras_object(self.held)
        return {**super().get_config(), "layer": layer}

    @classmethod
    def from_config(cls, config):
        layer = keras.saving.deserialize_keras_object(config.pop("layer"))
        return cls(layer, **config)


def perceptron():
    return keras.Sequential([keras.Input((3,)), layers.Dense(4, "relu")])


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.TimeDistributed(layers.Dense(4)),
        lambda: layers.TimeDistributed(perceptron()),
        lambda: Block(layers.Dense(4)),
        lambda: Block(layers.TimeDistributed(perceptron())),
        lambda: layers.TimeDistributed(Block(perceptron())),
        lambda: keras.Sequential([keras.Input((5, 3)), Block(layers.Dense(4))]),
    ],
    ids=["dense", "model", "block", "block of a model", "model in it", "nested"],
)
def test_what_holds_a_weight_layer_is_one(make):
    """Its output is not the data, and a place is before it if its input is not."""

    def on_data():
        outputs = layers.LSTM(4, name="lstm")(make()(inputs := keras.Input((5, 3))))
        return keras.Model(inputs, layers.Dense(2, name="head")(outputs))

    def behind():
        x = layers.Dense(3, "relu", name="first")(inputs := keras.Input((5, 3)))
        return keras.Model(inputs, make()(x))

    noisy = noise_layers(built(on_data, "dropout"))
    assert [layer.name for layer in noisy] == ["lstm_dropout", "head_dropout"]
    for placement in PLACEMENTS:
        assert len(noise_layers(built(behind, "dropout", placement))) == 1


@pytest.mark.parametrize("make", [layers.BatchNormalization, layers.PReLU])
def test_what_holds_no_weight_layer_is_none(make):
    def build():
        x = Block(layers.TimeDistributed(make()))(inputs := keras.Input((5, 3)))
        x = layers.LSTM(4, name="lstm")(Block(layers.DepthwiseConv1D(3))(x))
        return keras.Model(inputs, layers.Dense(2, name="head")(x))

    (noise,) = noise_layers(built(build, "dropout"))
    assert noise.name == "head_dropout"


def test_a_block_of_an_embedding_is_no_data():
    def build():
        x = Block(layers.Embedding(9, 4))(inputs := keras.Input((5,), dtype="int32"))
        return keras.Model(inputs, layers.Dense(2, name="head")(layers.LSTM(4)(x)))

    assert len(noise_layers(built(build, "dropout"))) == 2


@pytest.mark.parametrize(
    ("build", "placement", "number"),
    [
        (sequences, "before_weights", 4),  # all but the embedding
        (sequences, "after_activation", 1),  # not inside the recurrent layers
        (sequences, "before_head", 1),
        (siamese, "before_weights", 2 + 2),  # two calls, two heads
        (siamese, "after_activation", 2),
        (siamese, "before_head", 2),
        (vit, "before_weights", 2 * 3 + 1),  # not the patches
        (vit, "after_activation", 2),  # not the softmax
        (vit, "before_head", 1),
    ],
)
def test_number_of_places(build, placement, number):
    assert len(noise_layers(built(build, "dropout", placement))) == number


@pytest.mark.parametrize("kind", ["rotationout", "spatialdropout", "iclayer"])
def test_channels_first(kind):
    def build():
        x = inputs = keras.Input((3, 8, 8))
        options = {"data_format": "channels_first"}
        x = layers.Conv2D(4, 3, name="conv1", **options)(x)
        x = layers.ReLU(name="relu")(x)
        return keras.Model(inputs, layers.Conv2D(4, 3, name="conv2", **options)(x))

    for placement in ("before_weights", "after_activation"):
        new = built(build, kind, placement, rate=0.1).layers[-2]
        assert new.name.startswith(("relu_", "conv2_"))
        if kind == "iclayer":
            assert new.normalization.axis == 1
        else:
            assert new.data_format == "channels_first"


def test_a_block_has_the_data_format_of_what_it_holds():
    def build():
        x = inputs = keras.Input((3, 8, 8))
        options = {"data_format": "channels_first"}
        x = layers.Conv2D(4, 3, name="conv", **options)(x)
        return keras.Model(inputs, Block(layers.Conv2D(4, 3, **options))(x))

    assert built(build, "rotationout").layers[-2].data_format == "channels_first"


def _over_time(data_format):
    options = {"data_format": data_format}
    x = inputs = keras.Input((5, 4, 6, 6))
    x = layers.TimeDistributed(layers.Conv2D(4, 3, padding="same", **options))(x)
    x = layers.ReLU(name="relu")(x)
    x = layers.ConvLSTM2D(4, 3, return_sequences=True, name="lstm", **options)(x)
    x = layers.GlobalAveragePooling3D()(x)
    return keras.Model(inputs, layers.Dense(2)(layers.ReLU()(layers.Dense(3)(x))))


@pytest.mark.parametrize("placement", ["before_weights", "after_activation"])
@pytest.mark.parametrize("kind", ["rotationout", "spatialdropout", "iclayer"])
def test_channels_behind_steps_of_time_are_not_taken_for_the_steps(kind, placement):
    with pytest.raises(ValueError, match="through steps of time"):
        built(lambda: _over_time("channels_first"), kind, placement, rate=0.1)
    built(lambda: _over_time("channels_last"), kind, placement, rate=0.1)


@pytest.mark.parametrize("kind", ["dropout", "rotationout", "spatialdropout"])
def test_features_behind_them_are_features(kind):
    model = built(lambda: _over_time("channels_first"), kind, "before_head", rate=0.1)
    assert model.layers[-2].compute_output_shape((8, 3)) == (8, 3)


def test_dropout_needs_no_axis():
    model = built(lambda: _over_time("channels_first"), "dropout", "before_weights")
    assert len(noise_layers(model)) == 3


@pytest.mark.parametrize("placement", ["before_weights", "after_activation"])
def test_sequences_of_channels_first_are_dropped_by_the_channel(placement):
    def build():
        x = inputs = keras.Input((3, 8))
        options = {"data_format": "channels_first"}
        x = layers.Conv1D(4, 3, name="conv1", **options)(x)
        x = layers.ReLU(name="relu")(x)
        return keras.Model(inputs, layers.Conv1D(4, 3, name="conv2", **options)(x))

    new = built(build, "spatialdropout", placement).layers[-2]
    assert drops_whole_channels(new, 3, axis=1)


def test_without_convolutions_the_channels_are_last_whatever_keras_says():
    def build():
        x = inputs = keras.Input((5, 3))
        x = layers.ReLU(name="relu")(layers.LSTM(4, return_sequences=True)(x))
        return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))

    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    try:
        model = built(build, "spatialdropout", "after_activation")
    finally:
        keras.config.set_image_data_format(before)
    (new,) = (layer for layer in model.layers if layer.name.startswith("relu_"))
    assert drops_whole_channels(new, 3, axis=-1)


def test_own_kind():
    gaussian = ("gaussian", layers.GaussianDropout)
    model = built(mlp, "gaussian", layers=(gaussian,), seed=1)
    assert [type(layer) for layer in noise_layers(model)] == [gaussian[1]] * 2


def test_drop_activation_takes_the_place_of_the_activation():
    model = built(mlp, "dropactivation", "replace_activations", seed=1)
    found = [layer for layer in model.layers if isinstance(layer, DropActivation)]
    assert [layer.rate for layer in found] == [0.2, 0.2]
    assert found[0].seed != found[1].seed
    tanh = built(cnn, "dropactivation", None, activation="tanh").get_layer("top")
    assert isinstance(tanh.layers[1], DropActivation)


def points(**options):
    """All models of a space."""
    hypermodel = NoiseHyperModel(
        cnn, rates=(0.0, 0.5), placements=PLACEMENTS, **options
    )
    for values in enumerate_space(hypermodel):
        yield hypermodel.build(hyperparameters(**values))


def test_points_of_one_seed_differ_in_the_noise_alone():
    plain, *noisy = points(layers=("spatialdropout", "rotationout"), seed=1)
    x = images(size=8)
    assert len(noisy) == 2 * 3
    for model in noisy:
        assert_equal_outputs(model, plain, x)
        with_noise = keras.ops.convert_to_numpy(model(x, training=True))
        assert np.abs(with_noise - predict(plain, x)).max() > 1e-4


def test_points_of_one_seed_draw_the_same_batches():
    draws = [
        (np.random.random(), float(keras.random.uniform(())))
        for _ in points(layers=("dropout", "rotationout"), seed=1)
    ]
    assert len(draws) == 7
    assert len(set(draws)) == 1


def weights(default, **values):
    hypermodel = NoiseHyperModel(mlp, seed=default)
    return hypermodel.build(hyperparameters(**values)).get_weights()[0].tolist()


def test_seeds():
    assert weights(1) == weights(1) != weights(2)
    assert weights(None) != weights(None)
    assert weights(1, seed=2) == weights(2)
    with pytest.raises(ValueError, match="`seed` must be"):
        weights(1, seed=1.5)


def test_seed_of_the_grid():
    def build(hp):
        hp.Choice("seed", [1, 2])
        return mlp()

    hypermodel = NoiseHyperModel(build, ("dropout",), (0.0, 0.1), PLACEMENTS[:1])
    grid = enumerate_space(hypermodel)
    models = [hypermodel.build(hyperparameters(**values)) for values in grid]
    assert [values["seed"] for values in grid] == [1, 2, 1, 2]
    first = [model.get_weights()[0].tolist() for model in models]
    assert first[0] == first[2] != first[1] == first[3]
    seeds = [layer.seed for model in models for layer in noise_layers(model)]
    assert len(set(seeds)) == 4


def test_seeds_of_the_places_differ_and_those_of_two_builds_do_not():
    def seeds():
        model = built(cnn, "rotationout", seed=1)
        names = [f"{name}_rotation_out" for name in ("hidden", "head")]
        spatial = [f"{name}_spatial_rotation_out" for name in ("conv2", "conv3")]
        found = [model.get_layer("top").get_layer(name) for name in names]
        return [layer.seed for layer in [*map(model.get_layer, spatial), *found]]

    assert len(set(seeds())) == 4
    assert seeds() == seeds()
    assert all(layer.seed is None for layer in noise_layers(built(mlp, "dropout")))


def compiled():
    model = mlp(compiled=False)
    model.compile(
        optimizer=keras.optimizers.SGD(
            keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.9),
            momentum=0.9,
            name="mine",
            clipnorm=1.0,
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        loss_weights=0.5,
        metrics=[
            "accuracy",
            keras.metrics.SparseTopKCategoricalAccuracy(2, name="top"),
        ],
        weighted_metrics=["sparse_categorical_crossentropy"],
        run_eagerly=True,
    )
    return model


def test_compiled_as_before():
    plain, noisy = compiled(), built(compiled, "dropout")
    assert noisy.get_compile_config() == plain.get_compile_config()
    assert noisy.loss.from_logits
    assert noisy.optimizer.clipnorm == 1.0
    assert noisy.run_eagerly
    logs = noisy.fit(vectors(8), np.arange(8) % 3, verbose=0).history
    assert set(logs) == {
        *("accuracy", "top", "loss", "sparse_categorical_crossentropy"),
    }
    assert not built(lambda: mlp(compiled=False), "dropout").compiled


def my_loss(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_pred))


def test_own_losses_metrics_and_optimizers_need_no_registration():
    class Loss(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return keras.ops.mean(keras.ops.square(y_pred), axis=-1)

    class Schedule(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.1

    made = (Loss(), lambda y, p: keras.ops.mean(p, axis=-1), Schedule())

    def build(loss):
        model = mlp(compiled=False)
        model.compile(keras.optimizers.SGD(made[2]), loss, metrics=[my_loss, made[1]])
        return model

    for loss in (my_loss, *made[:2]):
        noisy = built(lambda loss=loss: build(loss), "dropout")
        assert noisy.loss is loss
        logs = noisy.fit(vectors(8), np.arange(8) % 3, verbose=0).history
        assert set(logs) == {"loss", "my_loss", "lambda"}


def two_outputs(**options):
    x = inputs = keras.Input((6,))
    x = layers.Dense(8, "relu", name="hidden")(x)
    outputs = [layers.Dense(1, "relu", name=name)(x) for name in ("a", "b")]
    model = keras.Model(inputs, outputs)
    model.compile("sgd", **options)
    return model


def constant(number):
    """Losses and metrics of one name."""

    def size(y_true, y_pred):
        return keras.ops.mean(0.0 * y_pred, axis=-1) + number

    return size


def by_name(pair):
    return dict(zip("ab", pair, strict=True))


@pytest.mark.parametrize("struct", [list, by_name])
@pytest.mark.parametrize("kind", ["dropout", "dropactivation"])
def test_losses_and_metrics_of_one_name_stay_at_their_outputs(struct, kind):
    losses = struct([constant(1.0), constant(2.0)])
    metrics = struct([[constant(3.0)], [constant(4.0)]])
    noisy = built(
        lambda: two_outputs(loss=losses, metrics=metrics, loss_weights=struct([1, 10])),
        kind,
    )
    targets = [np.ones(8), np.ones(8)]
    if struct is by_name:
        targets = dict(zip(noisy.output_names, targets, strict=True))
    logs = noisy.evaluate(vectors(8), targets, verbose=0, return_dict=True)
    a, b = noisy.output_names
    assert (logs["loss"], logs[f"{a}_size"], logs[f"{b}_size"]) == (21.0, 3.0, 4.0)
    assert (logs[f"{a}_loss"], logs[f"{b}_loss"]) == (1.0, 2.0)
    assert (a == "a") == (kind == "dropout")


def test_an_optimizer_that_has_trained_starts_afresh():
    def build():
        model = mlp()
        model.fit(vectors(8), np.arange(8) % 3, verbose=0)
        return model

    noisy = built(build, "dropout")
    noisy.fit(vectors(8), np.arange(8) % 3, verbose=0, epochs=2, batch_size=8)
    assert int(noisy.optimizer.iterations) == 2


class OwnCompile(keras.Model):
    def compile(self, *args, **kwargs):
        super().compile(*args, **kwargs)


@pytest.mark.filterwarnings("ignore:`compile\\(\\)` was not called")
def test_own_compile_without_its_configuration():
    def build():
        x = keras.Input((6,))
        model = OwnCompile(x, layers.Dense(1)(layers.Dense(2)(x)))
        model.compile("sgd", "mse")
        return model

    with pytest.raises(ValueError, match=r"OwnCompile .* has a compile"):
        built(build, "dropout")


class FromConfig(OwnCompile):
    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))


def test_own_compile_with_losses_of_one_name_is_refused():
    def build(*losses):
        x = keras.Input((6,))
        y = layers.Dense(2)(x)
        model = FromConfig(x, [layers.Dense(1)(y), layers.Dense(1)(y)])
        model.compile("sgd", [*losses])
        return model

    assert built(lambda: build(my_loss, my_loss), "dropout").loss == [my_loss, my_loss]
    with pytest.raises(ValueError, match=r"losses have one name: \['size'\]"):
        built(lambda: build(constant(1.0), constant(2.0)), "dropout")


class Inner(keras_tuner.HyperModel):
    def declare_hyperparameters(self, hp):
        hp.Choice("declared", [1])

    def build(self, hp):
        hp.Choice("units", [4, 8])
        return mlp()

    def fit(self, hp, model, *args, **kwargs):
        return hp.get("units"), model, args, kwargs


def test_around_another_hypermodel():
    hypermodel = NoiseHyperModel(Inner(), ("dropout",), (0.1,), ("before_head",))
    arm = {"noise": "dropout", "noise_placement": "before_head", "noise_rate": 0.1}
    assert enumerate_space(hypermodel) == [
        {"declared": 1, **arm, "units": units} for units in (4, 8)
    ]
    hp = keras_tuner.HyperParameters()
    model = hypermodel.build(hp)
    assert hypermodel.fit(hp, model, 1, x=2) == (4, model, (1,), {"x": 2})


def with_default(units=3):
    return mlp()


def test_function_without_hyperparameters():
    assert built(with_default, "dropout").name == "mlp"
    assert not NoiseHyperModel(with_default)._takes_hp


def test_stripped_model_is_the_plain_one():
    for model in points(layers=("dropout", "rotationout"), seed=1):
        stripped = strip(randomize(model), also=KERAS_NOISE)
        assert not [
            n for n in layer_names(stripped) if n.endswith(("_dropout", "_out"))
        ]
        assert_equal_outputs(stripped, model, images(size=8))


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


def single():
    return keras.Sequential([keras.Input((6,)), layers.Dense(3)], name="single")


@pytest.mark.parametrize(
    ("build", "placement", "message"),
    [
        (single, "before_weights", r"'before_weights' has no place .* 'single'"),
        (single, "after_activation", r"'after_activation' has no place"),
        (
            lambda: keras.Sequential([layers.Dense(3), layers.Dense(2)]),
            *("before_weights", "Start it with keras.Input"),
        ),
    ],
)
def test_models_without_a_place(build, placement, message):
    with pytest.raises(ValueError, match=message):
        built(build, "dropout", placement)


def test_models_that_cannot_be_edited():
    plain = hyperparameters(noise="none")
    with pytest.raises(ValueError, match="is a subclassed model"):
        NoiseHyperModel(lambda: Subclassed()).build(plain)
    with pytest.raises(ValueError, match="must be a functional or a Sequential"):
        NoiseHyperModel(lambda: "model").build(plain)


def test_head_may_be_all_there_is():
    assert len(noise_layers(built(single, "dropout", "before_head"))) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"placements": "before_weights"}, "must be a tuple of names"),
        ({"placements": ("before",)}, "Unknown placement 'before'. Valid are"),
        ({"placements": ()}, "no placement for 'dropout'"),
        ({"placements": ("replace_activations",)}, "Add it there"),
        (
            {
                "layers": ("dropout", "dropactivation"),
                "placements": ("replace_activations",),
            },
            "no placement for 'dropout'",
        ),
        ({"layers": ("droput",)}, "'droput'"),
        ({"rates": (2.0,)}, r"a float in \[0, 1\)"),
        ({"seed": -1}, "`seed` must be"),
        ({"build_model": mlp()}, "a keras_tuner.HyperModel"),
        ({"build_model": Inner}, "a keras_tuner.HyperModel"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        NoiseHyperModel(**{"build_model": mlp, **options})


def shared(nested):
    """One dense layer on the data, and on what was learned; twice in all."""
    layer = layers.Dense(6, "relu", name="shared")
    if nested:
        layer = keras.Sequential([keras.Input((6,)), layer], name="inner")
    x = inputs = keras.Input((6,))
    x = layer(layers.Rescaling(2.0)(x))
    x = layer(layers.Dense(6, name="between")(x))
    return keras.Model(inputs, layers.Dense(2, name="head")(x))


@pytest.mark.parametrize("placement", ["before_weights", "before_head"])
def test_a_layer_on_the_data_and_elsewhere_has_noise_elsewhere_only(placement):
    model = built(lambda: shared(nested=False), "dropout", placement, rate=0.5)
    names = [c.layer.name for c in walk(model) if isinstance(c.layer, layers.Dropout)]
    assert (
        names
        == {
            "before_weights": ["between_dropout", "shared_dropout", "head_dropout"],
            "before_head": ["head_dropout"],
        }[placement]
    )
    model = built(lambda: shared(nested=True), "dropout", placement, rate=0.5)
    names = [c.layer.name for c in walk(model) if isinstance(c.layer, layers.Dropout)]
    assert (
        names
        == {
            "before_weights": ["between_dropout", "head_dropout"],
            "before_head": ["head_dropout"],
        }[placement]
    )


def test_no_noise_on_data_that_stand_beside_what_is_learned():
    """As the values of an attention layer, in the model and in a nested one."""

    def attention(nested):
        query, value = keras.Input((3, 6)), keras.Input((4, 6))
        layer = layers.MultiHeadAttention(2, 3, name="attention")
        outputs = layer(layers.Dense(6, name="first")(query), value)
        if nested:
            a, b = keras.Input((3, 6)), keras.Input((4, 6))
            inner = keras.Model([a, b], layer(a, b), name="inner")
            outputs = inner([layers.Dense(6, name="first")(query), value])
        return keras.Model([query, value], outputs)

    for nested in (False, True):
        model = built(lambda n=nested: attention(n), "gauss", layers=(GAUSS,))
        drops = [c for c in walk(model) if type(c.layer) is layers.GaussianDropout]
        assert [c.layer.name for c in drops] == ["attention_gaussian_dropout"]
        assert drops[0].tensors[0].shape == (None, 3, 6)


GAUSS = ("gauss", layers.GaussianDropout)
