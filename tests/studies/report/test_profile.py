"""Wins and profile, computed from the table of the paper."""

import copy

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

from keras_regnoise.studies import report
from keras_regnoise.studies.papers.published import rows
from keras_regnoise.studies.report.profile import Profile, profile, published_profile
from keras_regnoise.studies.report.wins import WINS_COLUMNS, wins_rows

SPEC = {
    "problem": "table",
    "within": "activation",
    "option": "normalization",
}


def values_of(row):
    table, activation = row["group"].rsplit(", ", 1)
    return {
        "table": table,
        "activation": activation,
        "normalization": row["arm"],
        "depth": 4,
    }


def paper():
    """Return a run whose errors are those of the paper's Table 5."""
    arms, cells, records = [], [], []
    for row in rows("vcl_table5"):
        arm = {"name": row["arm"], "group": row["group"], "values": values_of(row)}
        cell = {
            "id": f"{row['group']} {row['arm']}",
            "arm": row["arm"],
            "group": row["group"],
            "values": arm["values"],
            "seed": 0,
        }
        error = float(row["value"])
        arms.append(arm)
        cells.append(cell)
        records.append(
            {
                **cell,
                "cell": cell["id"],
                "status": "done",
                "metrics": {"test_error": error, "val_error": error},
                "history": {},
            }
        )
    description = {
        "arms": arms,
        "baseline": "none",
        "metric": "test_error",
        "objective": "val_error",
        "direction": "min",
        "published": [
            {
                "arm": row["arm"],
                "group": row["group"],
                "value": float(row["value"]),
                "metric": "test_error",
            }
            for row in rows("vcl_table5")
        ],
        "title": "Toy",
        "profile": SPEC,
    }
    manifest = {
        "study": "toy",
        "scale": "short",
        "description": description,
        "cells": cells,
    }
    return manifest, records


def test_wins_are_those_of_the_paper():
    """Table 4 follows from Table 5, but for rows in which all are equal.

    The text leaves those out and the table counts them; its 28 of SELU is 27.
    """
    whole = profile(*paper())
    assert len(whole.problems) == 44
    counts = {(w.within, w.option): (w.count, w.problems) for w in whole.table()}
    for within, printed in {
        "ReLU": (9, 15, 27),
        "ELU": (14, 16, 23),
        "SELU": (11, 15, 27),
    }.items():
        for option, wins in zip(("none", "bn", "vcl"), printed, strict=True):
            count, problems = counts[within, option]
            assert count + 44 - problems == wins


def test_profile_by_brute_force():
    whole = profile(*paper())
    ratios = np.array([1.0, 0.99, 0.95, 0.5])
    for key in whole.errors:
        expected = []
        for ratio in ratios:
            solved = 0
            for i in range(44):
                best = max(1 - errors[i] for errors in whole.errors.values())
                solved += 1 - whole.errors[key][i] >= ratio * best - 1e-12
            expected.append(solved / 44)
        np.testing.assert_allclose(whole.share(key, ratios), expected)
    # Somebody is best everywhere.
    at_one = sum(whole.share(key, ratios[:1])[0] for key in whole.errors)
    assert at_one >= 1.0


def test_differences_are_over_problems():
    whole = profile(*paper())
    line = next(w for w in whole.table() if (w.within, w.option) == ("ELU", "vcl"))
    errors = whole.errors
    differences = errors["ELU", "vcl"] - errors["ELU", "none"]
    assert line.difference.mean == pytest.approx(differences.mean())
    assert line.difference.count == 44
    first = next(w for w in whole.table() if w.option == "none")
    assert first.difference is None


def test_problems_that_are_not_complete_are_left_out():
    manifest, records = paper()
    whole = profile(manifest, records[1:])
    assert len(whole.problems) == 43
    assert whole.planned == 44
    assert profile(manifest, []) is None
    one_arm = [r for r in records if r["arm"] == "vcl"]
    assert profile(manifest, one_arm) is None


def test_the_depth_is_chosen_by_the_objective():
    manifest, records = paper()
    cell = next(c for c in manifest["cells"] if c["group"] == "abalone, ReLU")
    deeper = copy.deepcopy(cell) | {"id": "deeper", "group": "abalone, ReLU, deeper"}
    deeper["values"]["depth"] = 8
    arm = {"name": cell["arm"], "group": deeper["group"], "values": deeper["values"]}
    manifest["description"]["arms"].append(arm)
    manifest["cells"].append(deeper)

    def error(val_error):
        metrics = {"test_error": 0.123, "val_error": val_error}
        record = {**deeper, "cell": "deeper", "status": "done", "metrics": metrics}
        whole = profile(manifest, [*records, record])
        return whole.errors["ReLU", "none"][whole.problems.index("abalone")]

    assert error(val_error=0.01) == 0.123
    assert error(val_error=0.99) == 0.334
    # The first of equals, not the one with the smaller error.
    assert error(val_error=0.334) == 0.334
    # Without its run, the problem is not complete.
    assert "abalone" not in profile(manifest, records).problems


def test_a_failed_option_does_not_win_and_is_not_forgotten():
    manifest, records = paper()
    failed = records[0] | {"status": "failed", "metrics": {}}  # abalone, ReLU, none
    whole = profile(manifest, [failed, *records[1:]])
    assert len(whole.problems) == 44
    assert np.isinf(whole.errors["ReLU", "none"][0])
    none, bn, vcl = whole.table()[:3]
    before = profile(manifest, records).table()[:3]
    assert (none.count, vcl.count) == (before[0].count, before[2].count)
    assert bn.difference.count == 43
    assert np.isfinite(bn.difference.mean)
    ratios = np.array([0.1])
    assert whole.share(("ReLU", "none"), ratios)[0] == pytest.approx(43 / 44)


def test_equal_means_in_another_order_are_equal():
    errors = {
        ("ReLU", "none"): np.array([np.mean([0.1, 0.2, 0.3])]),
        ("ReLU", "vcl"): np.array([np.mean([0.3, 0.2, 0.1])]),
    }
    assert errors["ReLU", "none"] != errors["ReLU", "vcl"]
    assert [w.problems for w in Profile(errors, ("a",), 1).table()] == [0, 0]


def test_an_accuracy_is_turned_round_and_a_loss_has_no_profile():
    manifest, records = paper()
    for record in records:
        error = record["metrics"]["test_error"]
        record["metrics"] |= {"test_accuracy": 1 - error, "test_loss": error}
    ours = profile(manifest, records)
    turned = profile(manifest, records, "test_accuracy")
    for key in ours.errors:
        np.testing.assert_allclose(ours.errors[key], turned.errors[key])
    assert profile(manifest, records, "test_loss") is None


def test_report(tmp_path):
    manifest, records = paper()
    page = report.html(manifest, records)
    assert "Wins and profile" in page
    assert "44 of 44 problems" in page
    assert "6 of 41" in page
    assert "<svg" in page
    report.write_report(manifest, records, tmp_path)
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    papers = published_profile(manifest)
    for row in wins_rows(profile(manifest, records), papers):
        assert len(row) == len(WINS_COLUMNS)
        assert row[2] == row[3]
        assert row[4] == row[5]


@pytest.mark.parametrize("count", [0, 1, 9])
def test_report_of_a_part(tmp_path, count):
    manifest, records = paper()
    report.write_report(manifest, records[:count], tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert ("Wins and profile" in page) == (count == 9)


def test_a_run_of_one_kind_is_drawn_beside_that_kind_of_the_paper(tmp_path):
    manifest, records = paper()
    cells = [c for c in manifest["cells"] if c["group"].endswith(", ELU")]
    manifest["cells"] = cells
    records = [r for r in records if r["group"].endswith(", ELU")]
    report.write_report(manifest, records, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "This run: ELU" in page
    assert "The paper: ELU" in page
    assert "The paper: ReLU" not in page
