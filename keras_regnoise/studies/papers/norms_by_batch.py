"""Normalizations by batch size: RotationOut, appendix A.6, and the lecture."""

from typing import Any

from keras_regnoise.studies.study import Arm, Claim, Gate, Recipe, Study

BATCHES = (2, 4, 8, 16, 32)
NORMS = ("BatchNormalization", "CrossNormalization", "GroupNormalization")


def _group(batch: int) -> str:
    return f"batch {batch}"


# The rate grows with the batch, so that an epoch goes as far for all.
_BY_GROUP = {
    _group(batch): {"batch_size": batch, "learning_rate": 0.1 * batch / BATCHES[-1]}
    for batch in BATCHES
}


def _claim(text: str, one: str, other: str, **options: Any) -> Claim:
    # What stands in the place of a normalization: the gate asks for the fit alone, of
    # the second side, at the largest batch, where it has the fewest steps.
    gate = Gate(baseline=other.replace("*", _group(BATCHES[-1])))
    return Claim(text=text, arms=(one, other), gate=gate, **options)


def _interaction(text: str, one: str, other: str) -> Claim:
    sides = (f"*: {one}", f"*: {other}")
    return _claim(text, *sides, statistic="slope", x="batch", margin=0.005)


def _recipe(**options: Any) -> Recipe:
    return Recipe(**{"batch_size": 32, "by_group": _BY_GROUP, **options})


STUDY = Study(
    name="norms-by-batch",
    title="Which normalization suffers from small batches, and why",
    model="keras_regnoise.studies.papers.models.norms_by_batch:NormsModel",
    data="digits",
    arms=tuple(
        Arm(norm, {"norm": norm, "batch": batch}, _group(batch))
        for batch in BATCHES
        for norm in NORMS
    ),
    baseline="BatchNormalization",
    recipes={
        "smoke": _recipe(
            epochs=1, seeds=(0,), examples=200, arms=("batch 8", "batch 32")
        ),
        "short": _recipe(
            epochs=24,
            seeds=tuple(range(10)),
            validation_freq=8,
            redraw=True,
            deviations=(
                "A ConvNet on 500 handwritten digits, instead of ResNet-50 on "
                "CIFAR-100 and ImageNet; batches of 2 to 32.",
            ),
        ),
    },
    paper="RotationOut as a Regularization Method for Neural Network, 2019",
    table="appendix A.6, Figure 3",
    deviations=(
        "The figure prints no numbers. The text says that CrossNormalization has the "
        "lower loss and the same accuracy at batches of 8 and 16; its right half, the "
        "error of BatchNormalization and GroupNormalization by batch size, is that of "
        "the cited paper. Its left half, f(x, B), is in the study closed-forms.",
        "A slope is the change of the accuracy with every doubling of the batch.",
        "SGD with momentum 0.9 from 0.1 at a batch of 32, in proportion to the batch, "
        "divided by ten at one half and three quarters; no decay.",
        "BatchNormalization and CrossNormalization have the momentum 0.9 at a batch of "
        "32 and its root for half the batch, so that the moving statistics are of as "
        "many examples; the epsilon is 0.001. GroupNormalization has 4 groups.",
    ),
    claims=(
        _interaction(
            "BatchNormalization gains more from every doubling of the batch than "
            "GroupNormalization.",
            "BatchNormalization",
            "GroupNormalization",
        ),
        _interaction(
            "CrossNormalization, which has no nonlinearity, gains less from it than "
            "BatchNormalization.",
            "BatchNormalization",
            "CrossNormalization",
        ),
        _claim(
            "At a batch of 2 GroupNormalization is better than BatchNormalization.",
            "batch 2: GroupNormalization",
            "batch 2: BatchNormalization",
        ),
        _claim(
            "At a batch of 32 BatchNormalization is as good as GroupNormalization.",
            "batch 32: BatchNormalization",
            "batch 32: GroupNormalization",
            sign=0,
        ),
        _claim(
            "At a batch of 8 CrossNormalization has a lower test loss than "
            "BatchNormalization.",
            "batch 8: CrossNormalization",
            "batch 8: BatchNormalization",
            metric="test_loss",
            sign=-1,
            margin=0.02,
        ),
        _claim(
            "At a batch of 8 CrossNormalization is as accurate as BatchNormalization.",
            "batch 8: CrossNormalization",
            "batch 8: BatchNormalization",
            sign=0,
        ),
    ),
    x="batch",
    series="norm",
)
