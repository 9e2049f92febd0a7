import math
from dataclasses import replace

import pytest

pytest.importorskip("rich")
pytest.importorskip("scipy")

from scipy import stats

from keras_regnoise.studies import report
from tests.studies.report.synthetic import (
    ACCURACIES,
    changed,
    failed,
    first,
    keeping,
    measured,
    published,
    toy,
)


def by_arm(run, metric=None):
    return {a.arm: a for a in report.summarize(run, metric)}


def test_differences_are_paired_by_seed():
    run = toy()
    arms = by_arm(replace(run, records=run.records[::-1]))
    assert list(arms) == list(ACCURACIES)
    difference = arms["Dropout 0.1"].difference
    result = stats.ttest_rel(ACCURACIES["Dropout 0.1"], ACCURACIES["none"])
    low, high = result.confidence_interval(0.95)
    assert (difference.low, difference.high) == pytest.approx((low, high))
    # Differences 0.02, 0.01, 0.03: much narrower than two separate intervals.
    assert difference.mean == pytest.approx(0.02)
    assert difference.deviation == pytest.approx(0.01)
    assert arms["none"].difference is None
    assert arms["none"].is_baseline
    assert arms["none"].value.mean == pytest.approx(0.92)


def test_a_seed_without_its_pair_does_not_count():
    arms = by_arm(keeping(toy(), lambda r: (r.arm, r.seed) != ("none", 1)))
    assert arms["Dropout 0.1"].difference.count == 2
    assert arms["Dropout 0.1"].value.count == 3
    assert arms["none"].planned == 3


def test_groups_have_their_own_baseline():
    def lower(record):
        accuracy = record.metrics["test_accuracy"] - 0.5 * (record.key == ("B", "none"))
        return replace(record, metrics={"test_accuracy": accuracy})

    run = changed(toy(groups=("A", "B")), lower)
    arms = {(a.group, a.arm): a for a in report.summarize(run)}
    assert arms["A", "Dropout 0.1"].difference.mean == pytest.approx(0.02)
    assert arms["B", "Dropout 0.1"].difference.mean == pytest.approx(0.52)


def test_failures_and_nan_are_counted_and_in_no_mean():
    run = failed(toy(), 1)  # Dropout 0.1, seed 0
    run = measured(run, 4, test_accuracy=math.nan)  # Dropout 0.1, seed 1
    run = measured(run, 2, test_accuracy=math.inf)  # Dropout 0.3, seed 0
    arms = by_arm(run)
    dropout = arms["Dropout 0.1"]
    assert (dropout.failed, dropout.not_finite, dropout.value.count) == (1, 1, 1)
    assert dropout.value.mean == 0.97
    assert math.isnan(dropout.value.half_width)
    assert arms["Dropout 0.3"].not_finite == 1
    assert arms["Dropout 0.3"].difference.count == 2


@pytest.mark.parametrize("count", [0, 1, 5])
def test_unfinished_folders_have_all_planned_arms(count):
    arms = report.summarize(first(toy(), count))
    assert [a.arm for a in arms] == list(ACCURACIES)
    assert sum(a.value.count for a in arms) == count
    assert sum(a.planned for a in arms) == 9


def test_an_unknown_metric_names_the_known_ones():
    with pytest.raises(ValueError, match=r"no_such.*test_accuracy"):
        report.summarize(toy(), "no_such")


def numbers(difference, **options):
    return [
        published("none", 0.80, **options),
        published("Dropout 0.1", 0.80 + difference, **options),
    ]


# Ours: +0.05 ± 0.025, or +0.02 ± 0.025, or nothing of the kind with fewer pairs.
CLEAR = {"none": [0.80, 0.81, 0.82], "Dropout 0.1": [0.85, 0.85, 0.88]}
UNCLEAR = {"none": [0.80, 0.81, 0.82], "Dropout 0.1": [0.82, 0.82, 0.85]}
FEW = {"none": [0.80, 0.81], "Dropout 0.1": [0.90, 0.91]}


@pytest.mark.parametrize(
    ("accuracies", "difference", "verdict"),
    [
        (CLEAR, 0.001, "agrees in direction"),
        (CLEAR, -0.001, "differs in direction"),
        (CLEAR, 0.0, "no difference published"),
        (UNCLEAR, 0.02, "not distinguishable"),
        (UNCLEAR, -0.02, "not distinguishable"),
        (FEW, 0.1, "too few runs"),
    ],
)
def test_verdicts_about_direction(accuracies, difference, verdict):
    assert (
        by_arm(toy(accuracies, numbers=numbers(difference)))["Dropout 0.1"].verdict
        == verdict
    )


def test_direction_needs_a_published_baseline_of_the_same_metric():
    one = [published("Dropout 0.1", 0.85)]
    arms = by_arm(toy(CLEAR, numbers=one))
    assert arms["Dropout 0.1"].verdict == "other protocol"
    assert arms["none"].verdict == ""
    other = [*one, published("none", 0.8, metric="best_test_accuracy")]
    assert by_arm(toy(CLEAR, numbers=other))["Dropout 0.1"].verdict == "other protocol"


def test_published_numbers_of_other_metrics_are_not_compared():
    dropout = by_arm(toy(CLEAR, numbers=numbers(0.1, metric="test_loss")))[
        "Dropout 0.1"
    ]
    assert (dropout.published, dropout.verdict) == ((), "")
    # The best epoch stands for the last where there is nothing else.
    best = numbers(0.1, metric="best_test_accuracy")
    dropout = by_arm(toy(CLEAR, numbers=best))["Dropout 0.1"]
    assert dropout.published[0].metric == "best_test_accuracy"
    assert dropout.verdict == "agrees in direction"


def baseline_verdict(value, scale="paper", accuracies=CLEAR, **options):
    number = published("none", value, **options)
    return by_arm(toy(accuracies, scale=scale, numbers=[number]))["none"].verdict


def test_verdicts_about_the_level():
    # Ours: 0.81 ± 0.0248.
    assert baseline_verdict(0.81, scale="short") == "other protocol"
    assert baseline_verdict(0.81, metric="best_test_accuracy") == "other protocol"
    assert baseline_verdict(0.70, of="another network") == "other protocol"
    assert baseline_verdict(0.83) == "not distinguishable"
    assert baseline_verdict(0.84) == "below the published level"
    assert baseline_verdict(0.70) == "above the published level"
    assert baseline_verdict(0.70, accuracies=FEW) == "too few runs"


def test_the_level_counts_the_papers_spread():
    ours, n, spread = CLEAR["none"], 5, 0.02
    for value in (0.825, 0.835, 0.84, 0.85):
        p = stats.ttest_ind_from_stats(
            0.81, stats.tstd(ours), 3, value, spread, n, equal_var=False
        ).pvalue
        expected = "below the published level" if p < 0.05 else "not distinguishable"
        assert baseline_verdict(value, spread=spread, n=n) == expected
    # 0.0261 wide with the paper's spread, 0.0248 without.
    assert baseline_verdict(0.835, spread=spread, n=n) == "not distinguishable"
    assert baseline_verdict(0.835, spread=spread) == "below the published level"
    assert baseline_verdict(0.84, spread=spread, n=n) == "below the published level"


def test_one_example_more_in_every_pair_is_no_certainty():
    """Of 1,000 test images; a loss may show any difference."""
    run = toy({"none": [0.90, 0.91, 0.92], "Dropout 0.1": [0.901, 0.911, 0.921]})
    found = report.summarize(run)[1].difference
    assert found.mean == pytest.approx(0.001)
    assert found.deviation == pytest.approx(0.001 / 6**0.5)
    assert not found.excludes_zero
    assert report.summarize(run, "test_loss")[1].difference.excludes_zero
    assert "no arm is distinguishable" in report.answer(report.summarize(run), run)


@pytest.mark.parametrize(
    ("metric", "more", "least"),
    [
        ("test_error", {}, 0.001),
        ("selected_test_error", {}, 0.001),
        ("recalibrated_test_accuracy", {}, 0.001),
        ("val_error", {"val_accuracy": 0.9}, 1 / 297),
        ("val_error", {}, 0.0),  # without an accuracy, it may be one of any kind
        ("test_squared_error", {}, 0.0),
        ("average_test_accuracy", {}, 0.0),
    ],
)
def test_what_is_a_share_of_examples(metric, more, least):
    run = changed(
        toy(), lambda r: replace(r, metrics={**r.metrics, metric: 0.5, **more})
    )
    found = report.summarize(run, metric)[1].difference
    assert found.deviation == pytest.approx(least / 6**0.5)


def test_a_share_of_pixels_has_finer_steps_than_examples():
    table = {"none": [0.9, 0.9013, 0.9021], "Dropout 0.1": [0.9001, 0.9015, 0.9022]}
    found = report.summarize(toy(table))[1].difference  # of 1,000 test images
    assert found.deviation == pytest.approx(0.0001 / 3**0.5, rel=1e-3)
