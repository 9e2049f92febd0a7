"""The notebooks are those of their sources, executed, and their code runs."""

import importlib.util
import json

import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

from tests.helpers import ROOT

pytestmark = pytest.mark.tensorflow
HERE = ROOT / "examples" / "notebooks"
spec = importlib.util.spec_from_file_location("build", HERE / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)
each_notebook = pytest.mark.parametrize("name", build.NAMES)


def test_every_source_is_a_notebook():
    assert {file.stem for file in HERE.glob("*.py")} == {*build.NAMES, "build"}
    assert {file.stem for file in HERE.glob("*.ipynb")} == set(build.NAMES)


@each_notebook
def test_the_notebook_is_its_source_executed(name):
    """If this fails: python examples/notebooks/build.py."""
    written = json.loads((HERE / f"{name}.ipynb").read_text(encoding="utf-8"))
    source = build.cells((HERE / f"{name}.py").read_text(encoding="utf-8"))
    parts = ("cell_type", "source", "id")
    assert [[cell[part] for part in parts] for cell in written["cells"]] == [
        [cell[part] for part in parts] for cell in source
    ]
    code = [cell for cell in written["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    kinds = {output["output_type"] for cell in code for output in cell["outputs"]}
    assert kinds <= {"stream", "display_data"}
    assert code[-1]["outputs"]


@each_notebook
def test_the_code_runs(name):
    source = (HERE / f"{name}.py").read_text(encoding="utf-8")
    few = source.replace("EPOCHS = ", "EPOCHS = 1 or ")
    assert few != source
    notebook = build.cells(few)
    build.run(notebook)
    written = json.loads((HERE / f"{name}.ipynb").read_text(encoding="utf-8"))
    for ran, kept in zip(notebook, written["cells"], strict=True):
        kinds = [[o["output_type"] for o in c.get("outputs", ())] for c in (ran, kept)]
        assert kinds[0] == kinds[1]
