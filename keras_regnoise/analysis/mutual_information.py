from typing import Any

import numpy as np

from keras_regnoise._arguments import check_integer


def mutual_information(
    x: Any, y: Any, n_neighbors: int = 3, seed: int | None = 0
) -> float:
    """Estimate how much one unit tells about another, in nats.

    The nearest-neighbour estimator of scikit-learn, for units of continuous values. Of
    a Gaussian pair of correlation `c` it estimates `-log(1 - c^2) / 2`. It is of
    little use for units with much mass on single values, such as dropped ones.

    Args:
        x: Values `(samples,)` of one unit.
        y: Values `(samples,)` of the other.
        n_neighbors: Neighbours that the estimator looks at: more for less variance
            and more bias. Defaults to 3.
        seed: Seed of the tiny noise that parts equal values. Defaults to 0.

    Returns:
        A float of 0 or more.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If `x` and `y` are no vectors of one length above `n_neighbors`.

    Reference:
        Kraskov, Stögbauer and Grassberger, Estimating mutual information, 2004.
        Rethinking the Usage of Batch Normalization and Dropout in the Training of Deep
        Neural Networks, section 3.1: noise of rate `r` multiplies it by `(1 - r)^2`
        where a unit is 0 with probability 0 before the noise.

    Example:

    >>> import numpy as np
    >>> x, noise = np.random.default_rng(0).normal(size=(2, 1000))
    >>> mutual_information(x, noise) < mutual_information(x, x + noise)
    True
    """
    x, y = np.asarray(x, "float64"), np.asarray(y, "float64")
    n_neighbors = check_integer("n_neighbors", n_neighbors, minimum=1)
    if x.ndim != 1 or x.shape != y.shape or len(x) <= n_neighbors:
        raise ValueError(
            "`x` and `y` must be vectors of one length, with more samples than "
            f"n_neighbors={n_neighbors}. Received: shapes {x.shape} and {y.shape}. "
            "Take one unit of a layer each, as in x=activations[:, 0]."
        )
    try:
        from sklearn.feature_selection import mutual_info_regression
    except ImportError as error:
        raise ImportError(
            "mutual_information uses scikit-learn, which is not installed. "
            "Install it with: pip install scikit-learn"
        ) from error
    estimate = mutual_info_regression(
        x[:, None], y, n_neighbors=n_neighbors, random_state=seed
    )
    return float(estimate[0])
