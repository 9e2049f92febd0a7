import numpy as np
import pytest

from keras_regnoise.datasets import Split
from keras_regnoise.datasets._stratify import divide, draw

SIZES = (500, 120, 37, 2)  # of four classes, the last one rare
Y = np.repeat(np.arange(4), SIZES)


def data(y=Y):
    return Split(np.arange(len(y), dtype="float32")[:, None], y)


@pytest.mark.parametrize("count", [1, 33, 66, 600, 657])
def test_every_class_gives_its_share(count):
    drawn, rest = draw(Y, count, (0,))
    assert sorted([*drawn, *rest]) == list(range(len(Y)))
    assert len(drawn) == count
    shares = np.bincount(Y[drawn], minlength=4) - count * np.array(SIZES) / len(Y)
    assert np.abs(shares).max() <= 1.0


def test_a_draw_follows_from_its_seed():
    assert (draw(Y, 50, (1,))[0] == draw(Y, 50, (1,))[0]).all()
    assert set(draw(Y, 50, (1,))[0]) != set(draw(Y, 50, (2,))[0])
    assert set(draw(Y, 50, (1,))[0]) < set(draw(Y, 80, (1,))[0])


def test_every_class_is_drawn_where_asked_for():
    assert set(Y[draw(Y, 4, (0,), every_class=True)[0]]) == {0, 1, 2, 3}


def test_missing_parts_are_taken_from_train():
    parts = divide({"train": data()}, seed=0)
    assert list(parts) == ["train", "validation", "test"]
    assert [len(part.y) for part in parts.values()] == [474, 53, 132]
    rows = np.concatenate([part.x[:, 0] for part in parts.values()])
    assert sorted(rows) == list(range(len(Y)))
    assert all((Y[part.x[:, 0].astype(int)] == part.y).all() for part in parts.values())
    assert set(parts["train"].y) == {0, 1, 2, 3}
    given = divide({"train": data(), "test": data()}, seed=0)
    assert (given["test"].x == data().x).all()
    assert len(given["validation"].y) == 66


def test_cutting_down_leaves_the_split_as_it_is():
    full = divide({"train": data()}, seed=3)
    small = divide({"train": data()}, seed=3, examples=40, test_examples=10)
    assert (small["validation"].x == full["validation"].x).all()
    for part, count in (("train", 40), ("test", 10)):
        assert len(small[part].y) == count
        assert set(small[part].x[:, 0]) < set(full[part].x[:, 0])
    all_but_one = divide({"train": data()}, seed=3, examples=473)
    assert len(all_but_one["train"].y) == 473


@pytest.mark.parametrize("argument", ["examples", "test_examples"])
@pytest.mark.parametrize("count", [-1, 0, 2, 10_000])
def test_sizes_that_cannot_be(argument, count):
    with pytest.raises(
        ValueError, match=rf"`{argument}` must be an integer from .*={count}$"
    ):
        divide({"train": data()}, 0, **{argument: count})


def test_classes_that_cannot_be_split():
    with pytest.raises(ValueError, match=r"Class 1 .* has one example"):
        divide({"train": data(np.array([0] * 20 + [1]))}, 0)
    with pytest.raises(ValueError, match="at least 10 examples"):
        divide({"train": data(np.array([0, 0, 1, 1]))}, 0)
