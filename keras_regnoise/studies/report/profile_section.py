"""The part of the page about options over many problems."""

from collections.abc import Iterable

from keras_regnoise.studies.report._markup import (
    Markup,
    element,
    plain_table,
    scrolling,
)
from keras_regnoise.studies.report._run import Run
from keras_regnoise.studies.report.profile import Profile, published_profile
from keras_regnoise.studies.report.profile_drawing import profile_svgs
from keras_regnoise.studies.report.wins import WINS_COLUMNS, wins_rows


def profile_section(run: Run, whole: Profile) -> Iterable[Markup]:
    """Return the wins and the profile, for the page."""
    papers = published_profile(run.manifest)
    yield element("h2", "Wins and profile")
    count = len(whole.problems)
    yield element(
        "p",
        f"{count} of {whole.planned} problems are complete, and counted. An option "
        "wins a problem if none of its kind has a smaller error (mean over the seeds); "
        "problems in which all are equal are left out, and equal winners count each. "
        "The difference is that of the error to the first option of the kind, over the "
        "problems, ± half a 95 % interval.",
        class_="quiet",
    )
    if papers:
        yield element(
            "p",
            f"The paper's are counted by the same rule from its {len(papers.problems)} "
            "problems.",
            class_="quiet",
        )
    table = plain_table(WINS_COLUMNS, wins_rows(whole, papers))
    yield scrolling(table, "Wins")
    svgs = profile_svgs(whole, papers, "profile")
    figures = (element("figure", Markup(svg)) for svg in svgs)
    yield element("div", *figures, class_="figures small")
