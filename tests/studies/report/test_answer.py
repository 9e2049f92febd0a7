import math

import pytest

from keras_regnoise.studies import report
from tests.helpers import ROOT
from tests.studies.report.synthetic import failed, first, keeping, measured, toy

NONE = [0.800, 0.810, 0.820, 0.805, 0.815]
# Differences of 0.05, with a deviation of 0.001.
NOISE = [0.001, -0.001, 0.001, -0.001, 0.0]
STEPS = (0.01, 0.005, 0.0014, 0.0012, 0.0)


def shifted(by, noise=1.0):
    return [a + by + noise * n for a, n in zip(NONE, NOISE, strict=True)]


def answer(run, metric=None):
    return report.answer(report.summarize(run, metric), run)


@pytest.mark.parametrize(("count", "seeds"), [(1, "1 seed"), (2, "2 seeds")])
def test_few_runs_tell_nothing(count, seeds):
    run = toy({"none": [0.5] * count, "Dropout 0.1": [0.9] * count})
    assert answer(run) == (
        f"With {seeds}, no arm is distinguishable from none (an interval takes 3)."
    )


def test_an_arm_that_is_better_is_named_with_its_interval_and_runs():
    run = toy({"none": NONE, "Dropout 0.1": shifted(0.05), "Dropout 0.3": shifted(0)})
    assert answer(run) == (
        "Dropout 0.1 is better than none by 5.00 ± 0.12 points of test accuracy "
        "(5 seeds); no other arm is distinguishable."
    )


def test_of_several_the_furthest_is_named_with_its_interval():
    accuracies = {"none": NONE, "a 0.1": shifted(0.02), "b 0.1": shifted(0.05)}
    accuracies |= {"c 0.1": shifted(-0.03)}
    assert answer(toy(accuracies)) == (
        "b 0.1 is better than none by 5.00 ± 0.12 points of test accuracy (5 seeds), "
        "and so is a 0.1; c 0.1 is worse than none by 3.00 ± 0.12 points of test "
        "accuracy (5 seeds)."
    )
    many = {f"m{i} 0.1": shifted(0.05 - 0.001 * i) for i in range(6)}
    assert answer(toy({"none": NONE, **many})) == (
        "m0 0.1 is better than none by 5.00 ± 0.12 points of test accuracy (5 seeds), "
        "and so are 5 others."
    )


def test_nothing_found_says_with_how_many_seeds():
    run = toy({"none": NONE, "Dropout 0.1": shifted(0)})
    assert answer(run) == "With 5 seeds, no arm is distinguishable from none."
    run = keeping(
        toy({"none": NONE, "a 0.1": shifted(0), "b 0.1": shifted(0.05)}),
        lambda r: r.arm != "b 0.1" or r.seed < 2,
    )
    assert answer(run) == (
        "So far: with 5 seeds, no arm is distinguishable from none; 1 arm has fewer "
        "than 3 seeds."
    )


def test_chance_among_many_arms_is_allowed_for():
    # An interval of its own leaves 0 out: t = 3.2, p = 0.033.
    lucky = shifted(0.00142, noise=1.0)
    one = {"none": NONE, "lucky 0.1": lucky}
    assert "lucky 0.1 is better than none by 0.14" in answer(toy(one))
    many = one | {f"m{i} 0.1": shifted(0) for i in range(9)}
    assert answer(toy(many)) == (
        "With 5 seeds, no arm is distinguishable from none; lucky 0.1 would be if "
        "compared alone, but not among 10."
    )


def test_holm_is_that_of_the_textbook():
    """Smallest p first, against 0.05 over the number of those that are left."""
    others = {f"m{i} 0.1": shifted(step) for i, step in enumerate(STEPS)}
    run = toy({"none": NONE, **others})
    arms = report.summarize(run)
    p_values = sorted(a.difference.p_value for a in arms[1:])
    rejected = 0
    for i, p in enumerate(p_values):
        if p > 0.05 / (len(p_values) - i):
            break
        rejected += 1
    assert 0 < rejected < sum(p < 0.05 for p in p_values)
    assert rejected == 2
    assert ", and so is m1 0.1; no other arm is distinguishable; " in answer(run)


def test_less_may_be_better_and_nobody_may_know():
    run = toy({"none": NONE, "Dropout 0.1": shifted(0.05)})
    assert answer(run, "test_loss") == (
        "Dropout 0.1 is better than none by 0.0500 ± 0.0012 in test loss (5 seeds)."
    )
    for i, record in enumerate(run.records):
        run = measured(run, i, test_score=record.metrics["test_accuracy"])
    assert answer(run, "test_score").startswith("Dropout 0.1 is above none by 0.0500")


def test_what_is_left_of_lost_runs_is_a_selection():
    """Those that diverged would have been the bad ones."""
    run = toy({"none": NONE, "a 0.1": shifted(0.05), "b 0.1": shifted(0.05)})
    index = next(i for i, r in enumerate(run.records) if r.arm == "a 0.1")
    for part in (failed(run, index), measured(run, index, test_accuracy=math.nan)):
        text = answer(part)
        assert text.removeprefix("So far: ").startswith("b 0.1 is better than none by")
        assert text.endswith("; runs of a 0.1 failed: what is left is a selection.")
    index = next(i for i, r in enumerate(run.records) if r.arm == "none")
    text = answer(failed(run, index)).removeprefix("So far: ")
    assert text == (
        "with 4 seeds, no arm is distinguishable from none (runs of none failed)."
    )


def test_arms_that_have_not_run_count_in_the_correction():
    """One of forty that is finished is one of forty."""
    gains = [0.02, 0.022, 0.024, 0.02, 0.023]
    lucky = [x + gain for x, gain in zip(NONE, gains, strict=True)]
    arms = {"none": NONE} | {f"a 0.{n}": NONE for n in range(10, 50)}
    run = toy({**arms, "a 0.10": lucky, "a 0.11": [0.9]})
    part = keeping(run, lambda r: r.arm in ("none", "a 0.10") and r.seed < 3)
    alone = toy({"none": NONE[:3], "a 0.10": lucky[:3]})
    assert "a 0.10 is better than none" in answer(alone)
    assert "is better" not in answer(part)
    assert "not among 40" in answer(part)


def test_groups():
    few = toy({"none": [0.9, 0.9], "a 0.1": [0.8, 0.8]}, groups=("A", "B"))
    assert answer(few) == (
        "With 2 seeds, no arm is distinguishable from none (an interval takes 3), in "
        "any of 2 groups."
    )
    run = toy({"none": NONE, "a 0.1": shifted(0.05)}, groups=("A", "B"))
    both = keeping(run, lambda r: r.group == "A" or r.seed < 2)
    assert answer(both) == (
        "So far: A: a 0.1 is better than none by 5.00 ± 0.12 points of test accuracy "
        "(5 seeds). B: with 2 seeds, no arm is distinguishable from none (an interval "
        "takes 3)."
    )
    many = toy({"none": NONE, "a 0.1": shifted(0.05)}, groups=tuple("ABCDE"))
    some = keeping(many, lambda r: r.group in "AB" or r.seed < 2)
    assert answer(some) == (
        "So far: in 2 of 5 groups an arm is better than none, in 0 one is worse than "
        "it."
    )


@pytest.mark.parametrize("count", [0, 1])
def test_without_pairs_there_is_no_answer(count):
    assert answer(first(toy(), count)) == (
        "So far: no arm can be compared with none yet."
    )


def test_a_failed_baseline_leaves_nothing_to_compare_with():
    run = failed(toy({"none": [0.9], "a 0.1": [0.8]}), 0)
    assert answer(run) == "So far: no arm can be compared with none yet."


def test_a_baseline_alone():
    assert answer(toy({"none": NONE})) == "There is no arm to compare with none."


def test_no_file_of_the_report_is_longer_than_250_lines():
    files = (ROOT / "keras_regnoise" / "studies" / "report").rglob("*.py")
    lengths = {file.name: len(file.read_text("utf-8").splitlines()) for file in files}
    assert len(lengths) > 10
    assert {name: lines for name, lines in lengths.items() if lines > 250} == {}
