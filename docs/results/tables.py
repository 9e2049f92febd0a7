"""Fills what the documents say in numbers from the records beside them.

    python docs/results/tables.py

What stands between `<!-- NAME -->` and `<!-- end -->` is written here and not by hand;
a test compares it with what it would be now.
"""

import re
from pathlib import Path

import advice
import analysis_tables
import claims
import speed

from keras_regnoise.studies import Run, report
from keras_regnoise.studies.report.markdown import markdown
from keras_regnoise.studies.report.standings import published_standings, standings
from keras_regnoise.studies.report.wins import WINS_COLUMNS, wins_rows

RESULTS = Path(__file__).parent
FRONT_PAGES = (RESULTS.parents[1] / "README.md", RESULTS.parent / "index.md")
KEEP_RATE = RESULTS / "keep-rate"


def whole_report(run: Run) -> str:
    """Return what `keras-regnoise report` prints into a file."""
    text = str(report.render(report.summarize(run), run, terminal=False))
    # Each line that is not of a table is a paragraph of the page.
    return re.sub(r"^([^|\n].*)\n(?=[^|\n])", r"\1\n\n", text, flags=re.MULTILINE)


def wins(run: Run) -> str:
    """Return the wins of a study of many data sets, the paper's beside them."""
    ours = standings(run)
    if ours is None:
        raise ValueError("No data set of the run is complete")
    lines = [list(WINS_COLUMNS), *wins_rows(ours, published_standings(run))]
    table = markdown(lines, [True] * len(WINS_COLUMNS))
    return "\n".join([*table, "", *(_on_one_set(run, name) for name in ("vcl", "bn"))])


def _on_one_set(run: Run, option: str) -> str:
    """Count the sets on which an option differs from none, each by itself."""
    differences = [arm.difference for arm in report.summarize(run) if arm.arm == option]
    count = sum(found is not None and found.excludes_zero for found in differences)
    return (
        f"- Of {len(differences)} differences of {option} to none on one set and "
        f"activation, {count} leave 0 out."
    )


def best_and_beyond(run: Run) -> str:
    """Say what keep-rate shows of the MLP, in a sentence or two."""
    summary = [arm for arm in report.summarize(run) if arm.group == "MLP"]
    arms = {arm.arm: 100 * arm.value.mean for arm in summary if arm.value.count}
    best = report.weigh(run)[0]
    mean, low, high = (
        f"{100 * getattr(best.estimate, name):+.2f}" for name in ("mean", "low", "high")
    )
    rotation, dropout = (side.removeprefix("MLP: ") for side in best.sides)
    right = {arm: f"{mean:.2f} %" for arm, mean in arms.items()}
    return (
        f"*An MLP on 500 digits of which 40 % have a wrong label, {seeds_of(run)} "
        f"seeds: without noise it has {right['none']} of the test digits right, with "
        f"{dropout} {right[dropout]}, with {rotation} {right[rotation]}, each at its "
        f"best rate (a difference of {mean} points, 95 % interval {low} to {high}); at "
        f"rate 0.9 Dropout has fallen to {right['Dropout 0.9']}, RotationOut is at "
        f"{right['RotationOut 0.9']}.*"
    )


def seeds_of(run: Run) -> int:
    """Return the number of seeds of the baseline of the MLP."""
    return len({r.seed for r in run.done if r.key == ("MLP", "none")})


def filled(text: str, name: str, content: str) -> str:
    """Return a document with something else between two marks."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
    if not re.search(pattern, text, re.DOTALL):
        raise ValueError(f"The document has no <!-- {name} --> ... <!-- end -->")
    return re.sub(
        pattern,
        lambda found: f"{found[1]}{content.strip()}\n{found[2]}",
        text,
        flags=re.DOTALL,
    )


def documents() -> dict[Path, str]:
    """Return what every document should be."""
    texts = {}
    for manifest in sorted(RESULTS.glob("*/study.json")):
        page = manifest.parent / "README.md"
        content = whole_report(Run.open(manifest.parent))
        texts[page] = filled(page.read_text("utf-8"), "report", content)
    for name in ("vcl-uci", "vcl-uci-500"):
        page = RESULTS / name / "README.md"
        texts[page] = filled(texts[page], "wins", wins(Run.open(page.parent)))
    sources = {
        "speed": speed,
        "reproduction": claims,
        "which_noise": advice,
        "analysis": analysis_tables,
    }
    for name, source in sources.items():
        page = RESULTS.parent / f"{name}.md"
        texts[page] = page.read_text("utf-8")
        for mark, content in source.contents().items():
            texts[page] = filled(texts[page], mark, content)
    page = RESULTS.parent / "report.md"
    run = Run.open(RESULTS / "early-stopping")
    said = f"> {report.answer(report.summarize(run), run)}"
    texts[page] = filled(page.read_text("utf-8"), "answer", said)
    sentence = best_and_beyond(Run.open(KEEP_RATE))
    for page in FRONT_PAGES:
        texts[page] = filled(page.read_text("utf-8"), "keep-rate", sentence)
    return texts


if __name__ == "__main__":
    for file, text in documents().items():
        file.write_text(text, "utf-8")
        print(f"wrote {file}")
