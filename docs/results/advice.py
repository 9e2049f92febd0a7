"""What docs/which_noise.md says, from the records; no sentence without its numbers.

A sentence that the records no longer carry is an error here, and not a wrong one there.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from arms import RESULTS, Arms, link_to, must
from older import vcl_wins

from keras_regnoise.studies import Run, report
from keras_regnoise.studies.report.markdown import markdown

RACES = {
    "tune-digits": "digits with wrong labels",
    "tune-breast-cancer": "breast cancer",
    "tune-diabetes": "diabetes, a regression",
    "tune-contrac": "a table of UCI",
}
KINDS = ("Dropout", "CenteredDropout", "RotationOut", "DropActivation", "ICLayer")
_UNITS = ("ReLU-IC-Conv2D", "IC-Conv2D-ReLU", "Conv2D-ReLU-IC")
PLACES = (" before the weights = after the activations", " before the head")


def kinds() -> str:
    """Return a table of keep-rate: every kind at its best rate, and far beyond."""
    arms = Arms.of_run("keep-rate", "MLP")
    lines: list[list[str]] = [
        ["noise", "best rate", "minus none", "rates within 2 points", "0.9 minus none"]
    ]
    for kind in KINDS:
        of_kind = {a.split()[1]: a for a in arms.seeds if a.split()[0] == kind}
        best = max(of_kind.values(), key=arms.mean)
        near = [r for r, a in of_kind.items() if arms.mean(a) > arms.mean(best) - 0.02]
        far = f"{kind} 0.9" in arms.seeds
        lines.append(
            [
                f"`{kind}`",
                best.split()[1],
                arms.difference(best, "none"),
                ", ".join(near),
                arms.difference(f"{kind} 0.9", "none") if far else "not run",
            ]
        )
    lines += [
        [f"`{name}`", "", arms.difference(arm, "none"), "", ""]
        for name, arm in (
            ("BatchNormalization", "BatchNormalization"),
            ("VarianceConstancy(0.01)", "VCL 0.01"),
            ("VarianceConstancy(0.1)", "VCL 0.1"),
        )
    ]
    return "\n".join(markdown(lines, [True, *(False for _ in lines[0][1:])]))


def races() -> str:
    """Return what the races found, a line each."""
    lines = [["data", "what the race says"]]
    for folder, data in RACES.items():
        run = Run.open(RESULTS / folder)
        said = report.answer(report.summarize(run), run)
        lines.append([f"[{data}](results/{folder}/README.md)", said])
    return "\n".join(markdown(lines, [True, True]))


def first() -> str:
    """Say what to begin with."""
    found = report.weigh(Run.open(RESULTS / "keep-rate"))[0]
    estimate = found.estimate
    must(estimate is not None and estimate.high < 0, f"{found.sides}: {estimate}")
    mean, low, high = (
        100 * abs(x) for x in (estimate.mean, estimate.high, estimate.low)
    )
    one, other = (side.removeprefix("MLP: ") for side in found.sides)
    small = report.weigh(Run.open(RESULTS / "rotationout-keep-rate"))[0].estimate
    must(small is not None and small.low < 0 < small.high, f"ResNet-20: {small}")
    change, least, most = (100 * x for x in (small.mean, small.low, small.high))
    return bullets(
        f"**Dropout and RotationOut, both.** In the MLP {one} is {mean:.2f} points "
        f"behind {other} (95 % interval {low:.2f} to {high:.2f}; "
        f"{link_to('keep-rate')}). In ResNet-20, before the convolutions of the last "
        "stage, at the best keep rate of each, RotationOut is not distinguishable from "
        f"Dropout: {change:+.2f} points ({least:+.2f} to {most:+.2f}; "
        f"{link_to('rotationout-keep-rate')}).",
    )


def where() -> str:
    """Say where to put it."""
    digits, diabetes = Arms.of_run("tune-digits"), Arms.of_run("tune-diabetes")
    everywhere, head = (f"Dropout 0.5{place}" for place in PLACES)
    placed = Arms.of_table("dropout-placement")
    shift = Arms.of_table("dropout-placement", "variance_shift")
    again = Arms.of_table("dropout-placement", "recalibrated_test_accuracy")
    gains = [
        replace(placed, seeds={"again": again.seeds[arm], "before": placed.seeds[arm]})
        for arm in ("Dropout-b", "Dropout-a centred", "Dropout-a", "Dropout-b centred")
    ]
    one, two = (gain.more("again", "before") for gain in gains[:2])
    three, four = (gain.alike("again", "before") for gain in gains[2:])
    rate = Arms.of_run("keep-rate", "MLP")
    units = Arms.of_run("ic-units", "ResNet-20, CIFAR-10")
    return bullets(
        "**Before every weight layer but the first, where the network overfits "
        f"badly**: Dropout 0.5 there is {digits.more(everywhere, head)} points above "
        f"Dropout 0.5 before the head alone ({digits.link}).",
        "**Before the head alone, where noise everywhere is too much**: on diabetes, "
        "before every weight layer, Dropout 0.5 raises the mean absolute error by "
        f"{diabetes.more(everywhere, 'none')}, before the head it changes it by "
        f"{diabetes.alike(head, 'none')} ({diabetes.link}).",
        "**Behind noise, measure the statistics of BatchNormalization again** "
        "(`krn.analysis.recalibrate_batch_normalization`). With Dropout 0.5 in the "
        "last stage, in front of a BatchNormalization, its variance in training is "
        f"{shift.mean('Dropout-a'):.2f} times that at inference. To measure it again "
        f"was worth {one} points with Dropout before the convolution and {two} with "
        "centred Dropout behind it; with Dropout behind it and centred Dropout before "
        f"it, the gain is not distinguishable, {three} and {four}. Nor is which of the "
        "two places is better: before minus behind "
        f"{placed.alike('Dropout-b', 'Dropout-a')} points ({placed.link}).",
        "**In an ICLayer, use its noise**: it is what helps. In ResNet-20 on 5,000 "
        "images the three residual units with it, at its rate of 0.05, are "
        f"{_listed(units.more(unit, 'baseline') for unit in _UNITS)} points above the "
        "baseline; with its normalization alone one is "
        f"{units.less(f'{_UNITS[0]}, rate 0', 'baseline')} below, and two are not "
        "distinguishable, "
        + " and ".join(
            units.alike(f"{unit}, rate 0", "baseline") for unit in _UNITS[1:]
        )
        + f" ({units.link}). In an MLP 0.3 is {rate.more('ICLayer 0.3', 'ICLayer 0')} "
        "points above 0, and the whole layer not distinguishable from nothing, "
        f"{rate.alike('ICLayer 0.3', 'none')} ({rate.link}).",
    )


def strength() -> str:
    """Say how strong."""
    rate, diabetes = Arms.of_run("keep-rate", "MLP"), Arms.of_run("tune-diabetes")
    kept = Arms.of_table("drop-activation")
    shift = Arms.of_run("drop-activation-shift", "ResNet-8, CIFAR-10")
    alike = [
        kept.alike(keep, "1.00") for keep in ("0.95", "0.90", "0.85", "0.80", "0.75")
    ]
    drop, rotation = (
        diabetes.more(f"{noise} 0.5{PLACES[0]}", f"{noise} 0.2{PLACES[0]}")
        for noise in ("Dropout", "RotationOut")
    )
    return bullets(
        "**Strong, where labels are wrong.** From 0.5 to 0.8 Dropout gains "
        f"{rate.more('Dropout 0.8', 'Dropout 0.5')} points, RotationOut "
        f"{rate.more('RotationOut 0.8', 'RotationOut 0.5')} ({rate.link}).",
        f"**Not to the end.** At 0.9 Dropout is {rate.less('Dropout 0.9', 'none')} "
        f"points below none, RotationOut still {rate.more('RotationOut 0.9', 'none')} "
        "above it; at 0.95 RotationOut has fallen too, "
        f"{rate.less('RotationOut 0.95', 'none')} below ({rate.link}).",
        "**Weak, where strong noise harms.** On diabetes 0.5 before every weight "
        f"layer has a higher error than 0.2, by {drop} with Dropout and by {rotation} "
        f"with RotationOut ({diabetes.link}).",
        "**DropActivation up to 0.25.** Keeping 0.95 to 0.75 of the activations is "
        f"not distinguishable from keeping all ({alike[0]} to {alike[-1]} points); "
        f"keeping 0.60 is {kept.less('0.60', '1.00')} points behind ({kept.link}). In "
        "ResNet-8, which fits its 2,000 images, keeping 0.95 has a test error "
        f"{shift.less('DropAct', 'ReLU')} smaller than ReLU; Dropout 0.5 before the "
        "last convolution of every unit, one "
        f"{shift.less('Dropout 0.5', 'ReLU')} smaller ({shift.link}).",
    )


def leave_out() -> str:
    """Say when not to use it."""
    rate = Arms.of_run("keep-rate", "MLP")
    must(all("leave it out" in said for said in _undecided()), "races without a winner")
    for activation in ("ReLU", "ELU", "SELU"):
        must(vcl_is_alike(activation), f"{link_to('vcl-uci')}: {activation}")
    return bullets(
        "**Where a race finds nothing**, as on [breast "
        "cancer](results/tune-breast-cancer/README.md) and on [the table of "
        "UCI](results/tune-contrac/README.md).",
        "**DropActivation, against wrong labels**: 0.05 is "
        f"{rate.less('DropActivation 0.05', 'none')} points below none, 0.3 "
        f"{rate.less('DropActivation 0.3', 'none')} ({rate.link}).",
        "**VarianceConstancy, for the accuracy alone**: at the paper's weight it is "
        f"{rate.alike('VCL 0.01', 'none')} points from none in the MLP ({rate.link}), "
        "and on 23 tables the mean difference of its error to none has 0 in its "
        f"interval with ReLU, ELU and SELU ({link_to('vcl-uci')}).",
    )


def vcl_is_alike(activation: str) -> bool:
    """Whether the interval of VCL against none has 0 in it, over the tables."""
    line = next(
        x for x in vcl_wins().split("\n") if re.match(rf"\| {activation} +\| vcl", x)
    )
    mean, half = (float(x) for x in line.split("|")[3].split("±"))
    return abs(mean) < half


def _undecided() -> Iterable[str]:
    for folder in ("tune-breast-cancer", "tune-contrac"):
        run = Run.open(RESULTS / folder)
        yield report.answer(report.summarize(run), run)


def _listed(parts: Iterable[str]) -> str:
    """List numbers."""
    *first, last = parts
    return f"{', '.join(first)} and {last}"


def bullets(*sentences: str) -> str:
    """Make a list."""
    return "\n".join(f"- {sentence}" for sentence in sentences)


def contents() -> dict[str, str]:
    """Return what stands between the marks of the page."""
    return {
        "kinds": kinds(),
        "races": races(),
        "first": first(),
        "where": where(),
        "strength": strength(),
        "leave_out": leave_out(),
    }
