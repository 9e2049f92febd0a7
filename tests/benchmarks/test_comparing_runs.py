from dataclasses import replace

import pytest

from benchmarks import __main__ as command_line
from benchmarks import compare, figure, record, report
from benchmarks.record import Row

ROW = Row(
    "layers",
    "jax",
    "jax-jit",
    "RotationOut",
    "128x512",
    "float32",
    median_ms=2.0,
    spread=0.1,
    reference="Dropout",
    ratio_to_reference=1.0,
    target=1.0,
    meets_target=True,
)


@pytest.fixture
def compare_with(monkeypatch, tmp_path):
    """Run the command line with given rows for what it measures."""

    def run(*new, old=(ROW,), failed=(), arguments=()):
        path = tmp_path / "old.csv"
        record.write(old, path)
        measured = list(new), list(failed)
        monkeypatch.setattr(command_line, "_run", lambda plan: measured)
        output = ["--output", str(tmp_path / "new"), "--compare", str(path)]
        return command_line.main([*output, *arguments])

    return run


@pytest.mark.parametrize(
    ("ratio", "arguments", "status"),
    [
        (1.0, [], 0),
        (0.2, [], 0),
        (1.24, [], 0),
        (1.26, [], 1),
        (1.26, ["--tolerance", "0.5"], 0),
        (1.06, ["--tolerance", "0.05"], 1),
    ],
)
def test_exit_status_says_whether_a_ratio_got_worse(
    compare_with, ratio, arguments, status
):
    new = replace(ROW, ratio_to_reference=ratio)
    assert compare_with(new, arguments=arguments) == status


def test_a_failed_backend_is_a_failure(compare_with):
    assert compare_with(ROW, failed=["torch"]) == 1


def test_runs_without_a_common_case_are_an_error(compare_with, capsys):
    assert compare_with(replace(ROW, shape="128x8x8x640")) == 2
    assert "no case in common" in capsys.readouterr().err


def test_a_missing_old_file_is_found_before_anything_is_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(command_line, "_run", lambda plan: pytest.fail("measured"))
    assert command_line.main(["--compare", str(tmp_path / "absent.csv")]) == 2


def test_old_and_new_ratio_and_change_are_printed(compare_with, capsys):
    compare_with(replace(ROW, ratio_to_reference=1.5))
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("1.000", "1.500", "+50%", "1 of 1 ratios"))


def test_built_in_layers_are_not_compared():
    built_in = replace(ROW, layer="Dropout", reference="identity")
    faster_baseline = replace(built_in, ratio_to_reference=9.0)
    pairs = compare.changes([ROW, built_in], [ROW, faster_baseline])
    assert [pair.row.layer for pair in pairs] == ["RotationOut"]


@pytest.mark.parametrize(
    "other", [{"dtype": "bfloat16"}, {"mode": "torch-eager"}, {"device": "GPU"}]
)
def test_only_like_is_compared_with_like(other):
    with pytest.raises(ValueError, match="no case in common"):
        compare.changes([ROW], [replace(ROW, **other)])


def test_report_says_what_is_missed(capsys):
    slow = replace(ROW, layer="ICLayer", ratio_to_reference=1.25, meets_target=False)
    report.print_report([ROW, slow])
    printed = capsys.readouterr().out
    assert "1 of 2 targets are met" in printed
    assert "missed: ICLayer, 128x512, jax-jit: 1.25 x Dropout, target 1" in printed
    line = next(line for line in printed.splitlines() if "RotationOut" in line)
    assert "1.00" in line
    assert "yes" in line


def test_figure_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    rows = [
        replace(ROW, ratio_to_identity=3.0, identity_ms=1.0, reference_ms=2.0),
        replace(ROW, layer="Dropout", mode="torch-eager", ratio_to_identity=2.0),
    ]
    path = tmp_path / "results.png"
    assert figure.draw(rows, path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_there_is_no_figure(monkeypatch, tmp_path):
    monkeypatch.setattr(figure.importlib.util, "find_spec", lambda name: None)
    path = tmp_path / "results.png"
    assert not figure.draw([ROW], path)
    assert not path.exists()
