"""The wins of a profile as a table."""

from collections.abc import Sequence

from keras_regnoise.report.profile import Profile, Wins

WINS_COLUMNS = ("within", "option", "wins", "published", "difference of the error")


def wins_cells(line: Wins) -> list[str]:
    """Format one line."""
    difference = line.difference
    paper = f"{line.published} of {line.published_problems}"
    return [
        line.within,
        line.option,
        f"{line.count} of {line.problems}",
        "" if line.published is None else paper,
        f"{difference.mean:+.4f} ± {difference.half_width:.4f}" if difference else "",
    ]


def wins_table(profile: Profile) -> str:
    """Return the wins as a table in Markdown."""
    rows: list[Sequence[str]] = [WINS_COLUMNS, ["---"] * len(WINS_COLUMNS)]
    rows += map(wins_cells, profile.table())
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
