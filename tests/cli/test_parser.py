import pytest

from keras_regnoise.cli import main as cli
from keras_regnoise.cli.parser import COMMANDS, parse


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["rnu"], "Did you mean 'run'?"),
        (["dance"], "choose from"),
        (["run"], "required: STUDY"),
        (["run", "--arms", "none", "keep-rate"], "they come before the options"),
        (["run", "keep-rate", "--sead", "3"], "Did you mean '--seeds'?"),
        (
            ["run", "keep-rate", "--work=2"],
            "no option --work. Did you mean '--workers'?",
        ),
        (["run", "keep-rate", "--listen", "h:1"], "there is no option --listen"),
        (["run", "keep-rate", "--seeds", "a"], "0-4 or 0,2,5"),
        (["run", "keep-rate", "--timeout", "soon"], "15m"),
        (["run", "keep-rate", "--workers", "0"], "1 or more"),
        (["run", "keep-rate", "--out", ""], "a path; received ''"),
        (["tune", "m:f", "--data", "digits", "--rates", "nan"], "received 'nan'"),
        (["status", "my", "run"], "'run' is one argument too many; quote a path"),
        (["list", "--format", "jsno"], "Did you mean 'json'?"),
    ],
)
def test_an_argument_to_correct_is_told_in_a_line(arguments, message, capsys):
    assert cli.main(arguments) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert len(errors.splitlines()) == 1
    assert errors.startswith("keras-regnoise: ")
    assert message in errors
    assert " --help" in errors


def test_every_command_has_help(capsys):
    for command in COMMANDS:
        with pytest.raises(SystemExit) as stop:
            cli.main([command, "--help"])
        assert stop.value.code == 0
        assert f"keras-regnoise {command}" in capsys.readouterr().out


def test_options_may_be_given_more_than_once():
    options = parse(["run", "keep-rate", "--arms", "a", "b", "--arms", "c d"])
    assert options.arms == ["a", "b", "c d"]
    assert parse(["run", "keep-rate"]).arms == []


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_for_the_shell(shell, capsys):
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit) as stop:
        cli.main(["--print-completion", shell])
    assert stop.value.code == 0
    script = capsys.readouterr().out
    assert "--retry-failed" in script
    assert "keras-regnoise" in script
    assert shell == "bash" or "rotationout-keep-rate" in script
