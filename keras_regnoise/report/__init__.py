"""From the rows of a run to a table and a figure."""

from keras_regnoise.report.figure import keep_rate_figure as keep_rate_figure
from keras_regnoise.report.summary import ArmSummary as ArmSummary
from keras_regnoise.report.summary import Interval as Interval
from keras_regnoise.report.summary import summarize as summarize
from keras_regnoise.report.table import summary_table as summary_table
from keras_regnoise.report.table import write_summary as write_summary

__all__ = [
    "ArmSummary",
    "Interval",
    "keep_rate_figure",
    "summarize",
    "summary_table",
    "write_summary",
]
