import json

import keras

from keras_regnoise.cli import main as cli


def test_versions_and_the_backend_are_named(capsys):
    assert cli.main(["doctor", "--format", "json"]) == 0
    output, errors = capsys.readouterr()
    facts = {row["what"]: row["value"] for row in json.loads(output)}
    assert facts["keras"] == keras.__version__
    assert facts["backend"].startswith(keras.config.backend())
    assert facts["jit by default"] in ("yes", "no")
    assert errors == ""


def test_what_is_wrong_is_named(capsys, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "abacus")
    assert cli.main(["doctor"]) == 1
    assert "does not start" in capsys.readouterr().out
