"""The papers' tables, read a second time."""

import pytest

pytest.importorskip("keras_tuner")

from keras_regnoise.studies import registry
from keras_regnoise.studies.papers.published import published, rows

# Written by hand from the papers, after the files.
_WIDE = "WideResNet-28-10, CIFAR-100"
BY_HAND = {
    "rotationout_table1": [
        # group, arm, of the last ten epochs, best; percent, with its spread
        ("ResNet-110, CIFAR-100", "none", (71.93, 0.16), (72.12, 0.18)),
        ("ResNet-110, CIFAR-100", "Dropout 0.8", (73.33, 0.27), (73.59, 0.28)),
        ("ResNet-110, CIFAR-100", "Dropout 0.6", (71.79, 0.20), (72.10, 0.21)),
        ("ResNet-110, CIFAR-100", "RotationOut 0.9", (74.23, 0.25), (74.41, 0.16)),
        ("ResNet-110, CIFAR-100", "RotationOut 0.6", (71.83, 0.35), (72.17, 0.33)),
        (_WIDE, "Dropout 0.7", (78.75, 0.15), (78.87, 0.13)),
        # The best is below the mean of the last ten: so it is printed.
        (
            "WideResNet-28-10, CIFAR-100",
            "RotationOut 0.7",
            (79.69, 0.11),
            (78.80, 0.15),
        ),
        (
            "WideResNet-28-10, CIFAR-100",
            "RotationOut 0.6",
            (79.76, 0.32),
            (79.93, 0.33),
        ),
    ],
    "ic_table1": [
        ("ResNet-110, CIFAR-10", "baseline", 0.9292),
        ("ResNet-110, CIFAR-100", "ReLU-IC-Conv2D", 0.725),
        ("ResNet-164, CIFAR-10", "Conv2D-ReLU-IC", 0.9411),
        ("ResNet-164, CIFAR-100", "IC-Conv2D-ReLU", 0.7273),
        ("ResNet-B-110, CIFAR-10", "ReLU-IC-Conv2D", 0.9448),
        ("ResNet-B-110, CIFAR-100", "Conv2D-ReLU-IC", 0.7482),
        ("ResNet-B-164, CIFAR-100", "baseline", 0.7465),
        ("ResNet-B-164, CIFAR-100", "IC-Conv2D-ReLU", 0.7616),
    ],
    "vcl_table2": [
        ("CIFAR-10, ReLU", "none", 0.0836),
        ("CIFAR-100, ReLU", "bn", 0.291),
        ("CIFAR-100, ReLU", "vcl, n = 2", 0.303),
        ("CIFAR-10, LReLU", "vcl, n = 5", 0.0648),
        ("CIFAR-100, LReLU", "gn", 0.283),
        ("CIFAR-10, ELU", "bn", 0.0663),
        ("CIFAR-10, ELU", "vcl, n = 2", 0.0615),
        ("CIFAR-100, ELU", "vcl, n = 2", 0.256),
    ],
    "vcl_table4": [
        ("ReLU", "vcl", 27),
        ("ELU", "none", 14),
        ("SELU", "vcl", 28),
    ],
    "vcl_table5_wins": [
        ("ReLU", "vcl", 3),
        ("ELU", "none", 5),
        ("SELU", "bn", 7),
    ],
    "vcl_table5": [
        ("abalone, ReLU", "none", 0.334),
        ("hill-valley, ReLU", "none", 0.530),
        ("hill-valley, SELU", "vcl", 0.187),
        ("chess-krvk, SELU", "bn", 0.435),
        ("letter, ELU", "bn", 0.037),
        ("semeion, ReLU", "bn", 0.110),
        ("titanic, SELU", "none", 0.214),
        ("wall-following, ELU", "vcl", 0.093),
        ("wine-quality-white, ELU", "none", 0.461),
        ("waveform, SELU", "vcl", 0.147),
    ],
}
SIZES = {
    "rotationout_table1": 2 * 2 * 9,
    "ic_table1": 2 * 4 * 4,
    "vcl_table2": 2 * 27,
    "vcl_table4": 9,
    "vcl_table5_wins": 9,
    "vcl_table5": 44 * 9,
}


def value(table, group, arm, metric=""):
    (row,) = (
        row
        for row in rows(table)
        if (row["group"], row["arm"]) == (group, arm) and metric in row["metric"]
    )
    return row


@pytest.mark.parametrize("table", BY_HAND)
def test_values_are_those_of_the_paper(table):
    assert len(rows(table)) == SIZES[table]
    for group, arm, *numbers in BY_HAND[table]:
        if len(numbers) == 1:
            assert float(value(table, group, arm)["value"]) == numbers[0]
            continue
        for metric, (percent, spread) in zip(("average", "best"), numbers, strict=True):
            row = value(table, group, arm, metric)
            assert float(row["value"]) == pytest.approx(percent / 100)
            assert float(row["spread"]) == pytest.approx(spread / 100)
            assert row["n"] == "5"


def test_thirty_values_are_checked():
    assert sum(len(values) for values in BY_HAND.values()) >= 30


@pytest.mark.parametrize("table", BY_HAND)
def test_every_row_says_where_it_is_from(table):
    for row in rows(table):
        assert row["paper"]
        assert row["table"].startswith("Table ")
        assert None not in row  # no cell too many
        assert (
            0 < float(row["value"]) <= 1
            or row["metric"].startswith("wins")
            or "0" in row["value"]
        )


def test_empty_cells_are_none():
    number = published("ic_table1")[0]
    assert (number.spread, number.n) == (None, None)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("rotationout-keep-rate", "rotationout_table1"),
        ("ic-units", "ic_table1"),
        ("vcl-cifar", "vcl_table2"),
    ],
)
def test_studies_publish_the_tables(name, table):
    numbers = registry.find(name)[0].published
    assert numbers[: SIZES[table]] == published(table)
    # What stands beside a smaller network says where it is from.
    assert all(number.of for number in numbers[SIZES[table] :])


def test_the_wins_of_nine_are_those_of_the_table_without_two_sets():
    errors = {}
    for row in rows("vcl_table5"):
        name, activation = row["group"].rsplit(", ", 1)
        errors.setdefault(name, {})[activation, row["arm"]] = float(row["value"])

    def wins(*left_out):
        counted = [e for name, e in errors.items() if name not in left_out]
        return {
            key: sum(e[key] == min(e.values()) for e in counted) for key in counted[0]
        }

    printed = {
        (row["group"], row["arm"]): int(row["value"]) for row in rows("vcl_table5_wins")
    }
    # All nine options are equal in the one, all but one in the other.
    assert wins("mushroom", "statlog-shuttle") == printed
    with_ties = {key: count + 2 for key, count in printed.items()}
    assert wins() == with_ties | {("SELU", "bn"): printed["SELU", "bn"] + 1}
