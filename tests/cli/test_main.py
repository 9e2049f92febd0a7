"""Which error is whose, and how the command ends."""

import errno
import warnings

import pytest

from keras_regnoise.cli import list as list_command
from keras_regnoise.cli import main as cli
from keras_regnoise.cli.common import UsageError
from keras_regnoise.studies.engine.errors import ClusterError
from keras_regnoise.studies.input_error import InputError
from keras_regnoise.studies.run import FolderError, WriteError


def end_with(error, monkeypatch, capsys):
    """Return exit code and lines on stderr of a command that raises."""

    def raises(options):
        raise error

    monkeypatch.setattr(list_command, "main", raises)
    code = cli.main(["list"])
    output, errors = capsys.readouterr()
    assert output == ""
    return code, errors.splitlines()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("that"), 2),
        (InputError("that"), 2),
        (FolderError("that"), 2),
        (WriteError("that"), 1),
        (ClusterError("that"), 1),
    ],
)
def test_what_our_own_code_says_is_told_in_a_line(error, code, monkeypatch, capsys):
    expected = code, ["keras-regnoise: that"]
    assert end_with(error, monkeypatch, capsys) == expected


@pytest.mark.parametrize(
    "error",
    [
        ValueError("too many values to unpack"),
        KeyError("id"),
        ImportError("cannot import name 'x' from 'keras'"),
        ModuleNotFoundError(
            "No module named 'keras_regnoise.x'", name="keras_regnoise.x"
        ),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "x"),
        BrokenPipeError(errno.EPIPE, "Broken pipe"),  # of a worker, not of stdout
    ],
)
def test_a_fault_of_the_program_shows_where_it_is(error, monkeypatch, capsys):
    code, lines = end_with(error, monkeypatch, capsys)
    assert code == 1
    assert lines[0] == "Traceback (most recent call last):"
    assert str(error) in lines[-2]
    assert "a fault of the program" in lines[-1]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.ENAMETOOLONG])
def test_what_is_wrong_with_the_machine_is_told_in_a_line(number, monkeypatch, capsys):
    error = OSError(number, "Out of it", "a file")
    expected = 1, ["keras-regnoise: Out of it: a file"]
    assert end_with(error, monkeypatch, capsys) == expected


def test_a_backend_that_is_missing_is_named(monkeypatch, capsys):
    error = ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")
    code, lines = end_with(error, monkeypatch, capsys)
    assert code == 2
    assert "pip install 'keras-regnoise[tensorflow]'" in lines[0]
    assert "KERAS_BACKEND" in lines[0]


def test_advice_of_our_own_code_is_passed_on(monkeypatch, capsys):
    error = ImportError("Figures need Matplotlib: pip install matplotlib")
    error.__cause__ = ModuleNotFoundError("No module", name="matplotlib.pyplot")
    expected = 2, ["keras-regnoise: Figures need Matplotlib: pip install matplotlib"]
    assert end_with(error, monkeypatch, capsys) == expected


def test_an_interrupt_is_no_traceback(monkeypatch, capsys):
    expected = 1, ["keras-regnoise: interrupted"]
    assert end_with(KeyboardInterrupt(), monkeypatch, capsys) == expected


def test_warnings_are_lines_of_the_command(monkeypatch, capsys):
    def warns(options):
        warnings.warn("a record\nis \x1b[31mdamaged\x1b[0m", stacklevel=1)
        return 0

    monkeypatch.setattr(list_command, "main", warns)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert cli.main(["list"]) == 0
    assert capsys.readouterr().err == "keras-regnoise: a record is damaged\n"
