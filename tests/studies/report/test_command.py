"""What the page says to type is understood by the command, and means the same cells."""

import json
import shlex
from dataclasses import fields, replace

import pytest

from keras_regnoise.studies import Study
from keras_regnoise.studies.report.command import commands
from tests.studies.report.synthetic import keeping, toy


def parse(command):
    from keras_regnoise.cli.parser import parse

    program, *words = shlex.split(command)
    assert program == "keras-regnoise"
    return parse(words)


def described(run):
    """Return the study of a run, to see what a command would choose."""
    names = run.description.__dataclass_fields__
    return Study(
        **{name: getattr(run.description, name) for name in names},
        model=object,
        recipes={run.scale: run.recipe},
    )


def chosen(run):
    """Return the cells that the commands of a run name."""
    study, found = described(run), []
    for options in map(parse, commands(run)):
        found += study.cells(options.scale, options.arms, options.seeds)
    return sorted(cell.id for cell in found)


def planned(run, condition):
    """Return the run with some cells planned."""
    cells = tuple(filter(condition, run.manifest.cells))
    return replace(run, manifest=replace(run.manifest, cells=cells))


def with_options(run, **options):
    manifest = run.manifest
    options = replace(manifest.options, **options)
    return replace(run, manifest=replace(manifest, options=options))


def test_a_whole_study_needs_no_options():
    assert commands(toy()) == ["keras-regnoise run toy --scale short"]
    some = toy(recipe={"arms": ("Dropout*", "none")})
    assert commands(some) == ["keras-regnoise run toy --scale short"]


ODD = {"none": [0.9] * 4, "a*b [1] 0.1": [0.9] * 4, "it's $x 0.2": [0.9] * 4}


@pytest.mark.parametrize(
    "condition",
    [
        lambda c: True,
        lambda c: c.arm.name != "none",
        lambda c: c.arm.group == "A",
        lambda c: c.arm.group == "A" and c.arm.name != "none",
        lambda c: c.arm.group == "A" or c.arm.name == "none",
        lambda c: c.seed in (0, 1, 3),
        lambda c: c.seed == 2,
        lambda c: c.arm.name == "none" or c.seed < 2,
        lambda c: (c.arm.name, c.arm.group, c.seed) == ("a*b [1] 0.1", "B [x]", 3),
    ],
)
def test_the_commands_name_the_cells_of_the_run(condition):
    run = planned(toy(ODD, groups=("A", "B [x]")), condition)
    assert chosen(run) == sorted(cell.id for cell in run.manifest.cells)


def test_the_study_of_a_file_is_named_by_its_file():
    run = toy()
    source = {"file": "my studies/it's mine.py"}
    run = replace(run, manifest=replace(run.manifest, source=source))
    (command,) = commands(run)
    assert parse(command).study == "my studies/it's mine.py"
    assert parse(command).scale == "short"


@pytest.mark.parametrize("precision", ["float32", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("jit", ["auto", "on", "off"])
@pytest.mark.parametrize("distribute", [False, True])
def test_how_it_was_trained_is_said(precision, jit, distribute):
    from keras_regnoise.cli.arguments import training_options

    run = with_options(toy(), precision=precision, jit=jit, distribute=distribute)
    (command,) = commands(run)
    options = training_options(parse(command), save_model=False)
    assert (options.precision, options.jit) == (precision, jit)
    assert options.distribute == distribute


def test_the_data_folder_is_a_placeholder():
    (command,) = commands(with_options(toy(), data_dir="/somewhere/private"))
    assert "private" not in command
    assert str(parse(command).data_dir) == "DATA_DIR"


@pytest.mark.parametrize("direction", [None, "min"])
def test_all_of_tune_is_said(direction):
    from keras_regnoise.studies.engine.tune import Tuning

    tuning = Tuning(
        build="/home/me/my model.py:build",
        data="module:data",
        layers=("dropout", "ic"),
        rates=(0.1, 0.25),
        placements=("before_weights",),
        epochs=3,
        batch_size=64,
        seeds=(0, 1, 2, 5),
        objective="val_score",
        direction=direction,
        trainings=None if direction else 200,
        budget_s=90.0 if direction else None,
        race=not direction,
        folds=5,
        measure=6,
        target="price",
    )
    run = with_options(toy(), jit="off")
    source = json.loads(json.dumps(tuning.source))  # as in the folder
    run = replace(run, manifest=replace(run.manifest, source=source))
    (command,) = commands(run)
    options = vars(parse(command))
    assert (options["command"], options["jit"]) == ("tune", "off")
    said = {field.name: options.get(field.name) for field in fields(Tuning)}
    for name in ("layers", "rates", "placements"):
        said[name] = tuple(said[name])
    said["race"], said["budget_s"] = options["race"] == "on", options["budget"]
    assert Tuning(**{**said, "arms": {}, "digest": ""}) == tuning


def test_a_run_that_is_not_finished_has_the_command_of_all_of_it():
    run = keeping(toy(), lambda record: record.seed == 0)
    assert commands(run) == ["keras-regnoise run toy --scale short"]
