"""Wins and profile, computed from the table of the paper."""

import copy

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("scipy")

from keras_regnoise import report
from keras_regnoise.report.profile import profile
from keras_regnoise.report.wins import WINS_COLUMNS, wins_table
from keras_regnoise.studies.published import rows

SPEC = {
    "problem": "table",
    "within": "activation",
    "option": "normalization",
    "chosen": "depth",
    "wins": {"ReLU": {"none": 9, "bn": 15, "vcl": 27}},
    "problems": 44,
}


def values_of(row):
    activation, _, normalization = row["arm"].partition(" + ")
    return {
        "table": row["group"],
        "activation": activation,
        "normalization": normalization or "none",
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
        "baseline": "ReLU",
        "metric": "test_error",
        "objective": "val_error",
        "direction": "min",
        "published": [],
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
    one_arm = [r for r in records if r["arm"] == "ELU"]
    assert profile(manifest, one_arm) is None


def test_the_depth_is_chosen_by_the_objective():
    manifest, records = paper()
    cell = next(c for c in manifest["cells"] if c["group"] == "abalone")
    deeper = copy.deepcopy(cell) | {"id": "deeper", "group": "abalone, deeper"}
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


def test_report(tmp_path):
    manifest, records = paper()
    page = report.html(manifest, records)
    assert "Wins and profile" in page
    assert "44 of 44 problems" in page
    assert "9 of 44" in page
    assert "<svg" in page
    files = report.write_report(manifest, records, tmp_path)
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    assert files
    table = wins_table(profile(manifest, records))
    assert table.count("\n") == 2 + 9
    assert table.startswith(f"| {WINS_COLUMNS[0]} |")


@pytest.mark.parametrize("count", [0, 1, 9])
def test_report_of_a_part(tmp_path, count):
    manifest, records = paper()
    report.write_report(manifest, records[:count], tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert ("Wins and profile" in page) == (count == 9)
