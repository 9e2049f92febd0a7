"""Verdicts on simulated tables of which the truth is known."""

import json
from dataclasses import replace

import numpy as np
import pytest

from keras_regnoise.studies import Claim, Gate, Run, report
from keras_regnoise.studies.report.evidence import weigh
from keras_regnoise.studies.report.evidence.words import claim_rows, outcome_of_claims
from tests.studies.report.synthetic import changed, toy

GATE = Gate(baseline="none", regularizer="Dropout *")


def simulated(effects, claims, deviation=0.01, seeds=20, seed=0, fitted=1.0):
    """Return a run whose arms have true effects, beside what is common to a seed."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0.7, 0.05, seeds)
    table = {
        arm: list(common + effect + rng.normal(0, deviation, seeds))
        for arm, effect in effects.items()
    }
    run = toy(table, claims=tuple(claims))
    return changed(
        run,
        lambda r: replace(
            r,
            metrics={
                **r.metrics,
                "train_accuracy": fitted,
                "val_accuracy": 0.7 + effects[r.arm],
            },
        ),
    )


def claim(one="Rotation *", other="Dropout *", **options):
    return Claim(
        **{"text": "It is better.", "arms": (one, other), "gate": GATE, **options}
    )


EFFECTS = {"none": 0.0, "Dropout 0.1": 0.02, "Dropout 0.3": 0.1, "Rotation 0.1": 0.1}


@pytest.mark.parametrize(
    ("effect", "deviation", "sign", "verdict"),
    [
        (0.15, 0.01, 1, "confirmed"),
        (0.05, 0.01, 1, "refuted"),
        (0.05, 0.01, -1, "confirmed"),
        (0.1, 0.005, 1, "equivalent within the margin"),
        (0.1, 0.04, 1, "needs more seeds"),
    ],
)
def test_a_verdict_is_the_truth(effect, deviation, sign, verdict):
    effects = {**EFFECTS, "Rotation 0.1": effect}
    (finding,) = weigh(simulated(effects, [claim(sign=sign)], deviation))
    assert finding.verdict == verdict
    assert finding.sides == ("Rotation 0.1", "Dropout 0.3")
    # Four standard errors of a difference of pairs.
    error = 4 * deviation * np.sqrt(2 / 20)
    assert finding.estimate.mean == pytest.approx(effect - 0.1, abs=error)
    assert ("would decide" in finding.reason) == (verdict == "needs more seeds")


@pytest.mark.parametrize(
    ("effect", "deviation", "verdict"),
    [
        (0.13, 0.01, "refuted"),
        (0.112, 0.01, "needs more seeds"),  # not 0, and perhaps within the margin
        (0.105, 0.002, "equivalent within the margin"),
    ],
)
def test_no_difference_that_matters(effect, deviation, verdict):
    effects = {**EFFECTS, "Rotation 0.1": effect}
    (finding,) = weigh(simulated(effects, [claim(sign=0)], deviation))
    assert finding.verdict == verdict
    assert finding.estimate.low > 0
    assert (finding.p_value <= 0.05) == (verdict == "refuted")


def test_what_is_at_the_margin_is_seldom_refuted():
    effects = {**EFFECTS, "Rotation 0.1": 0.11}
    tested = claim(sign=0, gate=None, margin=0.01)
    runs = [simulated(effects, [tested], 0.005, 8, seed) for seed in range(200)]
    verdicts = [weigh(run)[0].verdict for run in runs]
    # One side of 0.025, the other test of 0.05, and three standard errors.
    assert verdicts.count("refuted") / 200 <= 0.025 + 3 * np.sqrt(0.025 / 200)
    assert verdicts.count("equivalent within the margin") / 200 <= 0.05 + 3 * np.sqrt(
        0.05 / 200
    )


def test_no_gate_no_verdict():
    def of(**options):
        return weigh(simulated(claims=[claim()], **options))[0]

    better = {**EFFECTS, "Rotation 0.1": 0.3}
    assert of(effects=better).verdict == "confirmed"
    unfit = of(effects=better, fitted=0.9)
    assert unfit.verdict == "this setting can't tell"
    assert "training accuracy of 90.00, not 99.00" in unfit.reason
    assert unfit.gate == "none has a training accuracy of 90.00"
    helpless = of(effects=better | {"Dropout 0.3": 0.0, "Dropout 0.1": -0.1})
    assert helpless.verdict == "this setting can't tell"
    kind = "Dropout 0.3, the best of its kind, is not shown to be better"
    assert kind in helpless.reason
    assert helpless.p_value == 1.0
    fitted = "none has a training accuracy of 100.00; Dropout 0.3 changes the test "
    assert of(effects=better).gate.startswith(f"{fitted}accuracy by +")


def test_a_gate_whose_arms_are_not_there_is_closed():
    """They are no part of the recipe; what the recipe has is waited for."""
    run = simulated({"none": 0.0, "Dropout 0.3": 0.1, "Rotation 0.1": 0.3}, [claim()])
    left = tuple(r for r in run.records if r.arm != "none")
    recipe = replace(run.manifest.recipe, arms=("Dropout *", "Rotation *"))
    cells = tuple(c for c in run.manifest.cells if c.arm.name != "none")
    manifest = replace(run.manifest, recipe=recipe, cells=cells)
    (finding,) = weigh(replace(run, records=left, manifest=manifest))
    assert (finding.verdict, finding.reason) == (
        "this setting can't tell",
        "none was not run",
    )


def test_what_has_no_seeds():
    run = simulated(EFFECTS, [claim(gate=None)])
    (finding,) = weigh(Run(run.directory, run.manifest))
    assert finding.verdict == "not run"
    two = replace(run, records=tuple(r for r in run.records if r.seed < 2))
    (finding,) = weigh(two)
    assert (finding.verdict, finding.reason) == (
        "needs more seeds",
        "fewer than 3 seeds",
    )


def test_a_published_effect_is_excluded_or_not():
    for published, excluded in ((0.05, False), (0.01, True), (0.09, True)):
        effects = {**EFFECTS, "Rotation 0.1": 0.15}
        run = simulated(effects, [claim(published=published)])
        assert weigh(run)[0].excludes_published == excluded


def test_many_claims_about_nothing_are_seldom_confirmed():
    """Holm holds the error of a family of ten; without it, it would be 0.4."""
    effects = {f"A {i}": 0.0 for i in range(11)}
    claims = [claim(f"A {i}", "A 0", gate=None, margin=1e-6) for i in range(1, 11)]
    effects["none"] = 0.0
    wrong = 0
    for seed in range(200):
        run = simulated(effects, claims, seeds=8, seed=seed)
        wrong += any(f.verdict in ("confirmed", "refuted") for f in weigh(run))
    # 0.05 and three standard errors.
    assert wrong / 200 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_claims_that_were_not_run_count_in_the_correction():
    effects = {**EFFECTS, "Rotation 0.1": 0.112}
    alone = simulated(effects, [claim(margin=0.001)])
    others = [claim("Other 0.9", "none") for _ in range(9)]
    arms = (*alone.description.arms, *toy({"Other 0.9": [0.5]}).description.arms)
    among = simulated(effects, [claim(margin=0.001), *others])
    description = replace(among.description, arms=arms)
    among = replace(among, manifest=replace(among.manifest, description=description))
    one, ten = weigh(alone)[0], weigh(among)[0]
    assert ten.p_value == pytest.approx(10 * one.p_value)
    assert [f.verdict for f in weigh(among)[1:]] == ["not run"] * 9


def test_where_the_pooled_model_disagrees_it_is_said():
    # One arm varies much: pooled, its noise hides the difference of the others.
    effects = {**EFFECTS, "Rotation 0.1": 0.12, "Wild 0.1": 0.1}
    claims = [claim(), claim("Wild *", "none")]
    run = simulated(effects, claims)
    rng = np.random.default_rng(1)
    wild = iter(rng.normal(0.7, 0.3, 20))
    run = changed(
        run,
        lambda r: (
            r
            if r.arm != "Wild 0.1"
            else replace(r, metrics={**r.metrics, "test_accuracy": next(wild)})
        ),
    )
    finding = weigh(run)[0]
    assert finding.estimate.p_value < 0.05 < finding.pooled_p
    assert finding.disagrees
    arms = report.summarize(run)
    assert "pooled model of seeds and arms" in report.render(arms, run, terminal=False)


@pytest.mark.parametrize(
    ("slope", "verdict"),
    [
        (0.02, "confirmed"),
        (-0.02, "refuted"),
        (0.0, "equivalent within the margin"),
    ],
)
def test_a_slope_by_the_logarithm(slope, verdict):
    places = (2, 4, 8, 16)
    effects = {"none": 0.0} | {
        f"{side} {x}": factor * np.log2(x) + 0.1 * (side == "B")
        for side, factor in (("A", 0.01 + slope), ("B", 0.01))
        for x in places
    }
    tested = claim("A *", "B *", statistic="slope", x="rate", gate=None, margin=0.01)
    (finding,) = weigh(simulated(effects, [tested]))
    assert finding.verdict == verdict
    error = 4 * 0.01 * np.sqrt(2 / 5 / 20)  # squares about the mean of log2: 5
    assert finding.estimate.mean == pytest.approx(slope, abs=error)


def test_a_plateau():
    rates = (0.1, 0.3, 0.5, 0.7)
    effects = {
        "none": 0.0,
        **{f"Dropout {r}": e for r, e in zip(rates, (0, 0.2, 0, 0), strict=True)},
        **{f"Rotation {r}": e for r, e in zip(rates, (0, 0.2, 0.2, 0.2), strict=True)},
    }
    wider = claim(statistic="plateau", x="rate", margin=0.05)
    (finding,) = weigh(simulated(effects, [wider]))
    assert finding.verdict == "confirmed"
    # 0.4 + 0.02 and 2 * 0.02.
    assert finding.estimate.mean == pytest.approx(0.38, abs=0.04)
    (few,) = weigh(simulated(effects, [wider], seeds=9))
    assert (few.verdict, few.reason) == ("needs more seeds", "fewer than 10 seeds")


def test_a_claim_over_data_sets():
    rng = np.random.default_rng(0)
    groups = [f"set {i}" for i in range(24)]
    run = toy(
        {"none": [0.7] * 3, "vcl": [0.7] * 3},
        groups=groups,
        claims=(claim("vcl", "none", gate=None, statistic="problems"),),
    )
    gains = dict(zip(groups, rng.normal(0.05, 0.05, 24), strict=True))

    def change(record):
        gain = gains[record.group] if record.arm == "vcl" else 0.0
        return replace(record, metrics={"test_accuracy": 0.7 + gain})

    (finding,) = weigh(changed(run, change))
    assert finding.verdict == "confirmed"
    assert (finding.estimate.count, finding.unit) == (24, "data set")
    assert (finding.planned, finding.early) == (24, False)
    assert finding.estimate.mean == pytest.approx(np.mean(list(gains.values())))


def test_they_are_in_the_table_the_json_and_the_page():
    run = simulated({**EFFECTS, "Rotation 0.1": 0.15}, [claim(published=0.2)])
    arms, findings = report.summarize(run), weigh(run)
    sentence = outcome_of_claims(findings)
    assert sentence == "Of one claim: 1 confirmed."
    (row,) = claim_rows(findings)
    assert row[1] == "confirmed"
    text = report.render(arms, run, terminal=False)
    assert text.rstrip().endswith(sentence)
    assert "+20.00, excluded" in text
    content = json.loads(report.render(arms, run, "json"))
    assert content["claims"][0]["verdict"] == "confirmed"
    assert content["claims"][0]["mean"] == pytest.approx(findings[0].estimate.mean)
    page = report.html(run)
    assert sentence in page
    assert "The claims" in page
    assert "The claims" not in report.html(toy())


def test_claims_are_written_into_the_folder_and_read_again():
    run = simulated(EFFECTS, [claim(published=0.1), claim(gate=None, sign=-1)])
    content = json.loads(json.dumps(run.manifest.as_json()))
    assert type(run.manifest).from_json(content).description == run.description


def test_a_claim_that_was_not_run_is_counted_and_has_no_line():
    run = simulated(EFFECTS, [claim(), claim("Dropout 0.3", "none")])
    left = replace(
        run, records=tuple(r for r in run.records if r.arm != "Rotation 0.1")
    )
    findings = weigh(left)
    assert [f.verdict for f in findings] == ["not run", "confirmed"]
    assert [row[-1] for row in claim_rows(findings)] == ["Dropout 0.3 minus none"]
    assert outcome_of_claims(findings) == "Of 2 claims: 1 confirmed, 1 not run."
    text = report.render(report.summarize(left), left, terminal=False)
    assert text.count("It is better.") == 1


def test_a_gate_may_ask_for_the_fit_alone():
    effects = {"none": 0.0, "Rotation 0.1": 0.3}
    for fitted, verdict in ((0.8, "confirmed"), (0.95, "this setting can't tell")):
        gate = Gate(baseline="none", fitted=fitted)
        run = simulated(effects, [claim(other="none", gate=gate)], fitted=0.9)
        assert weigh(run)[0].verdict == verdict
