"""One page with everything about a run, in one file."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import groupby

import jinja2
from markupsafe import Markup

from keras_regnoise.studies.race import is_tuning
from keras_regnoise.studies.report.answer import answer
from keras_regnoise.studies.report.columns import arm_columns
from keras_regnoise.studies.report.evidence import weigh
from keras_regnoise.studies.report.evidence.words import (
    COLUMNS,
    claim_notes,
    claim_rows,
    outcome_of_claims,
)
from keras_regnoise.studies.report.figures import race_of
from keras_regnoise.studies.report.figures.by_rate import rate_panels, rate_svgs
from keras_regnoise.studies.report.figures.curve_drawing import curve_svg
from keras_regnoise.studies.report.figures.curves import curve_metric, curve_panels
from keras_regnoise.studies.report.figures.drawing import panel_svg
from keras_regnoise.studies.report.figures.panels import panels
from keras_regnoise.studies.report.figures.profiles import profile_svgs
from keras_regnoise.studies.report.metric import Metric
from keras_regnoise.studies.report.notes import arm_notes, mixed
from keras_regnoise.studies.report.page.facts import environment, failures, recipe
from keras_regnoise.studies.report.readable import readable
from keras_regnoise.studies.report.standings import (
    Standings,
    published_standings,
    standings,
)
from keras_regnoise.studies.report.summary import ArmSummary, summarize
from keras_regnoise.studies.report.wins import WINS_COLUMNS, wins_rows
from keras_regnoise.studies.run import Run

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True)
class Figures:
    """Drawings that are seen together.

    Attributes:
        title: Above them; may be empty.
        drawings: Elements of the page.
    """

    title: str
    drawings: tuple[Markup, ...]


def html(run: Run, metric: str | None = None) -> str:
    """Return a page that needs neither a network nor JavaScript.

    In this order: what was found, in a sentence; what became of the study's claims;
    the paper's figure from our numbers; the table; where the protocol is not the
    paper's; learning curves; failures; how it was made and where it ran. A study of
    options over many problems has its wins and profile in place of figure and curves.

    Args:
        run: The run.
        metric: Name of a metric; the study's headline by default.
    """
    run = readable(run)
    arms = summarize(run, metric)
    name = Metric(run.metric(metric))
    findings = weigh(run)
    whole = standings(run, metric)
    over_problems = run.description.profile is not None
    return _template().render(
        policy=_POLICY,
        style=Markup(_read("page.css")),
        run=run,
        title=run.description.title or run.study,
        answer=answer(arms, run),
        outcome=outcome_of_claims(findings),
        claims=list(claim_rows(findings)),
        claim_columns=COLUMNS,
        claim_notes=claim_notes(findings),
        metric=name,
        groups=_by_group(arms),
        columns=arm_columns(arms, run.description.baseline, is_tuning(run)),
        notes=arm_notes(arms, run),
        with_paper=any(arm.published for arm in arms),
        # A panel for every problem would be too many.
        figures=[] if over_problems else _figures(run, arms),
        curves=[] if over_problems else _curves(run, metric),
        curve_metric=Metric(curve_metric(run, metric)),
        wins=whole and _wins(run, whole, metric),
        failures=failures(run),
        recipe=recipe(run),
        environment=environment(run),
        mixed=bool(mixed(run)),
    )


def _template() -> jinja2.Template:
    setting = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return setting.from_string(_read("page.html.j2"))


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _by_group(arms: Sequence[ArmSummary]) -> dict[str, list[ArmSummary]]:
    groups: dict[str, list[ArmSummary]] = {}
    for arm in arms:
        groups.setdefault(arm.group, []).append(arm)
    return groups


def _figures(run: Run, arms: Sequence[ArmSummary]) -> list[Figures]:
    if parts := is_tuning(run) and rate_panels(arms):
        return [Figures("", tuple(map(Markup, rate_svgs(parts, *race_of(run)))))]
    drawn = [
        (panel.group[0].group, Markup(panel_svg(panel, f"figure{number}")))
        for number, panel in enumerate(panels(run, arms))
    ]
    # The panels' own titles name the group.
    return [
        Figures("", tuple(svg for _, svg in part))
        for _, part in groupby(drawn, lambda pair: pair[0])
    ]


def _curves(run: Run, metric: str | None) -> list[Figures]:
    return [
        Figures(
            group if len(parts) > 1 else "",  # one panel names it itself
            tuple(
                Markup(curve_svg(panel, f"curve{number}-{i}"))
                for i, panel in enumerate(parts)
            ),
        )
        for number, (group, parts) in enumerate(curve_panels(run, metric).items())
    ]


@dataclass(frozen=True)
class Wins:
    """Options over many problems.

    Attributes:
        ours: Of this run.
        papers: By the paper's numbers.
        columns: Heads of the table.
        rows: Its lines.
        figures: Profiles.
    """

    ours: Standings
    papers: Standings | None
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: Figures


def _wins(run: Run, ours: Standings, metric: str | None) -> Wins:
    papers = published_standings(run, metric)
    drawings = tuple(map(Markup, profile_svgs(ours, papers, "profile")))
    rows = list(wins_rows(ours, papers))
    return Wins(ours, papers, WINS_COLUMNS, rows, Figures("", drawings))
