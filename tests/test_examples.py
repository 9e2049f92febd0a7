"""The examples run, with as little training as can be, and print what they say."""

import re
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from tests.helpers import ROOT, run_python

EXAMPLE = """
import runpy, sys
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
# What each needs beside the extra "studies", and its arguments for a short run.
SHORT = {
    "cifar_resnet.py": ((), (1,)),
    "custom_layer.py": ((), (1,)),
    "ic_resnet.py": ((), (1,)),
    "kerashub_backbone.py": (("keras_hub",), ()),
    "lstm.py": ((), (1,)),
    "monte_carlo.py": ((), (1,)),
    "serve_http.py": (("fastapi", "httpx", "uvicorn"), (1,)),
    "swap_dropout.py": ((), (1,)),
    "transfer_learning.py": ((), (1,)),
    "two_devices.py": ((), (1,)),
    "variance_constancy.py": ((), (1,)),
}


def run(path, *arguments, **environment):
    return run_python(EXAMPLE, f"{path}", *arguments, **environment)


def without_numbers(text):
    return [re.sub(r"\d+(\.\d+)?", "N", line.strip()) for line in text.splitlines()]


def said(name):
    """The output that the comment at the end of an example has."""
    source = (ROOT / "examples" / name).read_text()
    _, _, comment = source.partition("\n# Output")
    lines = comment.splitlines()[1:]
    assert lines, f"{name} has no output at its end"
    assert all(line.startswith("#") for line in lines)
    return "\n".join(line.removeprefix("# ") for line in lines)


def test_every_example_is_tested_and_short():
    tests = Path(__file__).read_text()
    files = list((ROOT / "examples").glob("*.py"))
    assert len(files) >= 12
    assert [file.name for file in files if f'"{file.name}"' not in tests] == []
    assert [f.name for f in files if len(f.read_text().splitlines()) >= 80] == []
    assert all(said(file.name) for file in files)


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", SHORT)
def test_prints_what_it_says(name):
    needs, arguments = SHORT[name]
    for module in needs:
        pytest.importorskip(module)
    output = run(f"examples/{name}", *arguments)
    assert without_numbers(output) == without_numbers(said(name))
    assert "nan" not in output


LOAD = """
import sys
sys.modules["keras_regnoise"] = None  # so that importing it fails
import keras
print(*[type(layer).__name__ for layer in keras.saving.load_model(sys.argv[1]).layers])
"""


@pytest.mark.tensorflow
def test_tune_digits(tmp_path):
    pytest.importorskip("keras_tuner")
    output = run("examples/tune_digits.py", 1, tmp_path / "best.keras")
    rows = [line.split() for line in output.splitlines()]
    assert rows[0] == ["noise", "rate", "placement", "val_accuracy"]
    table = [row[:-1] for row in rows[1:10]]
    scores = [float(row[-1]) for row in rows[1:10]]
    expected = [
        ["none"],
        *[
            [kind, rate, placement]
            for kind in ("dropout", "rotationout")
            for rate in ("0.1", "0.3")
            for placement in ("before_weights", "before_head")
        ],
    ]
    assert sorted(table) == sorted(expected)
    assert scores == sorted(scores, reverse=True)
    assert "best model: test accuracy" in output
    assert rows[0] == said("tune_digits.py").splitlines()[0].split()
    loaded = run_python(LOAD, tmp_path / "best.keras").split()
    assert [name for name in loaded if name != "Dropout"] == [
        *("InputLayer", "Conv2D", "MaxPooling2D", "Conv2D", "Flatten", "Dense", "Dense")
    ]


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("name", "options", "recorded"),
    [
        (
            "mc_predict.py",
            ("--seeds", 2, "--epochs", 1, "--samples", 2),
            "RotationOut 0.3,",
        ),
        (
            "variance_shift.py",
            ("--seeds", 2, "--epochs", 1, "--depth", 8, "--variants", "a, centred"),
            '"a, centred",2,',
        ),
    ],
)
def test_figures_of_the_analysis(name, options, recorded, tmp_path):
    pytest.importorskip("matplotlib")
    figure, records = tmp_path / "figure.png", tmp_path / "records.csv"
    files = ("--figure", figure, "--records", records)
    run(f"docs/figures/analysis/{name}", *options, *files, MPLBACKEND="Agg")
    text = records.read_text(encoding="utf-8")
    assert recorded in text
    assert "nan" not in text
    assert figure.exists()


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("name", "trainings"),
    [
        ("tune_regression.py", 26),
        pytest.param("tune_saved_model.py", 42, marks=pytest.mark.thorough),
    ],
)
def test_tune(name, trainings, tmp_path):
    """With as few trainings as a race may have."""
    pytest.importorskip("distributed")
    code = f"import os; os.chdir({str(tmp_path)!r})\n{EXAMPLE}"
    arguments = (1, trainings, 3)  # epochs, trainings, fresh seeds
    output = run_python(code, ROOT / "examples" / name, *arguments)
    known = ("is better than none by", "leave it out", "Needs more")
    assert any(words in output for words in known)
    assert "model = " in output
    assert list(tmp_path.rglob("*.keras"))
