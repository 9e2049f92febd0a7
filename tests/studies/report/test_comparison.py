import csv
import io
import json
from dataclasses import replace

import pytest

pytest.importorskip("rich")

from keras_regnoise.studies import report
from tests.studies.report.synthetic import (
    ACCURACIES,
    coded,
    elsewhere,
    first,
    keeping,
    measured,
    toy,
)

WORSE, BETTER, SAME = (-0.02, -0.021, -0.019), (0.02, 0.021, 0.019), (0.01, -0.01, 0.0)


def shifted(*by, **options):
    changes = dict(zip(ACCURACIES, by, strict=True))
    accuracies = {
        name: [a + change for a, change in zip(own, changes[name], strict=True)]
        for name, own in ACCURACIES.items()
    }
    return toy(accuracies, **options)


def test_b_minus_a_in_pairs():
    stats = pytest.importorskip("scipy.stats")
    a, b = toy(), shifted(WORSE, BETTER, SAME)
    none, up, same = report.compare(a, b)
    result = stats.ttest_rel(
        [r.metrics["test_accuracy"] for r in b.records if r.arm == "none"],
        ACCURACIES["none"],
    )
    expected = tuple(result.confidence_interval(0.95))
    assert (none.difference.low, none.difference.high) == pytest.approx(expected)
    assert [c.verdict for c in (none, up, same)] == [
        "significantly worse",
        "significantly better",
        "not distinguishable",
    ]
    assert [c.significantly_worse for c in (none, up, same)] == [True, False, False]
    assert none.differs == ()


def worse(a, b, *options):
    return [c.significantly_worse for c in report.compare(a, b, *options)]


def test_less_may_be_better():
    b = shifted(WORSE, BETTER, SAME)
    assert worse(toy(), b) == [True, False, False]
    assert worse(toy(direction="min"), b) == [False, True, False]
    # The loss is 1 - accuracy: what is worse in one is worse in the other.
    assert worse(toy(), b, "test_loss") == [True, False, False]


def score(run):
    values = [{"val_mae": a, "val_score": a, "val_auc": a} for a in accuracies(run)]
    for index, metrics in enumerate(values):
        run = measured(run, index, **metrics)
    return run


def accuracies(run):
    return [record.metrics["test_accuracy"] for record in run.records]


def test_the_direction_is_told_by_the_name_or_asked_for():
    a, b = score(toy()), score(shifted(WORSE, BETTER, SAME))
    assert worse(a, b, "val_mae") == [False, True, False]
    assert worse(a, b, "val_auc") == [True, False, False]
    with pytest.raises(ValueError, match=r"val_score.*direction='max' or 'min'"):
        report.compare(a, b, "val_score")
    assert worse(a, b, "val_score", "min") == [False, True, False]
    assert worse(a, b, "val_score", "max") == [True, False, False]


def test_equal_runs_are_equal():
    comparisons = report.compare(toy(), toy())
    assert {c.verdict for c in comparisons} == {"equal"}
    assert not any(c.significantly_worse for c in comparisons)


def test_only_seeds_of_both_are_compared():
    a, b = toy(), shifted(WORSE, WORSE, WORSE)
    for comparison in report.compare(a, keeping(b, lambda r: r.seed != 1)):
        assert comparison.difference.count == 2
        assert (comparison.a.count, comparison.b.count) == (3, 2)
        assert comparison.verdict == "too few pairs"
        assert not comparison.significantly_worse
    for comparison in report.compare(a, first(b, 0)):
        assert (comparison.difference, comparison.verdict) == (None, "too few pairs")


def test_arms_match_by_group_name_and_values():
    def values(arm):
        return {"noise": "Dropout", "rate": 0.4} if "0.3" in arm.name else arm.values

    verdicts = [(c.arm, c.verdict) for c in report.compare(toy(), toy(values=values))]
    assert verdicts == [
        ("none", "equal"),
        ("Dropout 0.1", "equal"),
        ("Dropout 0.3", "only in A"),
        ("Dropout 0.3", "only in B"),
    ]
    with pytest.raises(ValueError, match="no arm in common"):
        report.compare(toy(), toy(groups=("other",)))


def test_what_else_differs_is_said():
    other = {"fingerprint": "sha256:other"}
    b = elsewhere(toy(recipe={"epochs": 5}), backend="jax 0.10.2", data=other)
    comparisons = report.compare(toy(), elsewhere(b, 0, commit="def"))
    assert comparisons[1].differs == (
        "epochs: 3 → 5",
        "backend: tensorflow 2.21.0 → jax 0.10.2",
        "data fingerprint: sha256:0123456789abcdef0123 → sha256:other",
    )
    assert "commit: abc → def and abc" in comparisons[0].differs


def test_another_state_of_the_code_is_said_where_both_know_theirs():
    a, b = coded(toy(), {"toy": "1"}), coded(toy(), {"toy": "2"})
    assert report.compare(a, b)[0].differs == ("code of toy: 1 → 2",)
    # Runs of format 1 don't.
    unknown = replace(a, records=tuple(replace(r, origin=None) for r in a.records))
    assert report.compare(unknown, b)[0].differs == ()


def test_it_renders_in_all_formats():
    a, b = toy(), shifted(WORSE, BETTER, SAME, scale="paper")
    comparisons = report.compare(a, b)
    table = report.render(comparisons, a, terminal=False)
    assert "| -2.00 ± 0.25 |" in table
    assert "B against A" in table
    assert "Differs: scale: short → paper" in table
    assert table.endswith(
        "Of 3 arms, B against A: 1 significantly worse (none), 1 significantly better "
        "(Dropout 0.1), 1 not distinguishable.\n"
    )
    rows = list(csv.DictReader(io.StringIO(report.render(comparisons, a, "csv"))))
    assert float(rows[0]["difference"]) == pytest.approx(-0.02)
    assert (rows[0]["n_a"], rows[0]["n_b"]) == ("3", "3")
    content = json.loads(report.render(comparisons, a, "json"))
    assert [arm["significantly_worse"] for arm in content["arms"]] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("by", "verdict"),
    [(-0.001, "not distinguishable"), (1e-7, "not distinguishable"), (0.0, "equal")],
)
def test_one_example_more_in_every_pair_is_no_certainty(by, verdict):
    """Of 1,000 test images."""
    (line, *_) = report.compare(toy(), shifted([by] * 3, WORSE, WORSE))
    assert line.verdict == verdict
    assert line.difference.deviation == pytest.approx(0.001 / 6**0.5)


def test_two_runs_have_no_interval_that_looks_like_certainty():
    a, b = (toy({"none": [value] * 2}) for value in (0.9, 0.8))
    (row,) = [
        line
        for line in report.render(report.compare(a, b), a, terminal=False).splitlines()
        if line.startswith("| none")
    ]
    assert "-10.00" in row
    assert "±" not in row
