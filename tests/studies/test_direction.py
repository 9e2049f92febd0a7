import subprocess
import sys

import pytest

from keras_regnoise.studies import Arm, Description
from keras_regnoise.studies.direction import direction_of


@pytest.mark.parametrize(
    "metric",
    [
        "loss",
        "val_loss",
        "best_test_loss",
        "test_error",
        "val_mae",
        "val_mean_squared_error",
        "test_root_mean_squared_error",
        "val_head_deviance",
        "val_binary_crossentropy",
        "test_perplexity",
        "val_false_negatives",
        "val_accuracy_loss",
        "val_kl_divergence",
    ],
)
def test_less_is_better(metric):
    assert direction_of(metric) == "min"


@pytest.mark.parametrize(
    "metric",
    [
        "accuracy",
        "average_test_accuracy",
        "val_acc",
        "val_head_accuracy_1",
        "val_sparse_top_k_categorical_accuracy",
        "val_auc",
        "val_auc_2",
        "val_f1_score",
        "val_r2_score",
        "val_mean_io_u",
        "val_true_positives",
        "val_sensitivity_at_specificity",
        "val_cosine_similarity",
    ],
)
def test_more_is_better(metric):
    assert direction_of(metric) == "max"


def test_keras_tuner_knows_more_names_and_nobody_knows_all():
    pytest.importorskip("keras_tuner")
    assert direction_of("val_kullback_leibler") is None
    assert direction_of("val_score") is None
    assert direction_of("val_huber") == "min"


def test_without_keras_tuner_the_rest_is_unknown(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_tuner", None)
    monkeypatch.setitem(sys.modules, "keras_tuner.engine", None)
    monkeypatch.setitem(sys.modules, "keras_tuner.engine.metrics_tracking", None)
    assert direction_of("val_huber") is None
    assert direction_of("val_mae") == "min"


def test_the_study_knows_its_own_metric():
    study = Description(
        name="x",
        title="",
        data="digits",
        arms=(Arm("none"),),
        baseline="none",
        metric="test_surprise",
        objective="val_bits",
        direction="min",
    )
    assert direction_of("best_test_surprise", study) == "min"
    assert direction_of("train_bits", study) == "min"
    assert direction_of("test_accuracy", study) == "max"


def test_a_known_name_imports_no_keras():
    code = (
        "import sys, types\n"
        "package = types.ModuleType('keras_regnoise')\n"
        "package.__path__ = ['keras_regnoise']\n"
        "sys.modules['keras_regnoise'] = package\n"
        "from keras_regnoise.studies.direction import direction_of\n"
        "assert direction_of('val_mae') == 'min'\n"
        "assert 'keras' not in sys.modules and 'keras_tuner' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
