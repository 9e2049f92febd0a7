import csv
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from keras_regnoise.report.summary import ArmSummary, Interval


def summary_table(summaries: Sequence[ArmSummary], title: str, baseline: str) -> Table:
    """Lay summaries of an accuracy out as a table, in percent."""
    table = Table(title=title, title_justify="left")
    table.add_column("noise")
    for name in (
        "rate",
        "mean ± sd",
        "n",
        "95 % interval",
        f"paired difference to {baseline}",
    ):
        table.add_column(name, justify="right")
    for arm in summaries:
        value, difference = arm.value, arm.difference
        # No accuracy is outside [0, 1], whatever the t distribution says of two seeds.
        low = max(0.0, value.mean - value.half_width)
        high = min(1.0, value.mean + value.half_width)
        table.add_row(
            arm.method,
            f"{arm.rate:g}" if arm.rate else "",
            f"{100 * value.mean:.2f} ± {100 * value.deviation:.2f}",
            str(value.count),
            f"{100 * low:.2f} to {100 * high:.2f}",
            _difference(difference),
        )
    return table


def _difference(difference: Interval | None) -> str:
    if difference is None:
        return ""
    mean = round(100 * difference.mean, 2) + 0.0  # no "-0.00"
    return f"{mean:+.2f} ± {100 * difference.half_width:.2f}"


def write_summary(summaries: Sequence[ArmSummary], file: Path) -> None:
    """Write the numbers of the table as CSV, as fractions."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            [
                "method",
                "rate",
                "n",
                "mean",
                "standard_deviation",
                "interval_95_half_width",
                "paired_difference",
                "paired_difference_95_half_width",
            ]
        )
        for arm in summaries:
            pair = arm.difference
            writer.writerow(
                [
                    arm.method,
                    arm.rate,
                    arm.value.count,
                    arm.value.mean,
                    arm.value.deviation,
                    arm.value.half_width,
                    pair.mean if pair else "",
                    pair.half_width if pair else "",
                ]
            )
