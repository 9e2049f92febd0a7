import keras
import pytest

pytest.importorskip("keras_tuner")

import keras_tuner

from keras_regnoise.layers import ICLayer, RotationOut, SpatialRotationOut
from keras_regnoise.tuning import enumerate_space, noise
from tests.tuning.spaces import drops_whole_channels, hyperparameters

KINDS = [
    ("dropout", None, keras.layers.Dropout),
    ("dropout", 4, keras.layers.Dropout),
    ("spatialdropout", 2, keras.layers.Dropout),
    ("spatialdropout", 3, keras.layers.SpatialDropout1D),
    ("spatialdropout", 4, keras.layers.SpatialDropout2D),
    ("spatialdropout", 5, keras.layers.SpatialDropout3D),
    ("rotationout", None, RotationOut),
    ("rotationout", 2, RotationOut),
    ("rotationout", 3, SpatialRotationOut),
    ("rotationout", 4, SpatialRotationOut),
    ("spatialrotationout", None, SpatialRotationOut),
    ("spatialrotationout", 2, RotationOut),
    ("iclayer", None, ICLayer),
]


def chosen(kind, rate=0.3, name="n", **options):
    hp = hyperparameters(**{name: kind, f"{name}_rate": rate})
    options = {"layers": (kind,), "rates": (0.0, rate), **options}
    return noise(hp, name, **options)


@pytest.mark.parametrize(("kind", "rank", "layer_type"), KINDS)
def test_kinds(kind, rank, layer_type):
    layer = chosen(kind, rank=rank, seed=3)
    assert type(layer) is layer_type
    assert layer.rate == 0.3
    if rank is not None:
        assert layer(keras.Input((4,) * (rank - 1))).shape == (None, *(4,) * (rank - 1))


@pytest.fixture
def _channels_first():
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format(before)


@pytest.mark.usefixtures("_channels_first")
@pytest.mark.parametrize(
    ("kind", "rank"),
    [
        *[("spatialdropout", 3), ("spatialdropout", 4), ("spatialdropout", 5)],
        *[("rotationout", 3), ("rotationout", 4), ("spatialrotationout", None)],
        ("iclayer", None),
    ],
)
def test_the_data_format_is_that_of_keras_if_none_is_said(kind, rank):
    first = chosen(kind, rank=rank)
    last = chosen(kind, rank=rank, data_format="channels_last")
    if kind == "spatialdropout":
        assert drops_whole_channels(first, rank, axis=1)
        assert drops_whole_channels(last, rank, axis=-1)
    elif kind == "iclayer":
        assert (first.normalization.axis, last.normalization.axis) == (1, -1)
    else:
        assert first.data_format == "channels_first"
        assert last.data_format == "channels_last"


def test_no_noise_is_one_point_of_the_space():
    grid = enumerate_space(lambda hp: noise(hp, "n"))
    rates = (0.1, 0.2, 0.3)
    assert grid == [
        {"n": "none"},
        *[{"n": "dropout", "n_rate": rate} for rate in rates],
        *[{"n": "rotationout", "n_rate": rate} for rate in rates],
    ]
    assert isinstance(chosen("none", layers=("dropout",)), keras.layers.Identity)


@pytest.mark.parametrize(
    ("layers", "rates", "values"),
    [
        (("dropout",), (0.0,), ["none"]),
        (("none",), (0.1,), ["none"]),
        (("dropout", "none"), (0.1,), ["none", "dropout"]),
        (("dropout",), (0.1, 0.1), ["dropout"]),
        (("dropout",), (0, 0.1), ["none", "dropout"]),
    ],
)
def test_spaces_of_little(layers, rates, values):
    grid = enumerate_space(lambda hp: noise(hp, "n", layers, rates))
    assert [point["n"] for point in grid] == values


def test_own_kinds():
    gaussian = ("gaussian", keras.layers.GaussianDropout)
    layer = chosen("gaussian", layers=(gaussian,), seed=3)
    assert (type(layer), layer.rate) == (keras.layers.GaussianDropout, 0.3)
    assert layer.seed == chosen("dropout", seed=3).seed
    double = ("double", lambda rate: keras.layers.Dropout(rate * 2))
    assert chosen("double", layers=(double,)).rate == 0.6
    wrong = ("wrong", lambda rate: rate)
    with pytest.raises(ValueError, match=r"'wrong' .* must return a Keras layer"):
        chosen("wrong", layers=(wrong,))


def test_seeds_depend_on_seed_and_name_alone():
    seed = chosen("dropout", seed=1).seed
    assert seed == chosen("rotationout", seed=1, rate=0.1).seed
    others = [chosen("dropout", seed=2), chosen("dropout", seed=1, name="m")]
    assert len({seed, *[layer.seed for layer in others]}) == 3
    assert chosen("rotationout").seed is None


def test_in_scopes():
    def build(hp):
        hp.Choice("model", ["a", "b"])
        with hp.conditional_scope("model", ["b"]), hp.name_scope("top"):
            assert isinstance(noise(hp, "n", rates=(0.0, 0.2)), keras.Layer)

    assert enumerate_space(build) == [
        {"model": "a"},
        {"model": "b", "top/n": "none"},
        {"model": "b", "top/n": "dropout", "top/n_rate": 0.2},
        {"model": "b", "top/n": "rotationout", "top/n_rate": 0.2},
    ]


def test_name_that_is_taken():
    hp = keras_tuner.HyperParameters()
    hp.Choice("n", ["small", "large"])
    with pytest.raises(ValueError, match=r"'n' has the value 'small'.*rename"):
        noise(hp, "n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": "dropout"}, "must be a tuple of names"),
        ({"layers": ()}, "must be a tuple of names"),
        (
            {"layers": ("droput",)},
            r"'droput'. Valid are 'none', 'dropout', .*'iclayer'",
        ),
        ({"layers": (keras.layers.Dropout,)}, "a pair of a name and a function"),
        ({"layers": (("a", "b"),)}, "a pair of a name and a function"),
        ({"layers": ("dropout", "dropout")}, "names 'dropout' twice"),
        ({"layers": (("none", keras.layers.Dropout),)}, "'none', which is taken"),
        ({"layers": ("dropactivation",)}, "Use NoiseHyperModel"),
        ({"rates": ()}, r"floats in \[0, 1\)"),
        ({"rates": 0.1}, r"Received: rates=0.1"),
        ({"rates": (0.1, 1.0)}, r"a float in \[0, 1\)"),
        ({"rates": ("0.1",)}, r"a float in \[0, 1\)"),
        ({"seed": 1.5}, "`seed` must be"),
        ({"data_format": "first"}, "`data_format` must be.*Received: .*first"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        noise(keras_tuner.HyperParameters(), "n", **options)


def test_spatial_dropout_needs_the_rank():
    with pytest.raises(ValueError, match=r"noise\(..., rank=3\)"):
        chosen("spatialdropout")
