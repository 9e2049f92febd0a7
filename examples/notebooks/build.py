"""Write the notebooks beside this file, run: what they print and draw is in them.

Run with: python examples/notebooks/build.py [NAME ...]
Needs the extras "tensorflow" and "studies". A notebook is made of the .py file of its
name, in which `# %%` begins a cell of code and `# %% [markdown]` one of text.
"""

import base64
import contextlib
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NAMES = ("drop_in", "existing_model", "look_inside")


def cells(source: str) -> list[dict[str, Any]]:
    """The cells of a source, without outputs."""
    found: list[dict[str, Any]] = []
    for number, part in enumerate(re.split(r"^# %%", source, flags=re.MULTILINE)[1:]):
        kind, _, text = part.partition("\n")
        cell: dict[str, Any] = {"id": f"cell-{number}", "metadata": {}}
        if "markdown" in kind:
            text = re.sub(r"^# ?", "", text.strip(), flags=re.MULTILINE)
            cell |= {"cell_type": "markdown"}
        else:
            cell |= {"cell_type": "code", "execution_count": None, "outputs": []}
        found.append({**cell, "source": text.strip().splitlines(keepends=True)})
    return found


def run(notebook: list[dict[str, Any]]) -> None:
    """Run the code of the cells, in one namespace; fill in their outputs."""
    import matplotlib as mpl

    mpl.use("Agg")
    names: dict[str, Any] = {"__name__": "__main__"}
    code = [cell for cell in notebook if cell["cell_type"] == "code"]
    for count, cell in enumerate(code, 1):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec("".join(cell["source"]), names)
        cell["execution_count"] = count
        cell["outputs"] = [*_text(printed.getvalue()), *_figures()]


def _text(printed: str) -> list[dict[str, Any]]:
    lines = printed.splitlines(keepends=True)
    return [{"output_type": "stream", "name": "stdout", "text": lines}] if lines else []


def _figures() -> list[dict[str, Any]]:
    import matplotlib.pyplot as plt

    outputs = []
    for number in plt.get_fignums():
        file = io.BytesIO()
        plt.figure(number).savefig(file, format="png", dpi=70, bbox_inches="tight")
        data = {"image/png": base64.b64encode(file.getvalue()).decode()}
        outputs.append({"output_type": "display_data", "metadata": {}, "data": data})
    plt.close("all")
    return outputs


def write(name: str) -> None:
    """Run one notebook and write it."""
    notebook = cells((HERE / f"{name}.py").read_text(encoding="utf-8"))
    run(notebook)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    whole = {"cells": notebook, "metadata": metadata, "nbformat": 4}
    text = json.dumps({**whole, "nbformat_minor": 5}, indent=1, ensure_ascii=False)
    (HERE / f"{name}.ipynb").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or NAMES:
        write(chosen)
