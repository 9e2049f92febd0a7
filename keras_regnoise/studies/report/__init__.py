"""From the records of a run to tables, figures and a page."""

from keras_regnoise.studies.report.arm_comparison import ArmComparison as ArmComparison
from keras_regnoise.studies.report.arm_summary import ArmSummary as ArmSummary
from keras_regnoise.studies.report.comparison import compare as compare
from keras_regnoise.studies.report.drawing import figure as figure
from keras_regnoise.studies.report.files import write_report as write_report
from keras_regnoise.studies.report.hparams import write_tensorboard as write_tensorboard
from keras_regnoise.studies.report.interval import Interval as Interval
from keras_regnoise.studies.report.metric import Metric as Metric
from keras_regnoise.studies.report.page import html as html
from keras_regnoise.studies.report.summary import summarize as summarize
from keras_regnoise.studies.report.table import render as render
from keras_regnoise.studies.report.tidy import rows as rows
from keras_regnoise.studies.report.tidy import write_csv as write_csv
from keras_regnoise.studies.report.tidy import write_parquet as write_parquet

__all__ = [
    "ArmComparison",
    "ArmSummary",
    "Interval",
    "Metric",
    "compare",
    "figure",
    "html",
    "render",
    "rows",
    "summarize",
    "write_csv",
    "write_parquet",
    "write_report",
    "write_tensorboard",
]
