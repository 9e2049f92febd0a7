"""From the claims of a study and the records of a run to verdicts."""

from keras_regnoise.studies.report.evidence.estimate import Estimate as Estimate
from keras_regnoise.studies.report.evidence.estimate import holm as holm
from keras_regnoise.studies.report.evidence.finding import Finding as Finding
from keras_regnoise.studies.report.evidence.weigh import weigh as weigh

__all__ = ["Estimate", "Finding", "holm", "weigh"]
