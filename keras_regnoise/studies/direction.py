"""Whether more or less of a metric is better, told by its name."""

from keras_regnoise.studies._metric_words import Direction as Direction
from keras_regnoise.studies._metric_words import base_of, by_words
from keras_regnoise.studies._quiet import quiet_imports
from keras_regnoise.studies.study import Description


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
    >>> direction_of("neg_mean_squared_error")
    'max'
    """
    name = base_of(metric)
    if description is not None:
        own = (description.metric, description.objective)
        if name in map(base_of, own):
            return description.direction or None
    return by_words(name) or _inferred(name)


def _inferred(name: str) -> Direction | None:
    try:  # only here: it imports Keras
        with quiet_imports():
            from keras_tuner.engine.metrics_tracking import infer_metric_direction
    except ImportError:
        return None
    direction: Direction | None = infer_metric_direction(name)
    return direction
