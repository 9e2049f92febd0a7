import csv
import errno
import io
import json
import subprocess
import sys

import pytest

from keras_regnoise.cli import common
from tests.helpers import ROOT

HOSTILE = "[red]a[/red] \x1b[31m\x1b]0;title\x07\x9b31mb\ud800"


def test_json_is_valid_whatever_the_numbers(capsys):
    numbers = {"nan": float("nan"), "inf": [float("-inf")], "one": (1.0, {"x": 2})}
    common.show([numbers], "json")

    def refuse(constant):
        raise AssertionError(constant)

    text = capsys.readouterr().out
    read = json.loads(text, parse_constant=refuse)
    assert read == [{"nan": None, "inf": [None], "one": [1.0, {"x": 2}]}]


def test_csv_is_read_back(capsys):
    common.show([{"arm": 'a "quoted", name', "seed": 1}], "csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows == [{"arm": 'a "quoted", name', "seed": "1"}]


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_no_rows_are_no_error(form, capsys):
    common.show([], form)
    assert "Traceback" not in capsys.readouterr().out


def test_names_do_not_reach_the_terminal_as_anything_but_names(capsys):
    common.show([{"arm": HOSTILE}], "table", title=HOSTILE)
    common.complain(HOSTILE + "\nsecond line")
    output, errors = capsys.readouterr()
    assert "[red]a[/red] b" in output
    assert errors == "keras-regnoise: [red]a[/red] b\ufffd second line\n"
    assert {"\x1b", "\x07", "\x9b", "\ud800"} & set(output + errors) == set()


def test_a_column_of_groups_only_where_there_are_groups(capsys):
    common.show([{"group": "", "arm": "a"}], "csv")
    assert capsys.readouterr().out == "arm\na\n"


COMMAND = """
import keras_regnoise_command
keras_regnoise_command.started = True
from keras_regnoise.cli import common
"""


def _run(code, stdout):
    return subprocess.run(
        [sys.executable, "-c", f"{COMMAND}\n{code}"],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=False,
    )


def test_a_reader_that_has_enough_is_no_error():
    reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    reader.wait()
    code = "for _ in range(9): common.write('x' * 99999)\nraise SystemExit(3)"
    result = _run(code, reader.stdin)
    assert (result.returncode, result.stderr) == (3, "")


def test_a_full_disk_below_stdout_is_an_error():
    code = "try: common.write('x')\nexcept OSError as e: raise SystemExit(e.errno)"
    with open("/dev/full", "w") as full:
        result = _run(code, full)
    assert (result.returncode, result.stderr) == (errno.ENOSPC, "")
