"""Which noise, and how much of it: a small ConvNet on handwritten digits."""

from typing import Any

from keras_regnoise.studies.study import Arm, Recipe, Study

_NOISES = ("Dropout", "RotationOut", "SpatialRotationOut", "ICLayer", "DropActivation")
_BASELINE = "none"


def _arms() -> tuple[Arm, ...]:
    return (
        Arm(_BASELINE, {"noise": _BASELINE, "rate": 0.0}),
        *(
            Arm(f"{method} {rate:g}", {"noise": method, "rate": rate})
            for method in _NOISES
            for rate in (0.05, 0.1, 0.2, 0.3)
        ),
    )


def _recipe(**options: Any) -> Recipe:
    return Recipe(
        epochs=40, batch_size=50, learning_rate=2e-3, validation_freq=10, **options
    )


STUDY = Study(
    name="keep-rate",
    title="Which noise, and how much of it, in a small ConvNet on handwritten digits",
    model="keras_regnoise.studies.papers.models.keep_rate:KeepRateModel",
    data="digits",
    arms=_arms(),
    baseline=_BASELINE,
    recipes={
        "smoke": _recipe(seeds=(0, 1), arms=(_BASELINE, "* 0.1", "* 0.3")),
        "short": _recipe(seeds=(0, 1, 2, 3, 4)),
    },
    x="rate",
    series="noise",
)
