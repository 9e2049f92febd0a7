import csv
import io
import json

import pytest

pytest.importorskip("rich")
pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

from scipy import stats

from keras_regnoise.studies import report
from tests.studies.report.synthetic import ACCURACIES, folder


def shifted(by):
    changes = dict(zip(ACCURACIES, by, strict=True))
    return folder(
        {
            name: [
                value + change for value, change in zip(v, changes[name], strict=True)
            ]
            for name, v in ACCURACIES.items()
        }
    )


WORSE, BETTER, SAME = (-0.02, -0.021, -0.019), (0.02, 0.021, 0.019), (0.01, -0.01, 0.0)


def test_b_minus_a_in_pairs():
    a, b = folder(), shifted((WORSE, BETTER, SAME))
    none, up, same = report.compare(*a, *b)
    result = stats.ttest_rel(
        [r["metrics"]["test_accuracy"] for r in b[1] if r["arm"] == "none"],
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


def test_less_may_be_better():
    a, b = folder(direction="min"), shifted((WORSE, BETTER, SAME))
    assert [c.significantly_worse for c in report.compare(*a, *b)] == [
        False,
        True,
        False,
    ]
    a = folder()
    losses = report.compare(*a, *b, metric="test_loss")  # 1 - accuracy
    assert [c.significantly_worse for c in losses] == [True, False, False]


def test_equal_runs_are_equal():
    comparisons = report.compare(*folder(), *folder())
    assert {c.verdict for c in comparisons} == {"equal"}
    assert not any(c.significantly_worse for c in comparisons)


def test_only_seeds_of_both_are_compared():
    a, (manifest, records) = folder(), shifted((WORSE, WORSE, WORSE))
    some = [r for r in records if r["seed"] != 1]
    for comparison in report.compare(*a, manifest, some):
        assert comparison.difference.count == 2
        assert (comparison.a.count, comparison.b.count) == (3, 2)
        assert comparison.verdict == "too few pairs"
        assert not comparison.significantly_worse
    for comparison in report.compare(*a, manifest, []):
        assert (comparison.difference, comparison.verdict) == (None, "too few pairs")


def test_arms_match_by_group_name_and_values():
    a = folder()
    manifest, records = folder()
    for part in (*manifest["cells"], *records):
        if part["arm"] == "Dropout 0.3":
            part["values"] = {"noise": "Dropout", "rate": 0.4}
    verdicts = [(c.arm, c.verdict) for c in report.compare(*a, manifest, records)]
    assert verdicts == [
        ("none", "equal"),
        ("Dropout 0.1", "equal"),
        ("Dropout 0.3", "only in A"),
        ("Dropout 0.3", "only in B"),
    ]
    with pytest.raises(ValueError, match="no arm in common"):
        report.compare(*a, *folder(groups=("other",)))


def test_what_else_differs_is_said():
    a, (manifest, records) = folder(), folder()
    manifest["recipe"]["epochs"] = 5
    for record in records:
        record["environment"]["backend"] = "jax 0.10.2"
        record["data"]["fingerprint"] = "sha256:other"
    records[0]["environment"]["commit"] = "def"
    comparisons = report.compare(*a, manifest, records)
    assert comparisons[1].differs == (
        "epochs: 3 → 5",
        "backend: tensorflow 2.21.0 → jax 0.10.2",
        "data fingerprint: sha256:0123456789abcdef0123 → sha256:other",
    )
    assert "commit: abc → def and abc" in comparisons[0].differs


def test_it_renders_in_all_formats():
    a, b = folder(), shifted((WORSE, BETTER, SAME))
    b[0]["scale"] = "paper"
    comparisons = report.compare(*a, *b)
    table = report.render(comparisons, a[0], terminal=False)
    assert "| -2.00 ± 0.25 | significantly worse" in table
    assert "Differs: scale: short → paper" in table
    rows = list(csv.DictReader(io.StringIO(report.render(comparisons, a[0], "csv"))))
    assert float(rows[0]["difference"]) == pytest.approx(-0.02)
    content = json.loads(report.render(comparisons, a[0], "json"))
    assert [arm["significantly_worse"] for arm in content["arms"]] == [
        True,
        False,
        False,
    ]
