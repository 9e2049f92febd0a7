"""From the records of a run to tables, figures and a page."""

import importlib
from typing import TYPE_CHECKING

from keras_regnoise.studies.report.answer import answer as answer
from keras_regnoise.studies.report.comparison import ArmComparison as ArmComparison
from keras_regnoise.studies.report.comparison import compare as compare
from keras_regnoise.studies.report.evidence import Estimate as Estimate
from keras_regnoise.studies.report.evidence import Finding as Finding
from keras_regnoise.studies.report.evidence import weigh as weigh
from keras_regnoise.studies.report.exports import rows as rows
from keras_regnoise.studies.report.exports import write_csv as write_csv
from keras_regnoise.studies.report.exports import write_parquet as write_parquet
from keras_regnoise.studies.report.hparams import write_tensorboard as write_tensorboard
from keras_regnoise.studies.report.interval import Interval as Interval
from keras_regnoise.studies.report.metric import Metric as Metric
from keras_regnoise.studies.report.summary import ArmSummary as ArmSummary
from keras_regnoise.studies.report.summary import summarize as summarize
from keras_regnoise.studies.report.table import render as render

if TYPE_CHECKING:
    from keras_regnoise.studies.report.figures import figure as figure
    from keras_regnoise.studies.report.files import write_report as write_report
    from keras_regnoise.studies.report.page import html as html

__all__ = [
    "ArmComparison",
    "ArmSummary",
    "Estimate",
    "Finding",
    "Interval",
    "Metric",
    "answer",
    "compare",
    "figure",
    "html",
    "render",
    "rows",
    "summarize",
    "weigh",
    "write_csv",
    "write_parquet",
    "write_report",
    "write_tensorboard",
]

# They import Matplotlib, which the table on the terminal does without.
_DRAWN = {"figure": "figures", "html": "page", "write_report": "files"}


def __getattr__(name: str) -> object:
    if name not in _DRAWN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_DRAWN[name]}")
    return getattr(module, name)
