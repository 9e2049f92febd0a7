"""What noise does to a model: closed forms, measurements, Monte Carlo predictions.

The closed forms are about arrays. The measurements run a Keras model of any kind over
arrays or any iterable of batches, one batch in memory at a time, and leave the model as
they found it. All of them take and return NumPy; `rate` is the drop probability.
Figures are apart, in `keras_regnoise.analysis.plots`, which needs Matplotlib.
"""

from keras_regnoise.analysis import plots as plots
from keras_regnoise.analysis.activations import activations as activations
from keras_regnoise.analysis.activations import sample_activations as sample_activations
from keras_regnoise.analysis.batch_norm_nonlinearity import (
    batch_norm_nonlinearity as batch_norm_nonlinearity,
)
from keras_regnoise.analysis.by_layer import (
    coadaptation_by_layer as coadaptation_by_layer,
)
from keras_regnoise.analysis.by_layer import kurtosis_by_layer as kurtosis_by_layer
from keras_regnoise.analysis.calibration import Calibration as Calibration
from keras_regnoise.analysis.calibration import calibration as calibration
from keras_regnoise.analysis.coadaptation import coadaptation as coadaptation
from keras_regnoise.analysis.coadaptation import (
    covariance_coadaptation as covariance_coadaptation,
)
from keras_regnoise.analysis.coadaptation import (
    predicted_coadaptation as predicted_coadaptation,
)
from keras_regnoise.analysis.correlation import correlation as correlation
from keras_regnoise.analysis.drop_activation import (
    drop_activation_penalty as drop_activation_penalty,
)
from keras_regnoise.analysis.drop_activation import (
    drop_activation_shift_ratio as drop_activation_shift_ratio,
)
from keras_regnoise.analysis.drop_activation import (
    printed_drop_activation_penalty as printed_drop_activation_penalty,
)
from keras_regnoise.analysis.kurtosis import kurtosis as kurtosis
from keras_regnoise.analysis.mc_predict import MCPrediction as MCPrediction
from keras_regnoise.analysis.mc_predict import mc_predict as mc_predict
from keras_regnoise.analysis.mutual_information import (
    mutual_information as mutual_information,
)
from keras_regnoise.analysis.noise_covariance import (
    noise_covariance as noise_covariance,
)
from keras_regnoise.analysis.noisy_regression import NoisyRegression as NoisyRegression
from keras_regnoise.analysis.noisy_regression import (
    dropout_regression as dropout_regression,
)
from keras_regnoise.analysis.noisy_regression import (
    rotationout_regression as rotationout_regression,
)
from keras_regnoise.analysis.recalibrate import (
    recalibrate_batch_normalization as recalibrate_batch_normalization,
)
from keras_regnoise.analysis.recalibrate import (
    rescale_running_variance as rescale_running_variance,
)
from keras_regnoise.analysis.variance_shift import VarianceShift as VarianceShift
from keras_regnoise.analysis.variance_shift import variance_shift as variance_shift
from keras_regnoise.analysis.vcl_projection import VCLProjection as VCLProjection
from keras_regnoise.analysis.vcl_projection import vcl_projection as vcl_projection

__all__ = [
    "Calibration",
    "MCPrediction",
    "NoisyRegression",
    "VCLProjection",
    "VarianceShift",
    "activations",
    "batch_norm_nonlinearity",
    "calibration",
    "coadaptation",
    "coadaptation_by_layer",
    "correlation",
    "covariance_coadaptation",
    "drop_activation_penalty",
    "drop_activation_shift_ratio",
    "dropout_regression",
    "kurtosis",
    "kurtosis_by_layer",
    "mc_predict",
    "mutual_information",
    "noise_covariance",
    "plots",
    "predicted_coadaptation",
    "printed_drop_activation_penalty",
    "recalibrate_batch_normalization",
    "rescale_running_variance",
    "rotationout_regression",
    "sample_activations",
    "variance_shift",
    "vcl_projection",
]
