"""Whether more or less of a metric is better, told by its name."""

import re
from typing import Literal

from keras_regnoise.studies._quiet import quiet_imports
from keras_regnoise.studies.study import Description

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


def direction_of(
    metric: str, description: Description | None = None
) -> Direction | None:
    """Tell whether more (`"max"`) or less (`"min"`) of a metric is better.

    What the study says of its own metric and objective counts first, for any split of
    the data. Then the words of the name, of which the last one counts that is known,
    and then what keras-tuner infers from the metrics and losses of Keras.

    Args:
        metric: Name of a metric, such as `"val_mae"` or `"best_test_accuracy"`.
        description: The study that has it.

    Returns:
        None where nothing is known of it: ask for a direction.

    Example:

    >>> direction_of("val_mae"), direction_of("best_test_top_5_accuracy")
    ('min', 'max')
    """
    name = _PREFIX.sub("", metric)
    if description is not None:
        own = (description.metric, description.objective)
        if name in [_PREFIX.sub("", other) for other in own]:
            return description.direction or None
    for word in reversed(name.lower().replace("io_u", "iou").split("_")):
        if word in _MORE:
            return "max"
        if word in _LESS:
            return "min"
    return _inferred(name)


def _inferred(name: str) -> Direction | None:
    try:  # only here: it imports Keras
        with quiet_imports():
            from keras_tuner.engine.metrics_tracking import infer_metric_direction
    except ImportError:
        return None
    direction: Direction | None = infer_metric_direction(name)
    return direction
