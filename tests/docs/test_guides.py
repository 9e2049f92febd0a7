"""The guides show what their code prints.

drop_in, analysis, datasets, layers, placement, exports and tuning have tests beside the
packages that they are about.
"""

import re

import pytest

from tests.helpers import CODE, ROOT, run_page, run_python, without_fractions

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")
pytestmark = pytest.mark.tensorflow  # the layers of the pages are tested elsewhere

DOCS = ROOT / "docs"
WORKFLOWS = ("drop_in", "placement", "tuning", "studies", "exports", "analysis")
COMMAND = "import sys; from keras_regnoise.cli.main import main; main(sys.argv[1:])"


def shown_after(page, command):
    """Return what a page shows under a command."""
    text = (DOCS / page).read_text("utf-8")
    return re.search(rf"```sh\n{command}\n```\n\n```\n(.*?)```", text, re.DOTALL)[1]


@pytest.mark.parametrize("name", [*WORKFLOWS, "devices", "layers", "models", "report"])
def test_every_guide_has_output(name):
    text = (DOCS / f"{name}.md").read_text("utf-8")
    shown = [output for _, output in CODE.findall(text) if output]
    assert shown or re.search(r"```sh\n[^`]*```\n\n```\n", text)


# Their code is run as a file, below; and on two devices, by tests/devices.
OTHERWISE = {"studies.md", "devices.md"}


def test_the_code_of_every_page_is_run():
    tests = "".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("*.py"))
    with_code = {f.name for f in DOCS.glob("*.md") if CODE.search(f.read_text("utf-8"))}
    run = {name for name in with_code if f'run_page("{name}"' in tests}
    assert with_code - run == OTHERWISE


def test_start_page():
    run_page("index.md")


def test_evidence(tmp_path, monkeypatch):
    (tmp_path / "docs").symlink_to(DOCS)
    monkeypatch.chdir(tmp_path)
    run_page("evidence.md")


def test_models():
    _, names = run_page("models.md")
    assert len(names["noisy"].layers) == len(names["resnet50"].layers) + 29


def test_report(tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    (tmp_path / "docs").symlink_to(DOCS)
    monkeypatch.chdir(tmp_path)
    _, names = run_page("report.md")
    assert names["table"].startswith("group,arm,metric,")
    assert (tmp_path / "figure.svg").exists()


def test_a_study_of_ones_own(tmp_path):
    page = (DOCS / "studies.md").read_text("utf-8")
    file = tmp_path / "my_study.py"
    file.write_text(CODE.search(page)[1])
    plan = run_python(COMMAND, "plan", file)
    said = shown_after("studies.md", "keras-regnoise plan my_study.py")
    without_seconds = re.compile(r" +(\d\S*|n/a)$", re.MULTILINE)
    assert without_seconds.sub("", plan) == without_seconds.sub("", said)
    found = run_python(COMMAND, "run", file, "--out", tmp_path / "out")
    said = shown_after("studies.md", "keras-regnoise run my_study.py")
    *found, answer = without_dashes(found).splitlines()
    *said, _ = without_dashes(said).splitlines()
    assert found == said
    assert "RotationOut 0.2" in answer or "no arm is distinguishable" in answer


def without_dashes(text):
    """Make tables of other widths, with other numbers, alike."""
    lines = re.sub(r"-{3,}", "---", text).strip().split("\n")
    return "\n".join(without_fractions(line).replace("+N", "N") for line in lines)


def test_two_devices():
    example = (ROOT / "examples" / "two_devices.py").read_text()
    _, _, comment = example.partition("\n# Output:\n")
    said = shown_after("devices.md", "python examples/two_devices.py")
    assert re.sub("^# ", "", comment, flags=re.MULTILINE) == said
