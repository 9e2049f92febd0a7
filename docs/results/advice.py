"""What docs/which_noise.md says, from the records; no sentence without its numbers.

A sentence that the records no longer carry is an error here, and not a wrong one there.
"""

from collections.abc import Iterable
from dataclasses import replace

from arms import RESULTS, Arms, link_to, must

from keras_regnoise.studies import Run, report
from keras_regnoise.studies.report.evidence.finding import DECIDED, EQUIVALENT
from keras_regnoise.studies.report.markdown import markdown

RACES = {
    "tune-digits": "digits with wrong labels",
    "tune-breast-cancer": "breast cancer",
    "tune-diabetes": "diabetes, a regression",
    "tune-contrac": "a table of UCI",
}
KINDS = ("Dropout", "CenteredDropout", "RotationOut", "DropActivation", "ICLayer")
KINDS_OF_IMAGES = (
    *("Dropout", "SpatialDropout", "CenteredSpatialDropout", "SpatialRotationOut"),
    *KINDS[3:],
)
_UNITS = ("ReLU-IC-Conv2D", "IC-Conv2D-ReLU", "Conv2D-ReLU-IC")
PLACES = (" before the weights = after the activations", " before the head")


def kinds(network: str, names: Iterable[str], beyond: str) -> str:
    """Return a table of keep-rate: every kind at its best rate, and far beyond.

    Best is that of the validation split; the test split chooses nothing.
    """
    arms = Arms.of_run("keep-rate", network)
    validation = Arms.of_run("keep-rate", network, "val_accuracy")
    columns = ("best rate", "minus none", "rates within 2 points")
    lines = [["noise", *columns, f"{beyond} minus none"]]
    for kind in names:
        of_kind = {a.split()[1]: a for a in arms.seeds if a.split()[0] == kind}
        best = max(of_kind.values(), key=validation.mean)
        most = max(map(arms.mean, of_kind.values()))
        near = [r for r, a in of_kind.items() if arms.mean(a) > most - 0.02]
        far = f"{kind} {beyond}" in arms.seeds
        lines.append(
            [
                f"`{kind}`",
                best.split()[1],
                arms.difference(best, "none"),
                ", ".join(near),
                arms.difference(f"{kind} {beyond}", "none") if far else "not run",
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
    digits = Arms.of_run("tune-digits", metric="test_accuracy")
    diabetes = Arms.of_run("tune-diabetes", metric="test_mae")
    everywhere, head = (f"Dropout 0.5{place}" for place in PLACES)
    return bullets(
        "**Before every weight layer but the first, where the network overfits "
        f"badly**: Dropout 0.5 there is {digits.more(everywhere, head)} points above "
        f"Dropout 0.5 before the head alone ({digits.link}).",
        "**Before the head alone, where noise everywhere is too much**: on diabetes, "
        "before every weight layer, Dropout 0.5 raises the mean absolute error by "
        f"{diabetes.more(everywhere, 'none')} standard deviations of the target, "
        f"before the head it changes it by {diabetes.alike(head, 'none')} "
        f"({diabetes.link}).",
        _recalibration(),
        _layer_with_noise(),
    )


def _recalibration() -> str:
    """Say what it is worth to measure BatchNormalization's statistics again."""
    network = "ResNet-20, CIFAR-10"
    placed, again, shift = (
        Arms.of_run("dropout-placement", network, metric)
        for metric in (None, "recalibrated_test_accuracy", "variance_shift")
    )
    gains = {
        arm: replace(placed, seeds={"again": again.seeds[arm], "before": seeds})
        for arm, seeds in placed.seeds.items()
    }
    clear = ("Dropout-a", "Dropout-a centred", "Dropout-b")
    return (
        "**Behind noise, measure the statistics of BatchNormalization again** "
        "(`krn.analysis.recalibrate_batch_normalization`). With Dropout 0.5 in the "
        "last stage, right in front of a BatchNormalization, its variance in training "
        f"is {shift.mean('Dropout-a'):.2f} times that at inference, and "
        f"{shift.mean('Dropout-b'):.2f} times with a convolution between them. To "
        f"measure it again was worth {_listed(_gain(gains[arm]) for arm in clear)} "
        "points with Dropout in front of it, with centred Dropout there, and with "
        "Dropout in front of the convolution; with centred Dropout in front of the "
        "convolution, and with Dropout there in all stages, the gain is not "
        f"distinguishable, {gains['Dropout-b centred'].alike('again', 'before')} and "
        f"{gains['Dropout-b, all stages'].alike('again', 'before')}, nor in the first "
        f"stage alone, {gains['Dropout-b, stage 1'].alike('again', 'before')}, or the "
        f"second, {gains['Dropout-b, stage 2'].alike('again', 'before')}. Nor is which "
        "of the two places is better: before the convolution minus behind it "
        f"{placed.alike('Dropout-b', 'Dropout-a')} points ({placed.link})."
    )


def _gain(arms: Arms) -> str:
    return arms.more("again", "before")


def _layer_with_noise() -> str:
    """Say how much of an ICLayer is its noise."""
    units = Arms.of_run("ic-units", "ResNet-20, CIFAR-10")
    mlp, convnet = (Arms.of_run("keep-rate", name) for name in ("MLP", "ConvNet"))
    much, little, bare = (f"ICLayer {rate}" for rate in ("0.3", "0.05", "0"))
    return (
        "**In an ICLayer, use its noise, and enough of it.** In ResNet-20 on 5,000 "
        "images the three residual units with it, at its rate of 0.05, are "
        f"{_listed(units.more(unit, 'baseline') for unit in _UNITS)} points above the "
        "baseline; with its normalization alone one is "
        f"{units.less(f'{_UNITS[0]}, rate 0', 'baseline')} below, and two are not "
        "distinguishable, "
        + " and ".join(
            units.alike(f"{unit}, rate 0", "baseline") for unit in _UNITS[1:]
        )
        + f" ({units.link}). On the digits it takes more: 0.3 is "
        f"{mlp.more(much, bare)} points above rate 0 in the MLP and "
        f"{convnet.more(much, bare)} in the ConvNet, 0.05 not distinguishable from it "
        f"({mlp.alike(little, bare)}) and {convnet.less(little, bare)} below. To no "
        f"layer at all 0.3 is {mlp.alike(much, 'none')} points in the MLP, not "
        f"distinguishable, and {convnet.more(much, 'none')} above in the ConvNet "
        f"({mlp.link})."
    )


def strength() -> str:
    """Say how strong."""
    rate, convnet = (Arms.of_run("keep-rate", name) for name in ("MLP", "ConvNet"))
    diabetes = Arms.of_run("tune-diabetes", metric="test_mae")
    fitted = Arms.of_run("drop-activation-fitted", "CIFAR-10")
    shift = Arms.of_run("drop-activation-shift", "ResNet-8, CIFAR-10", "test_accuracy")
    strong, weak = (f"{amount}{PLACES[0]}" for amount in ("0.5", "0.2"))
    return bullets(
        "**Strong, where labels are wrong.** In the MLP, from 0.5 to 0.8, Dropout "
        f"gains {rate.more('Dropout 0.8', 'Dropout 0.5')} points, RotationOut "
        f"{rate.more('RotationOut 0.8', 'RotationOut 0.5')} ({rate.link}).",
        "**Not to the end.** There, at 0.9, Dropout is "
        f"{rate.less('Dropout 0.9', 'none')} "
        f"points below none, RotationOut still {rate.more('RotationOut 0.9', 'none')} "
        "above it; at 0.95 RotationOut has fallen too, "
        f"{rate.less('RotationOut 0.95', 'none')} below. In the ConvNet the end is "
        f"nearer: at 0.7 Dropout is {convnet.less('Dropout 0.7', 'none')} below none, "
        f"SpatialRotationOut {convnet.more('SpatialRotationOut 0.7', 'none')} above "
        f"({rate.link}).",
        "**Weak, where strong noise harms.** On diabetes Dropout 0.5 before every "
        "weight layer has a mean absolute error "
        f"{diabetes.more(f'Dropout {strong}', f'Dropout {weak}')} standard deviations "
        "higher than 0.2; with RotationOut the two are not distinguishable, "
        f"{diabetes.alike(f'RotationOut {strong}', f'RotationOut {weak}')} "
        f"({diabetes.link}).",
        "**DropActivation, a little**; more was not tried where it helps. Keeping 0.95 "
        "of the activations is "
        f"{fitted.more('Drop-Activation 0.95', 'ReLU')} points above ReLU in a ConvNet "
        "that fits its 5,000 images of CIFAR-10, and "
        f"{fitted.more('Drop-Activation 0.95', 'Dropout 0.2')} above Dropout 0.2 in "
        "front of two convolutions, which was tried at two rates only: Dropout 0.5 "
        f"there is {fitted.less('Dropout 0.5', 'ReLU')} below ReLU ({fitted.link}). In "
        "ResNet-8, which fits its 2,000 images, keeping 0.95 is "
        f"{shift.more('DropAct', 'ReLU')} points above ReLU, and Dropout 0.5 before "
        "the last convolution of every unit "
        f"{shift.more('Dropout 0.5', 'ReLU')} ({shift.link}).",
    )


def leave_out() -> str:
    """Say when not to use it."""
    rate, convnet = (Arms.of_run("keep-rate", name) for name in ("MLP", "ConvNet"))
    must(all("leave it out" in said for said in _undecided()), "races without a winner")
    relu, elu = map(_negligible, ("ReLU", "ELU"))
    return bullets(
        "**Where a race says so**, as on [breast "
        "cancer](results/tune-breast-cancer/README.md) and on [the table of "
        "UCI](results/tune-contrac/README.md).",
        "**DropActivation, against wrong labels**: in the MLP 0.05 is "
        f"{rate.less('DropActivation 0.05', 'none')} points below none, 0.3 "
        f"{rate.less('DropActivation 0.3', 'none')}; in the ConvNet 0.2 is "
        f"{convnet.less('DropActivation 0.2', 'none')} below, 0.3 "
        f"{convnet.less('DropActivation 0.3', 'none')}; of 0.05 there is no verdict "
        f"({rate.link}).",
        "**VarianceConstancy, for the accuracy of dense layers**: at the paper's "
        f"weight it is {rate.alike('VCL 0.01', 'none')} points from none in the MLP "
        f"({rate.link}), and on 23 tables it changes the error by "
        f"{relu} points with ReLU and {elu} with ELU, both surely less than the half "
        "point that was called negligible; with SELU there is no verdict "
        f"({link_to('vcl-uci')}). {_over_500_epochs()} In the ConvNet it is worth "
        f"{convnet.more('VCL 0.01', 'none')} points, and "
        f"{convnet.more('VCL 0.1', 'none')} at ten times that weight; race it there.",
    )


def _negligible(activation: str, study: str = "vcl-uci") -> str:
    """Format what VCL changes on tables, in points, which must be within its margin."""
    found = _on_tables(activation, study)
    must(found.verdict == EQUIVALENT, found.claim.text)
    assert found.estimate
    assert found.claim.margin == 0.005  # "half a point"
    return f"{100 * found.estimate.mean:+.2f}"


def _on_tables(activation: str, study: str) -> report.Finding:
    findings = report.weigh(Run.open(RESULTS / study))
    (found,) = (f for f in findings if f"({activation})" in f.claim.text)
    return found


def _over_500_epochs() -> str:
    """Say what is left of it in trainings as long as the paper's."""
    study = "vcl-uci-500"
    open_ones = [_on_tables(activation, study) for activation in ("ReLU", "SELU")]
    must(all(f.verdict not in DECIDED for f in open_ones), "VCL over 500 epochs")
    relu, selu = (f"{100 * f.estimate.mean:+.2f}" for f in open_ones if f.estimate)
    return (
        "Over the paper's 500 epochs, on nine of these tables, it is "
        f"{_negligible('ELU', study)} with ELU, negligible again, and undecided "
        f"with ReLU ({relu}) and SELU ({selu}; {link_to(study)})."
    )


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
        "kinds": kinds("MLP", KINDS, "0.9"),
        "kinds_of_images": kinds("ConvNet", KINDS_OF_IMAGES, "0.7"),
        "races": races(),
        "first": first(),
        "where": where(),
        "strength": strength(),
        "leave_out": leave_out(),
    }
