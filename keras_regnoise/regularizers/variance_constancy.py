from typing import Any

import keras
from keras import ops

from keras_regnoise._arguments import check_number
from keras_regnoise._typing import Tensor
from keras_regnoise.ops._precision import as_loss
from keras_regnoise.ops.variance_constancy import (
    check_sample_size,
    check_weight,
    variance_constancy_loss,
)


# A name of its own: the layer of the same name is registered in the same package.
@keras.saving.register_keras_serializable(
    package="keras_regnoise", name="VarianceConstancyRegularizer"
)
class VarianceConstancy(keras.regularizers.Regularizer):  # type: ignore[misc]
    """The Variance Constancy Loss (VCL), for the `activity_regularizer` of a layer.

    Beta is fixed. For layers that keep their activation in a layer of its own, because
    the paper takes the loss before the activation.
    `keras_regnoise.layers.VarianceConstancy` learns beta, and leaves the loss out of
    evaluation, where Keras applies activity regularizers too.

    As with every regularizer of Keras, a `train_step` or `compute_loss` of your own has
    to add `sum(self.losses)`, or there is no effect. Only
    `keras_regnoise.callbacks.VarianceConstancy` checks that.

    Args:
        weight: Factor of the loss, a float of 0 or more. Defaults to 0.01, the paper's.
        sample_size: Samples in each of the two subsets of the batch that are compared,
            an integer of 2 or more. Defaults to 2. A batch of fewer than
            `2 * sample_size` has no loss.
        beta: Positive float. Defaults to 1.0.

    Reference:
        [Regularizing by the Variance of the Activations' Sample-Variances](
        https://arxiv.org/abs/1811.08764), equation 17.

    Difference from other regularizers: Keras divides what an activity regularizer
    returns by the batch size. This loss is a mean over the batch already, so it returns
    it times the batch size; the strength does not depend on the batch size.

    Example:

    >>> layer = keras.layers.Dense(32, activity_regularizer=VarianceConstancy())
    >>> y = layer(keras.random.normal((8, 16)))
    >>> len(layer.losses)
    1
    """

    def __init__(
        self, weight: float = 0.01, sample_size: int = 2, beta: float = 1.0
    ) -> None:
        self.weight = check_weight(weight)
        self.sample_size = check_sample_size(sample_size)
        meaning = "because at 0 a constant unit makes the loss infinite"
        self.beta = check_number("beta", beta, meaning, above=0)

    def penalty(self, x: Tensor) -> Tensor:
        """Return the weighted loss of activations `x`, whatever the batch size."""
        loss = variance_constancy_loss(x, self.beta, self.sample_size)
        return as_loss(self.weight * loss)

    def __call__(self, x: Tensor) -> Tensor:
        return self.penalty(x) * as_loss(ops.shape(x)[0])

    def get_config(self) -> dict[str, Any]:
        return {
            "weight": self.weight,
            "sample_size": self.sample_size,
            "beta": self.beta,
        }
