"""A linear unit trained with VCL and no other loss: Figure 2 of the VCL paper."""

from typing import Any

from keras_regnoise.studies.study import Arm, Claim, Recipe, Study

_MODEL = "keras_regnoise.studies.papers.models.vcl_clusters"
# The share of the smaller of two clusters: that of the figure's halves.
SHARES = (0.1, 0.25)
THEOREM, TRAINED, UNTRAINED = "theorem", "trained", "untrained"


def _group(share: float) -> str:
    return f"p = {share:.2f}"


def _claim(share: float, text: str, other: str, **options: Any) -> Claim:
    # Not about accuracy, which would need a gate.
    sides = (f"{_group(share)}: {TRAINED}", f"{_group(share)}: {other}")
    return Claim(text=text, arms=sides, **options)


def _moves(share: float, text: str) -> Claim:
    return _claim(share, text, UNTRAINED, metric="cosine", margin=0.1)


def _minimal(share: float) -> Claim:
    text = f"Their kurtosis is as small as Theorem 2 allows (p = {share:g})."
    return _claim(share, text, THEOREM, metric="kurtosis", sign=0, margin=0.1)


def _recipe(**options: Any) -> Recipe:
    defaults = {"batch_size": 20, "learning_rate": 0.01, "options": {"units": 20}}
    return Recipe(**{**defaults, **options})


STUDY = Study(
    name="vcl-clusters",
    title="Whether VCL alone parts two clusters, or merges them where one is small",
    model=f"{_MODEL}:ClustersModel",
    data=f"{_MODEL}:clusters",
    arms=tuple(
        Arm(name, {"share": share, "unit": name}, _group(share))
        for share in SHARES
        for name in (THEOREM, TRAINED, UNTRAINED)
    ),
    baseline=THEOREM,
    metric="cosine",
    objective="cosine",
    recipes={
        "smoke": _recipe(epochs=1, seeds=(0,)),
        "short": _recipe(
            epochs=40,
            seeds=tuple(range(10)),
            deviations=("200 units: 20 with weights of their own for each seed.",),
        ),
    },
    paper="Regularizing by the Variance of the Activations' Sample-Variances, 2018",
    table="Figure 2",
    deviations=(
        "`cosine` is how much of a unit's weights lies in the directions of Theorem 2, "
        "1 for all; `kurtosis` that of its outputs for the test points; both in the "
        "mean over the units, which do not see each other.",
        "The paper gives neither the clusters nor the training: 2,000 points of two "
        "round Gaussians whose means are 4 standard deviations apart, drawn anew for "
        "every seed; Adam at 0.01, divided by "
        "ten at one half and three quarters, batches of 20, VCL of samples of 10.",
    ),
    claims=(
        _moves(0.1, "VCL turns units so that they merge two clusters (p = 0.1)."),
        _moves(0.25, "VCL turns units towards the linear discriminant (p = 0.25)."),
        _minimal(0.1),
        _minimal(0.25),
    ),
)
