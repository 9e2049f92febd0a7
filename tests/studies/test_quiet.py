import os

import pytest

from keras_regnoise.studies._quiet import quiet_imports


def speak():
    """Print as C++ does, and as Python does."""
    os.write(2, b"from C++\n")
    with open(2, "w", closefd=False) as stderr:  # as it is outside of pytest
        print("from Python", file=stderr)


def fail(log):
    with quiet_imports(log):
        speak()
        raise ImportError


def test_nothing_is_said(capfd):
    with quiet_imports():
        speak()
    assert capfd.readouterr() == ("", "")
    speak()
    assert capfd.readouterr() == ("", "from C++\nfrom Python\n")


def test_a_log_gets_it_added(capfd, tmp_path):
    log = tmp_path / "logs" / "search.log"
    for _ in range(2):
        with quiet_imports(log):
            speak()
    assert log.read_text() == "from C++\nfrom Python\n" * 2
    assert capfd.readouterr() == ("", "")


def test_an_error_shows_it(capfd, tmp_path):
    log = tmp_path / "log"
    log.write_text("earlier\n")
    for place in (None, log):
        with pytest.raises(ImportError):
            fail(place)
        assert capfd.readouterr() == ("", "from C++\nfrom Python\n")
    assert log.read_text() == "earlier\nfrom C++\nfrom Python\n"
