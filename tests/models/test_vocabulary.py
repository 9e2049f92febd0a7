import keras
import pytest

from keras_regnoise.layers import ICLayer, RotationOut, SpatialRotationOut, WeightNoise
from keras_regnoise.models import densenet, mlp, resnet, resnext, wide_resnet

NOISY = ("noise", "conv", "norm", "relu")


def dropout():
    return keras.layers.Dropout(0.1)


def dropout_5():
    return keras.layers.Dropout(0.1, seed=5)


def named(model, part):
    return [layer for layer in model.layers if part in layer.name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"unit": ("conv", "nrom", "relu")}, r"without a meaning: \['nrom'\]"),
        ({"unit": NOISY}, "`noise=` for"),
        ({"noise": dropout}, r"given for \['noise'\], but `unit` does not say"),
        ({"layers": {"blur": dropout}}, r"given for \['blur'\]"),
        ({"layers": {"relu": dropout}}, "Use `activation=`"),
        ({"layers": {"conv": dropout}}, "'conv' is the weight"),
        ({"shortcut": ("conv", "nrom")}, "without a meaning"),
        ({"shortcut": ("norm",)}, 'must be \\(\\) or hold the word "conv" once'),
        ({"activation": keras.activations.relu}, "must take no argument"),
        ({"activation": lambda: "relu"}, "returned: 'relu'"),
        (
            {"unit": NOISY, "noise": dropout, "noise_stages": (3, 4)},
            r"numbers of \[1, 2, 3\], .* Received: noise_stages=\(3, 4\)",
        ),
        ({"unit": NOISY, "noise": dropout, "noise_stages": 3}, r"example \(3,\)"),
        ({"classes": 1}, "`classes` must be an integer of 2 or more"),
    ],
)
def test_words_and_meanings_must_match(arguments, message):
    with pytest.raises(ValueError, match=message):
        resnet(8, **arguments)


@pytest.mark.parametrize(
    ("build", "name", "meant"),
    [
        (resnet, "nosie", "noise"),
        (resnet, "clases", "classes"),
        (resnext, "short_cut", "shortcut"),
        (densenet, "noisestages", "noise_stages"),
        (mlp, "activations", "activation"),
    ],
)
def test_a_misspelt_argument_is_no_word(build, name, meant):
    own = {"classes": 2, "input_shape": (3,)} if build is mlp else {}
    message = f"There is no argument '{name}'. Did you mean '{meant}'.* classes,"
    with pytest.raises(TypeError, match=message):
        build(**own, **{name: dropout})


def test_a_word_of_your_own():
    model = resnet(
        8,
        ("conv", "gn", "relu"),
        layers={"gn": lambda: keras.layers.GroupNormalization(4)},
    )
    assert len(named(model, "_gn")) == 7


def test_one_seed_in_a_factory_gives_every_place_its_own():
    model = resnet(8, NOISY, noise=lambda: keras.layers.Dropout(0.1, seed=5))
    seeds = [layer.seed for layer in named(model, "noise")]
    assert len(seeds) == 6
    assert len(set(seeds)) == 6
    again = resnet(8, NOISY, noise=lambda: keras.layers.Dropout(0.1, seed=5))
    assert seeds == [layer.seed for layer in named(again, "noise")]


def test_a_layer_without_a_seed_is_left_without():
    model = resnet(8, NOISY, noise=dropout, seed=1)
    assert [layer.seed for layer in named(model, "noise")] == [None] * 6


def test_ic_layers_get_seeds_of_their_own():
    model = resnet(8, ("ic", "conv", "relu"), seed=1)
    seeds = [layer.seed for layer in model.layers if isinstance(layer, ICLayer)]
    assert len(seeds) == 7
    assert len(set(seeds)) == 7
    assert None not in seeds


def inner_seeds(model, path):
    seeds = []
    for layer in named(model, "_word"):
        for name in path:
            layer = layer[name] if isinstance(name, int) else getattr(layer, name)
        seeds.append(layer.seed)
    return seeds


@pytest.mark.parametrize(
    ("factory", "path"),
    [
        (lambda: ICLayer(noise=keras.layers.Dropout(0.1, seed=5)), ("noise",)),
        (lambda: ICLayer(noise=RotationOut(0.1, seed=5), seed=5), ("noise",)),
        (lambda: keras.layers.TimeDistributed(dropout_5()), ("layer",)),
        (lambda: WeightNoise(keras.layers.Conv2D(4, 1), 0.1, seed=5), ()),
        (lambda: keras.Sequential([dropout_5(), dropout_5()]), ("layers", 0)),
        (lambda: keras.Sequential([dropout_5(), dropout_5()]), ("layers", 1)),
    ],
    ids=["noise", "noise of a seeded one", "wrapped", "wrapper", "first", "second"],
)
def test_seeds_inside_a_layer_become_those_of_its_place(factory, path):
    def build():
        unit = ("word", "conv", "norm", "relu")
        return resnet(8, unit, input_shape=(8, 8, 3), layers={"word": factory})

    seeds = inner_seeds(build(), path)
    assert len(seeds) == 7
    assert len({*seeds, 5}) == 8
    assert inner_seeds(build(), path) == seeds


def test_two_seeds_inside_one_layer_differ():
    model = resnet(
        8,
        ("word", "conv", "norm", "relu"),
        layers={"word": lambda: keras.Sequential([dropout_5(), dropout_5()])},
    )
    inner = [layer.layers for layer in named(model, "_word")]
    assert len({one.seed for pair in inner for one in pair}) == 14


def test_what_has_no_seed_inside_is_left_without():
    model = resnet(
        8,
        ("word", "conv", "norm", "relu"),
        layers={"word": lambda: ICLayer(noise=dropout())},
        seed=1,
    )
    assert [layer.noise.seed for layer in named(model, "_word")] == [None] * 7


def test_a_shared_instance_becomes_a_layer_for_every_place():
    instance = keras.layers.SpatialDropout2D(0.25)
    model = resnet(8, NOISY, noise=lambda: instance)
    layers = named(model, "noise")
    assert len({id(layer) for layer in layers}) == 6
    assert {layer.rate for layer in layers} == {0.25}


@pytest.mark.parametrize(
    ("unit", "biased"),
    [
        (("conv", "relu"), True),
        (("conv", "vcl", "relu"), True),
        (("conv", "norm", "relu"), False),
        (("relu", "ic", "conv"), False),
    ],
)
def test_biases_stand_only_where_nothing_normalizes(unit, biased):
    model = resnet(8, unit, input_shape=(8, 8, 3))
    assert {layer.use_bias for layer in named(model, "conv")} == {biased}


def test_selu_starts_from_lecun_weights():
    def initializer(activation):
        model = mlp(1, activation=activation, classes=2, input_shape=(3,))
        return type(model.get_layer("hidden1_dense").kernel_initializer)

    assert initializer("selu") is keras.initializers.LecunNormal
    assert initializer("relu") is keras.initializers.HeNormal


def test_the_classifier_answers_in_float32():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = resnet(8)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("stem_conv").output.dtype == "float16"
    assert model.output.dtype == "float32"


def test_images_are_channels_last_whatever_the_global_setting():
    keras.config.set_image_data_format("channels_first")
    try:
        model = resnet(8, shortcut=(), input_shape=(16, 12, 3))
    finally:
        keras.config.set_image_data_format("channels_last")
    assert model.get_layer("stage3_unit1_add").output.shape == (None, 4, 3, 64)


def test_the_noise_of_images_is_channels_last_too():
    keras.config.set_image_data_format("channels_first")
    try:
        model = resnet(8, NOISY, noise=lambda: SpatialRotationOut(0.1))
    finally:
        keras.config.set_image_data_format("channels_last")
    noise = named(model, "noise")
    assert len(noise) == 6
    assert {layer.data_format for layer in noise} == {"channels_last"}


@pytest.mark.parametrize("depth", ["16", 16.5, None])
def test_a_depth_that_is_no_integer(depth):
    with pytest.raises(ValueError, match="`depth` must be an integer"):
        wide_resnet(depth, 2)
