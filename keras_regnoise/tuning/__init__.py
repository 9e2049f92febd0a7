"""Search spaces for keras-tuner: which noise, how strong, and where.

Everything here can be imported without keras-tuner; using `NoiseHyperModel`,
`enumerate_space` or `race` needs it.
"""

import importlib
from typing import TYPE_CHECKING, Any

from keras_regnoise.tuning._fresh import from_file as from_file
from keras_regnoise.tuning.enumerate_space import enumerate_space as enumerate_space
from keras_regnoise.tuning.noise import noise as noise
from keras_regnoise.tuning.with_noise import with_noise as with_noise

if TYPE_CHECKING:
    from keras_regnoise.tuning._search_space import search_space as search_space
    from keras_regnoise.tuning.noise_hyper_model import (
        NoiseHyperModel as NoiseHyperModel,
    )

__all__ = [
    "NoiseHyperModel",
    "RaceResult",
    "enumerate_space",
    "from_file",
    "noise",
    "race",
    "search_space",
    "with_noise",
]

# These need keras-tuner. The race trains, which is done in `studies`: it and its result
# are the names here that are found in a package above.
_LAZY = {
    "NoiseHyperModel": f"{__name__}.noise_hyper_model",
    "RaceResult": "keras_regnoise.studies.race_result",
    "race": "keras_regnoise.studies.one_call",
    "search_space": f"{__name__}._search_space",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(_LAZY[name])
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{name} needs the extra studies: {error}. Install it with: "
            "pip install 'keras-regnoise[studies]'"
        ) from error
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
