"""All files of a report."""

from pathlib import Path

from keras_regnoise.studies._atomic import write_text
from keras_regnoise.studies.report.exports import rows, write_csv, write_parquet
from keras_regnoise.studies.report.figures import curves_figure, figure
from keras_regnoise.studies.report.page import html
from keras_regnoise.studies.report.summary import summarize
from keras_regnoise.studies.report.table import render
from keras_regnoise.studies.run import Run


def write_report(
    run: Run, metric: str | None = None, directory: Path | str | None = None
) -> list[Path]:
    """Write the files of a report; each is whole at any time.

    `results.csv` and `results.parquet` (where pyarrow is installed) have every number,
    `summary.csv` the table, `figure.png` the figure, `curves.png` the learning curves
    (of up to 30 panels) and `report.html` everything for people. A run that is not
    finished has a report too, which says so.

    Args:
        run: The run.
        metric: Name of a metric; the study's headline by default.
        directory: Folder of the files; the run's own by default.

    Returns:
        The files that were written.
    """
    directory = run.directory if directory is None else Path(directory)
    table, parquet = rows(run), directory / "results.parquet"
    summary = render(summarize(run, metric), run, "csv")
    files = [write_csv(table, directory / "results.csv")]
    if write_parquet(table, parquet):
        files.append(parquet)
    files += [
        write_text(directory / "summary.csv", str(summary)),
        figure(run, directory / "figure.png", metric),
    ]
    if curves_figure(run, directory / "curves.png", metric):
        files.append(directory / "curves.png")
    return [*files, write_text(directory / "report.html", html(run, metric))]
