"""Write docs/artefacts.md: the papers' tables and figures, and the study of each.

python docs/artefacts.py
"""

import textwrap
from pathlib import Path

import gpu_hours

from keras_regnoise.cli.list import rows_of
from keras_regnoise.datasets._missing import SETS
from keras_regnoise.studies import Study, registry
from keras_regnoise.studies.papers.published import rows, tables

DOCS = Path(__file__).parent
_HEAD = """# Tables and figures of the papers

The study of each, how many numbers the paper prints, what has been run here, and what
the paper's scale takes: the data and how large they are to download, the trainings
(arms times seeds), the steps of all of them, and hours. No run at the paper's scale has
been made: `keras-regnoise plan` says how long a study takes on your machine,
`keras-regnoise list` which of the data are there, and `keras-regnoise describe` prints
the paper's table.

Hours on a GPU are estimated from the {images_per_second} images a second that a {gpu}
trains {network} with in {precision} ({source}),
in proportion to the multiply-adds of a network ([counted](networks.csv) by
`python docs/networks.py`; [throughput](throughput.csv)). Small images leave a GPU
waiting: such a network takes longer than that. Evaluations, noise and augmentation are
not counted, and for a recurrent network nothing is estimated. Hours on two cores are
those of the run at the scale `short`, whose networks have 4 layers, by the number of
steps; the paper's of 8 and 16 layers take longer.

Every study runs at the scale `smoke`, without files; CONTRIBUTING.md has the command
for all of them. `rotationout-coco` needs KerasHub (`pip install keras-hub`).

{without_short}
have no scale `short`, of which little is to be expected on two cores; none was tried.
ResNet-50 trains with 10 images a second there
([measured](speed.md#images-from-files)): a day and a half for an epoch of ImageNet.
Tables 1 and 3 to 6 of Drop-Activation print 18 pairs of a network with it and without
it: they differ by 1.6 points at most and 10 of them by less than half a point; the
standard deviation over seeds of a small network on two cores is 0.5 to 0.7
([seen](results/drop-activation-fitted/README.md)).
`drop-activation-cifar10` and `vcl-cifar` have a `short`, and stand for the larger sets.

"""
_COLUMNS = ("artefact", "study", "published numbers", "ran here", "what it takes")


def page() -> str:
    """Return the whole page."""
    studies = [registry.find(name)[0] for name in registry.names()]
    papers = list(dict.fromkeys(study.paper for study in studies if study.paper))
    without = [f"`{s.name}`" for s in studies if s.paper and "short" not in s.recipes]
    names = f"{', '.join(without[:-1])} and {without[-1]}"
    text = _HEAD.format(**gpu_hours.reference(), without_short=_filled(names))
    for paper in papers:
        of_paper = [study for study in studies if study.paper == paper]
        lines = sorted((_line(study) for study in of_paper), key=_order)
        lines += [_without_study(table) for table in _left_out(paper, studies)]
        header = [_COLUMNS, ("---",) * len(_COLUMNS)]
        body = "\n".join(f"| {' | '.join(cells)} |" for cells in [*header, *lines])
        text += f"## {paper}\n\n{body}\n\n"
    return text.rstrip() + "\n"


def _filled(text: str) -> str:
    return textwrap.fill(text, 88, break_on_hyphens=False)


def _order(line: tuple[str, ...]) -> tuple[bool, str]:
    return not line[0].startswith("Table"), line[0]


def _line(study: Study) -> tuple[str, ...]:
    results = DOCS / "results" / study.name / "README.md"
    ran = f"`short`, [results](results/{study.name}/README.md)"
    return (
        study.table,
        f"`{study.name}`",
        _published(study.tables),
        ran if results.is_file() else "`smoke`",
        _cost(study),
    )


def _published(names: tuple[str, ...]) -> str:
    if not names:
        return "none printed"
    return "; ".join(f"{len(rows(name))} in `{name}.csv`" for name in names)


def _cost(study: Study) -> str:
    largest = rows_of(study, None)[-1]
    cells = study.cells(str(largest["scale"]))
    names = dict.fromkeys(cell.arm.data or study.data for cell in cells)
    sizes = [f"{name} ({SETS[name].size})" for name in names if name in SETS]
    if tables := sum(name.startswith("uci/") for name in names):
        sizes.append(f"{tables} table{'s' * (tables > 1)} of UCI")
    data = ", ".join(sizes) or "no files"
    steps = largest["steps"]
    known = f", {steps:,} steps" if isinstance(steps, int) else ""
    return f"{data}; {len(cells):,} trainings{known}{_hours(study)}"


def _hours(study: Study) -> str:
    for hours, machine in (
        (gpu_hours.gpu_hours(study), f"a {gpu_hours.reference()['gpu']}"),
        (gpu_hours.cpu_hours(study), "two cores"),
    ):
        if hours is not None:
            return f"; estimated {float(f'{hours:.2g}'):,g} h on {machine}"
    return ""


def _left_out(paper: str, studies: list[Study]) -> list[str]:
    shown = {table for study in studies for table in study.tables}
    return [
        table
        for table in tables()
        if table not in shown and rows(table)[0]["paper"] == paper
    ]


def _without_study(table: str) -> tuple[str, ...]:
    return rows(table)[0]["table"], "none", _published((table,)), "no", ""


if __name__ == "__main__":
    (DOCS / "artefacts.md").write_text(page(), "utf-8")
