"""What the name of a metric says of it."""

import re
from typing import Literal

Direction = Literal["max", "min"]

# Which split of the data, which epoch, and Keras's weighted metrics.
_PREFIX = re.compile(r"^((val|validation|test|train|best|average|selected|weighted)_)+")

_MORE = frozenset(
    {
        "acc",
        "accuracy",
        "auc",
        "dice",
        "f1",
        "fbeta",
        "iou",
        "kappa",
        "precision",
        "r2",
        "recall",
        "sensitivity",
        "similarity",
        "specificity",
        "true",
    }
)
_LESS = frozenset(
    {
        "ce",
        "crossentropy",
        "deviance",
        "divergence",
        "error",
        "false",
        "hinge",
        "logcosh",
        "loss",
        "mae",
        "mape",
        "mse",
        "msle",
        "nll",
        "perplexity",
        "poisson",
        "rmse",
        "rmsle",
    }
)


def base_of(metric: str) -> str:
    """Return the name of a metric without the split of the data and the epoch.

    Args:
        metric: Its name, such as `"best_test_accuracy"`.
    """
    return _PREFIX.sub("", metric)


def by_words(metric: str) -> Direction | None:
    """Tell whether more (`"max"`) or less (`"min"`) is better, by the name alone.

    Args:
        metric: Name of a metric, such as `"val_mae"`. Of its words the last one counts
            that is known.

    Returns:
        None where none is.
    """
    words = base_of(metric).lower().replace("io_u", "iou").split("_")
    known = [word for word in words if word in _MORE or word in _LESS]
    if not known:
        return None
    more = known[-1] in _MORE
    if words[0] == "neg":  # scikit-learn's, of which more is better
        more = not more
    return "max" if more else "min"
