"""Wins and profile, computed from the table of the paper."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")

from keras_regnoise.studies import (
    Arm,
    Cell,
    Claim,
    Description,
    Profile,
    Published,
    Recipe,
    Run,
    registry,
    report,
)
from keras_regnoise.studies.papers.published import rows
from keras_regnoise.studies.report.figures.profiles import profile_svgs
from keras_regnoise.studies.report.standings import (
    Standings,
    published_standings,
    standings,
)
from keras_regnoise.studies.report.wins import WINS_COLUMNS, wins_rows
from keras_regnoise.studies.run import Manifest, Options, Record
from tests.studies.report.synthetic import changed, described, first, keeping, measured

SPEC = Profile(problem="table", within="activation", option="normalization")
ROWS = [row for row in rows("vcl_table5") if row["metric"] != "wins"]


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
    arms = tuple(Arm(row["arm"], values_of(row), row["group"]) for row in ROWS)
    manifest = Manifest(
        study="toy",
        scale="short",
        source={"name": "toy"},
        recipe=Recipe(epochs=1, batch_size=50, seeds=(0,)),
        options=Options(),
        description=Description(
            name="toy",
            title="Toy",
            data="digits",
            arms=arms,
            baseline="none",
            metric="test_error",
            objective="val_error",
            direction="min",
            published=tuple(
                Published(row["arm"], float(row["value"]), row["group"], "test_error")
                for row in ROWS
            ),
            profile=SPEC,
        ),
        created="",
        cells=tuple(Cell(arm, 0) for arm in arms),
        chosen=(),
    )
    records = tuple(
        ended(manifest, cell, float(row["value"]), float(row["value"]))
        for cell, row in zip(manifest.cells, ROWS, strict=True)
    )
    return Run(Path("runs/toy"), manifest, records)


def ended(manifest, cell, error, val_error):
    metrics = {"test_error": error, "val_error": val_error}
    return Record.of(manifest, cell, status="done", metrics=metrics)


def test_wins_are_those_of_the_paper():
    """Table 4 follows from Table 5, but for rows in which all are equal.

    The text leaves those out and the table counts them; its 28 of SELU is 27.
    """
    whole = standings(paper())
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
    whole = standings(paper())
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
    whole = standings(paper())
    line = next(w for w in whole.table() if (w.within, w.option) == ("ELU", "vcl"))
    errors = whole.errors
    differences = errors["ELU", "vcl"] - errors["ELU", "none"]
    assert line.difference.mean == pytest.approx(differences.mean())
    assert line.difference.count == 44
    first = next(w for w in whole.table() if w.option == "none")
    assert first.difference is None


def test_problems_that_are_not_complete_are_left_out():
    run = paper()
    whole = standings(replace(run, records=run.records[1:]))
    assert len(whole.problems) == 43
    assert whole.planned == 44
    assert standings(first(run, 0)) is None
    assert standings(keeping(run, lambda r: r.arm == "vcl")) is None


def test_the_depth_is_chosen_by_the_objective():
    run = paper()
    cell = next(c for c in run.manifest.cells if c.arm.group == "abalone, ReLU")
    arm = Arm(cell.arm.name, {**cell.arm.values, "depth": 8}, "abalone, ReLU, deeper")
    deeper = Cell(arm, 0)
    description = run.description
    manifest = replace(
        run.manifest,
        description=replace(description, arms=(*description.arms, arm)),
        cells=(*run.manifest.cells, deeper),
    )

    def error(val_error):
        record = ended(manifest, deeper, 0.123, val_error)
        whole = standings(Run(run.directory, manifest, (*run.records, record)))
        return whole.errors["ReLU", "none"][whole.problems.index("abalone")]

    assert error(val_error=0.01) == 0.123
    assert error(val_error=0.99) == 0.334
    # The first of equals, not the one with the smaller error.
    assert error(val_error=0.334) == 0.334
    assert error(val_error=math.nan) == 0.334
    # Without its run, the problem is not complete.
    assert "abalone" not in standings(replace(run, manifest=manifest)).problems


def test_a_failed_option_does_not_win_and_is_not_forgotten():
    run = paper()
    # abalone, ReLU, none
    failed = changed(run, lambda r: replace(r, status="failed", metrics={}), 0)
    whole = standings(failed)
    assert len(whole.problems) == 44
    assert np.isinf(whole.errors["ReLU", "none"][0])
    answer = report.answer(report.summarize(failed), failed)
    assert "ReLU: with 43 problems, no option is distinguishable from none (runs" in (
        answer
    )
    assert "(runs of none failed)" in answer
    none, bn, vcl = whole.table()[:3]
    before = standings(run).table()[:3]
    assert (none.count, vcl.count) == (before[0].count, before[2].count)
    assert bn.difference.count == 43
    assert np.isfinite(bn.difference.mean)
    ratios = np.array([0.1])
    assert whole.share(("ReLU", "none"), ratios)[0] == pytest.approx(43 / 44)


def test_an_error_that_is_no_share_has_wins_and_no_profile():
    """It may be above 1: there is no accuracy of which to draw a share."""
    run, name = paper(), "test_mean_squared_error"
    other = changed(run, lambda r: replace(r, metrics={**r.metrics, name: 3.1}))
    whole = standings(other, name)
    assert not whole.are_shares
    assert not whole.of_kinds(["ReLU"]).of_problems(["abalone"]).are_shares
    assert len(whole.table()) == 9
    assert len(list(profile_svgs(whole, None, "x"))) == 1  # the wins
    assert len(list(profile_svgs(standings(run), None, "x"))) == 4


def test_equal_means_in_another_order_are_equal():
    errors = {
        ("ReLU", "none"): np.array([np.mean([0.1, 0.2, 0.3])]),
        ("ReLU", "vcl"): np.array([np.mean([0.3, 0.2, 0.1])]),
    }
    assert errors["ReLU", "none"] != errors["ReLU", "vcl"]
    assert [w.problems for w in Standings(errors, ("a",), 1).table()] == [0, 0]


def with_accuracies(run):
    def turned(record):
        error = record.metrics["test_error"]
        metrics = {**record.metrics, "test_accuracy": 1 - error, "test_loss": error}
        return replace(record, metrics=metrics)

    return changed(run, turned)


def test_an_accuracy_is_turned_round_and_a_loss_has_no_profile():
    run = with_accuracies(paper())
    ours, turned = standings(run), standings(run, "test_accuracy")
    for key in ours.errors:
        np.testing.assert_allclose(ours.errors[key], turned.errors[key])
    assert standings(run, "test_loss") is None


def test_report(tmp_path):
    run = paper()
    page = report.html(run)
    assert "Wins and profile" in page
    assert "44 of 44 problems" in page
    assert "6 of 41" in page
    assert "<svg" in page
    report.write_report(run, directory=tmp_path)
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    for row in wins_rows(standings(run), published_standings(run)):
        assert len(row) == len(WINS_COLUMNS)
        _, _, ours, wins, signs, *published = row
        # The run is the paper's table, of all of its problems.
        assert published == [ours, wins] * 2
        assert bool(signs) == bool(ours)


# The sets of the study's scale "short", without depth.
SHORT = {
    arm.values["table"]
    for arm in (c.arm for c in registry.find("vcl-uci")[0].cells("short"))
}


@pytest.mark.parametrize(
    ("activation", "mean", "half"),
    # Of Table 5, computed with SciPy from the printed errors of these 23 sets.
    [
        ("ReLU", -0.0059, 0.0047),
        ("ELU", 0.0010, 0.0046),
        ("SELU", -0.0015, 0.0038),
    ],
)
def test_the_papers_effect_on_the_same_problems(activation, mean, half):
    papers = published_standings(paper()).of_problems(SHORT)
    assert len(papers.problems) == 23
    (line,) = (w for w in papers.table() if (w.within, w.option) == (activation, "vcl"))
    assert line.difference.mean == pytest.approx(mean, abs=5e-5)
    assert line.difference.half_width == pytest.approx(half, abs=5e-5)


def test_the_sign_test_is_that_of_scipy():
    errors = np.random.default_rng(0).choice([0.1, 0.2, 0.3], (2, 30))
    both = {("ReLU", "none"): errors[0], ("ReLU", "vcl"): errors[1]}
    names = tuple(map(str, range(30)))
    _, line = Standings(both, names, 30).table()
    better, worse = (errors[1] < errors[0]).sum(), (errors[1] > errors[0]).sum()
    assert (line.better, line.worse) == (better, worse)
    expected = stats.binomtest(int(better), int(better + worse)).pvalue
    assert line.sign_p == pytest.approx(expected)
    assert Standings(both, names, 30).table()[0].sign_p == 1.0


def test_the_answer_is_about_the_problems():
    run = paper()
    answer = report.answer(report.summarize(run), run)
    # Some intervals leave 0 out; among six, that is not enough.
    assert answer == (
        "ReLU: with 44 problems, no option is distinguishable from none; vcl would be "
        "if compared alone, but not among 6. ELU: with 44 problems, no option is "
        "distinguishable from none. SELU: with 44 problems, no option is "
        "distinguishable from none; vcl would be if compared alone, but not among 6."
    )
    assert report.html(run).count(answer) == 1


def test_another_metric_changes_the_wins_and_the_papers_too():
    run = with_accuracies(paper())
    # By this metric all are equal, and nobody wins.
    run = measured(run, test_accuracy=0.5)
    assert "6 of 41" in report.html(run)
    page = report.html(run, "test_accuracy")
    assert "0 of 0" in page
    # The paper has no such number.
    assert "6 of 41" not in page
    assert "The paper: " not in page


@pytest.mark.parametrize("count", [0, 1, 9])
def test_report_of_a_part(tmp_path, count):
    report.write_report(first(paper(), count), directory=tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert ("Wins and profile" in page) == (count == 9)


def test_a_run_of_one_kind_is_drawn_beside_that_kind_of_the_paper(tmp_path):
    run = keeping(paper(), lambda r: r.group.endswith(", ELU"))
    cells = tuple(c for c in run.manifest.cells if c.arm.group.endswith(", ELU"))
    run = replace(run, manifest=replace(run.manifest, cells=cells))
    report.write_report(run, directory=tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "This run: ELU" in page
    assert "The paper: ELU" in page
    assert "The paper: ReLU" not in page


def test_a_claim_over_problems_has_the_papers_effect_on_the_same_problems():
    run = described(
        paper(),
        claims=(
            Claim(
                text="VCL is better than none (ReLU).",
                arms=("*, ReLU: vcl", "*, ReLU: none"),
                sign=-1,
                margin=0.005,
                statistic="problems",
            ),
        ),
    )
    half = keeping(run, lambda r: r.values["table"] in SHORT)
    cells = tuple(c for c in run.manifest.cells if c.arm.values["table"] in SHORT)
    half = replace(half, manifest=replace(run.manifest, cells=cells))
    (finding,) = report.weigh(half)
    assert (finding.estimate.count, finding.unit) == (23, "data set")
    assert finding.planned == 44
    # The run has the paper's own numbers.
    assert finding.published == pytest.approx(-0.0059, abs=5e-5)
    assert finding.estimate.mean == pytest.approx(finding.published)
    assert finding.excludes_published is False
    (whole,) = report.weigh(run)
    assert whole.published == pytest.approx(-0.0121, abs=5e-5)


def test_the_depth_is_chosen_before_problems_are_compared():
    claim = Claim(
        text="VCL is better than none (ReLU).",
        arms=("*: vcl", "*: none"),
        sign=-1,
        margin=0.005,
        statistic="problems",
    )
    run = described(paper(), claims=(claim,))
    # Three activations stand for three depths of one problem: the best counts.
    (finding,) = report.weigh(run)
    errors = {}
    for row in ROWS:
        table = row["group"].rpartition(", ")[0]
        errors.setdefault((table, row["arm"]), []).append(float(row["value"]))
    tables = {table for table, _ in errors}
    expected = [min(errors[t, "vcl"]) - min(errors[t, "none"]) for t in tables]
    assert finding.estimate.count == 44
    assert finding.estimate.mean == pytest.approx(np.mean(expected))
