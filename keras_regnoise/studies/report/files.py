"""All files of a report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_regnoise.studies._atomic import write_text
from keras_regnoise.studies.report._run import Record
from keras_regnoise.studies.report.curves import curves_figure
from keras_regnoise.studies.report.drawing import figure
from keras_regnoise.studies.report.page import html
from keras_regnoise.studies.report.summary import summarize
from keras_regnoise.studies.report.table import render
from keras_regnoise.studies.report.tidy import rows, write_csv, write_parquet


def write_report(
    manifest: Mapping[str, Any],
    records: Sequence[Record],
    directory: Path | str,
    metric: str | None = None,
) -> list[Path]:
    """Write the files of a report; each is whole at any time.

    `results.csv` and `results.parquet` (where pyarrow is installed) have every number,
    `summary.csv` the table, `figure.png` the figure, `curves.png` the learning curves
    (of up to 30 panels) and `report.html` everything for people. A run that is not
    finished has a report too, which says so.

    Args:
        manifest: Content of `study.json`.
        records: Contents of the files in `cells/`.
        directory: Folder of the files.
        metric: Name of a metric; the study's headline by default.

    Returns:
        The files that were written.
    """
    directory = Path(directory)
    table, parquet = rows(manifest, records), directory / "results.parquet"
    summary = render(summarize(manifest, records, metric), manifest, "csv")
    files = [write_csv(table, directory / "results.csv")]
    if write_parquet(table, parquet):
        files.append(parquet)
    files += [
        write_text(directory / "summary.csv", str(summary)),
        figure(manifest, records, directory / "figure.png", metric),
    ]
    if curves_figure(manifest, records, directory / "curves.png"):
        files.append(directory / "curves.png")
    page = html(manifest, records, metric)
    return [*files, write_text(directory / "report.html", page)]
