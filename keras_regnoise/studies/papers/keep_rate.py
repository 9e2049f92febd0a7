"""Which noise, and how much of it, where a network overfits: digits, wrong labels."""

from typing import Any

from keras_regnoise.studies.study import Arm, Claim, Gate, Recipe, Study

_BASELINE = "none"
# Closer together where a method is at its best: in the ConvNet, at smaller ones.
_RATES = {
    "MLP": (0.1, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95),
    "ConvNet": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.95),
}
_SMALL_RATES = (0.05, 0.1, 0.2, 0.3)
# By network: what is dropped or rotated, at all rates. In images the noise of
# RotationOut is centred and has one pairing for all positions of a channel, so that
# Dropout stands beside it with the one, with both and with neither.
_NOISES = {
    "MLP": ("Dropout", "CenteredDropout", "RotationOut"),
    "ConvNet": (
        *("Dropout", "SpatialDropout", "CenteredSpatialDropout"),
        "SpatialRotationOut",
    ),
}


def _arms(network: str) -> list[Arm]:
    def arm(name: str, noise: str, **values: float) -> Arm:
        return Arm(name, {"network": network, "noise": noise, **values}, network)

    return [
        arm(_BASELINE, _BASELINE, rate=0.0),
        *(
            arm(f"{noise} {rate:g}", noise, rate=rate)
            for noise in _NOISES[network]
            for rate in _RATES[network]
        ),
        *(
            arm(f"DropActivation {rate:g}", "DropActivation", rate=rate)
            for rate in _SMALL_RATES
        ),
        # Rate 0 is the normalization alone.
        *(
            arm(f"ICLayer {rate:g}", "ICLayer", rate=rate)
            for rate in (0.0, *_SMALL_RATES)
        ),
        arm("BatchNormalization", "BatchNormalization"),
        *(arm(f"VCL {weight:g}", "VCL", weight=weight) for weight in (0.01, 0.1)),
    ]


def _gate(network: str) -> Gate:
    return Gate(baseline=f"{network}: none", regularizer=f"{network}: Dropout *")


def _claim(network: str, text: str, one: str, other: str, **options: Any) -> Claim:
    sides = (f"{network}: {one}", f"{network}: {other}")
    return Claim(text=text, arms=sides, gate=_gate(network), **options)


def _wider(network: str, one: str) -> Claim:
    text = f"{one} works over a wider range of rates than Dropout ({network})."
    return _claim(
        network,
        text,
        f"{one} *",
        "Dropout *",
        statistic="plateau",
        x="rate",
        margin=0.05,
    )


# Of the best rates in ResNet-110 on CIFAR-100 (RotationOut, Table 1a): 74.23 - 73.33.
_PUBLISHED = 0.009
_CLAIMS = (
    _claim(
        "MLP",
        "RotationOut at its best rate is better than Dropout at its best (MLP).",
        "RotationOut *",
        "Dropout *",
        published=_PUBLISHED,
    ),
    _claim(
        "MLP",
        "RotationOut at its best rate is better than centred Dropout at its (MLP).",
        "RotationOut *",
        "CenteredDropout *",
    ),
    _wider("MLP", "RotationOut"),
    _claim(
        "MLP",
        "Drop-Activation at its best rate is better than none (MLP).",
        "DropActivation *",
        _BASELINE,
    ),
    _claim(
        "MLP",
        "The noise of the IC layer helps: at its best rate it is better than at 0 "
        "(MLP).",
        "ICLayer 0.[0-9]*",
        "ICLayer 0",
    ),
    _claim("MLP", "VCL is better than none (MLP).", "VCL *", _BASELINE),
    _claim(
        "ConvNet",
        "SpatialRotationOut at its best rate is better than Dropout at its (ConvNet).",
        "SpatialRotationOut *",
        "Dropout *",
        published=_PUBLISHED,
    ),
    _claim(
        "ConvNet",
        "SpatialRotationOut at its best rate is better than the Dropout most like it, "
        "centred and of whole channels, at its (ConvNet).",
        "SpatialRotationOut *",
        "CenteredSpatialDropout *",
    ),
    _wider("ConvNet", "SpatialRotationOut"),
    _claim(
        "ConvNet",
        "Drop-Activation at its best rate is better than none (ConvNet).",
        "DropActivation *",
        _BASELINE,
    ),
    _claim(
        "ConvNet",
        "The noise of the IC layer helps: at its best rate it is better than at 0 "
        "(ConvNet).",
        "ICLayer 0.[0-9]*",
        "ICLayer 0",
    ),
    _claim("ConvNet", "VCL is better than none (ConvNet).", "VCL *", _BASELINE),
)


def _recipe(**options: Any) -> Recipe:
    return Recipe(
        epochs=150,
        batch_size=50,
        learning_rate=1e-3,
        validation_freq=10,
        redraw=True,
        wrong_labels=0.4,
        **options,
    )


STUDY = Study(
    name="keep-rate",
    title="Which noise, and how much of it, where a network overfits",
    model="keras_regnoise.studies.papers.models.keep_rate:KeepRateModel",
    data="digits",
    arms=(*_arms("MLP"), *_arms("ConvNet")),
    baseline=_BASELINE,
    recipes={
        "smoke": _recipe(
            seeds=(0, 1, 2),
            arms=("MLP: none", "MLP: Dropout 0.8", "MLP: RotationOut 0.8"),
        ),
        "short": _recipe(seeds=tuple(range(20))),
    },
    deviations=(
        "Of the 500 training images 40 % have a wrong label; every seed has training "
        "images, wrong labels and validation images of its own. The 1,000 test images "
        "are the same for all seeds.",
        "BatchNormalization has the momentum 0.9 and the epsilon 0.001, also that of "
        "the IC layer.",
        "No gradient is clipped; VCL's paper clips them to a norm of 1.",
    ),
    claims=_CLAIMS,
    x="rate",
    series="noise",
)
