"""What became of one claim."""

from dataclasses import dataclass

from keras_regnoise.studies.report.evidence.estimate import ALPHA, Estimate
from keras_regnoise.studies.study import Claim

CONFIRMED = "confirmed"
REFUTED = "refuted"
EQUIVALENT = "equivalent within the margin"
CANNOT_TELL = "this setting can't tell"
MORE_SEEDS = "needs more seeds"
NOT_RUN = "not run"
DECIDED = (CONFIRMED, REFUTED, EQUIVALENT)
VERDICTS = (*DECIDED, CANNOT_TELL, MORE_SEEDS, NOT_RUN)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of a claim.

    Attributes:
        claim: The claim.
        metric: Name of the metric.
        verdict: One of `VERDICTS`.
        reason: Why the setting can't tell, or what is missing; may be empty.
        gate: What its gate measured, in words; empty without one.
        sides: The arms that were compared.
        estimate: First side minus second; None if they can't be compared.
        p_value: Holm's, over the claims of the study; of a difference from 0.
        equivalence_p: Holm's, of a difference within the margin.
        published: The paper's difference.
        excludes_published: Whether the interval leaves the published effect out; None
            without one.
        pooled_half_width: Half the interval of the pooled model of seeds and arms;
            None where there is none.
        pooled_p: Its p value, to compare with the estimate's own.
        unit: What was sampled: `"seed"` or `"data set"`.
        planned: Seeds that the recipe has, or data sets.
        added: Seeds beside the recipe's.
        of_each: Of a claim over data sets, the fewest seeds that one has, and how many
            the recipe has.
    """

    claim: Claim
    metric: str
    verdict: str = NOT_RUN
    reason: str = ""
    gate: str = ""
    sides: tuple[str, str] = ("", "")
    estimate: Estimate | None = None
    p_value: float = 1.0
    equivalence_p: float = 1.0
    published: float | None = None
    excludes_published: bool | None = None
    pooled_half_width: float | None = None
    pooled_p: float | None = None
    unit: str = "seed"
    planned: int = 0
    added: int = 0
    of_each: tuple[int, int] = (0, 0)

    @property
    def early(self) -> bool:
        """Whether less has run than is planned."""
        count = self.estimate.count if self.estimate else self.planned
        return count < self.planned or self.of_each[0] < self.of_each[1]

    @property
    def disagrees(self) -> bool:
        """Whether pooled model and pairs differ in what they find at 0.05."""
        if self.pooled_p is None or self.estimate is None:
            return False
        return (self.pooled_p <= ALPHA) != (self.estimate.p_value <= ALPHA)
