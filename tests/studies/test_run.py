import json
import math
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from keras_regnoise.studies import Arm, Claim, Description, Recipe
from keras_regnoise.studies.engine.lock import lock, lock_run, set_aside
from keras_regnoise.studies.run import (
    DamagedError,
    FolderError,
    Manifest,
    Options,
    Record,
    Run,
    WriteError,
    read_json,
    stray_records,
    write_json,
)
from keras_regnoise.studies.study import Cell

DATA = Path(__file__).parent / "data"
ARMS = (Arm("a"), Arm("b", {"rate": 0.5}))
CELLS = tuple(Cell(arm, seed) for seed in (0, 1) for arm in ARMS)


def manifest(*cells, **changes):
    cells = cells or CELLS[:1]
    values = {
        "study": "s",
        "scale": "smoke",
        "source": {"name": "s"},
        "recipe": Recipe(1, 2, (0, 1)),
        "options": Options(data_dir="/x"),
        "description": Description(
            name="s", title="t", data="digits", arms=ARMS, baseline="a"
        ),
        "created": "then",
        "cells": cells,
        "chosen": tuple(cell.id for cell in cells),
        "code": ({"the study": "1", "keras_regnoise": "1"},),
    }
    return Manifest(**values | changes)


def record(cell=CELLS[0], **more):
    values = {"status": "done", "metrics": {"test_accuracy": 0.5}}
    return Record.of(manifest(), cell, **values | more)


def test_records_round_trip_and_follow_the_plan(tmp_path):
    run = Run.begin(tmp_path / "run", manifest(CELLS[1], CELLS[0]))
    written = [record(CELLS[0]), record(CELLS[1], history={"loss": [1.0, 0.5]})]
    for one in [*written, record(CELLS[2])]:
        run.write(one)
    again = Run.open(tmp_path / "run")
    assert again.manifest == run.manifest
    assert list(again.records) == written[::-1]
    assert again.complete
    run.forget(CELLS[0].id)
    assert Run.open(tmp_path / "run").progress == "1 of 2 cells done"


def test_the_views_of_a_run(tmp_path):
    run = Run.begin(tmp_path, manifest(*CELLS))
    for one in (
        record(CELLS[0], metrics={"test_accuracy": 0.5, "lost": math.nan}),
        record(CELLS[1], status="failed", metrics={}, error="out of luck"),
        record(CELLS[2]),
    ):
        run.write(one)
    run = Run.open(tmp_path)
    assert (len(run.done), len(run.failed), run.complete) == (2, 1, False)
    assert run.progress == "2 of 4 cells done, 1 failed"
    assert run.arms == {("", "a"): {}, ("", "b"): {"rate": 0.5}}
    assert [r.seed for r in run.of_arm(("", "a"))] == [0, 1]
    assert run.planned(("", "b")) == 2
    assert run.baseline("") == ("", "a")
    assert run.metrics == ["test_accuracy", "lost"]
    assert run.metric() == "test_accuracy"
    with pytest.raises(ValueError, match="Choose from: test_accuracy, lost"):
        run.metric("accuracy")


def test_more_cells_join_those_that_are_planned(tmp_path):
    Run.begin(tmp_path, manifest(CELLS[0]))
    merged = Run.begin(tmp_path, manifest(CELLS[1], created="now")).manifest
    assert merged.cells == CELLS[:2]
    assert (merged.chosen, merged.created) == ((CELLS[1].id,), "then")


@pytest.mark.parametrize(
    "change",
    [
        {"study": "t"},
        {"scale": "paper"},
        {"recipe": Recipe(2, 2, (0, 1))},
        {"options": Options(jit="on")},
        {"options": Options(precision="mixed_bfloat16")},
    ],
)
def test_a_folder_of_another_run_is_left_alone(tmp_path, change):
    before = Run.begin(tmp_path, manifest()).manifest
    with pytest.raises(FolderError, match="--overwrite"):
        Run.begin(tmp_path, manifest(**change))
    assert Run.open(tmp_path).manifest == before


def test_changed_code_is_refused_and_on_request_recorded(tmp_path):
    Run.begin(tmp_path, manifest())
    code = {"the study": "2", "keras_regnoise": "1"}
    changed = manifest(code=(code,))
    with pytest.raises(FolderError, match=r"code of the study has changed.*--force"):
        Run.begin(tmp_path, changed)
    assert len(Run.open(tmp_path).manifest.code) == 1
    run = Run.begin(tmp_path, changed, force=True)
    assert run.manifest.code == (*manifest().code, code)
    assert Record.of(run.manifest, CELLS[0], status="done").origin.code == code
    assert len(Run.begin(tmp_path, changed).manifest.code) == 2


def test_what_changes_no_result_may_change(tmp_path):
    Run.begin(tmp_path, manifest())
    recipe = Recipe(1, 2, (7,), deviations=("A sentence.",), arms=("a",))
    options = Options(data_dir="/y", save_model=True)
    merged = Run.begin(tmp_path, manifest(recipe=recipe, options=options)).manifest
    assert (merged.options, merged.recipe) == (options, recipe)
    with pytest.raises(FolderError, match="another recipe"):
        Run.begin(tmp_path, manifest(recipe=replace(recipe, test_freq=1)))


CLAIM = Claim(text="b is better.", arms=("b", "a"), metric="test_loss", sign=-1)


def claiming(*claims, **changes):
    description = replace(manifest().description, claims=claims)
    return manifest(description=description, **changes)


@pytest.mark.parametrize(
    ("earlier", "claims"),
    [
        ((), (CLAIM,)),
        ((CLAIM,), ()),
        ((CLAIM,), (replace(CLAIM, sign=1),)),
        ((CLAIM,), (replace(CLAIM, margin=0.1),)),
        ((CLAIM,), (CLAIM, CLAIM)),
    ],
)
def test_claims_are_not_changed_once_there_are_results(tmp_path, earlier, claims):
    """Not by force either: then they would be written down after the run."""
    Run.begin(tmp_path, claiming(*earlier))
    code = ({"the study": "2", "keras_regnoise": "1"},)
    with pytest.raises(FolderError, match=r"written down before the run.*--overwrite"):
        Run.begin(tmp_path, claiming(*claims, code=code), force=True)
    assert Run.open(tmp_path).manifest.description.claims == earlier


def test_of_a_run_with_claims_the_first_plan_counts(tmp_path):
    Run.begin(tmp_path, claiming(CLAIM))
    more = claiming(CLAIM, recipe=Recipe(1, 2, tuple(range(50)), arms=("a",)))
    merged = Run.begin(tmp_path, more).manifest
    assert (merged.recipe.seeds, merged.recipe.arms) == ((0, 1), ())


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(FolderError, match=r"thesis\.tex"):
        Run.begin(tmp_path, manifest())
    with pytest.raises(FolderError, match="is a file"):
        Run.begin(tmp_path / "thesis.tex", manifest())


@pytest.mark.parametrize(
    "content",
    ["", '{"format": 1', "[]", "{}", '{"format": "x"}', '{"format": 1, "cell": "a"}'],
)
def test_a_damaged_record_is_to_do_again_and_blocks_nothing(tmp_path, content):
    run = Run.begin(tmp_path, manifest(*CELLS))
    for cell in CELLS:
        run.write(record(cell))
    run.file_of(CELLS[1].id).write_text(content)
    with pytest.warns(UserWarning, match=r"json is damaged.*do again"):
        run = Run.open(tmp_path)
    assert [r.cell for r in run.records] == [CELLS[i].id for i in (0, 2, 3)]


@pytest.mark.parametrize("missing", ["metrics", "seed", "status", "values"])
def test_a_record_without_a_key_is_damaged(tmp_path, missing):
    run = Run.begin(tmp_path, manifest())
    run.write(record())
    file = run.file_of(CELLS[0].id)
    content = json.loads(file.read_text())
    del content[missing]
    file.write_text(json.dumps(content))
    with pytest.warns(UserWarning, match="is damaged"):
        assert not Run.open(tmp_path).records


@pytest.mark.parametrize("missing", ["recipe", "description", "cells", "chosen"])
def test_a_damaged_manifest_says_how_to_mend_it(tmp_path, missing):
    Run.begin(tmp_path, manifest())
    file = tmp_path / "study.json"
    content = json.loads(file.read_text())
    del content[missing]
    file.write_text(json.dumps(content))
    with pytest.raises(DamagedError, match=f"'{missing}' is missing.*are safe"):
        Run.open(tmp_path)


def test_the_cells_of_a_folder_without_its_manifest_can_be_read(tmp_path):
    run = Run.begin(tmp_path, manifest(*CELLS))
    for cell in CELLS[:2]:
        run.write(record(cell))
    (tmp_path / "study.json").unlink()
    assert {r.cell for r in stray_records(tmp_path)} == {c.id for c in CELLS[:2]}
    with pytest.raises(DamagedError, match="missing"):
        Run.open(tmp_path)


def test_a_file_of_a_newer_version_is_not_guessed_at(tmp_path):
    Run.begin(tmp_path, manifest())
    file = tmp_path / "study.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": 3}))
    with pytest.raises(FolderError, match="newer keras_regnoise"):
        Run.open(tmp_path)


def test_what_is_not_a_run_says_how_to_start_one(tmp_path):
    with pytest.raises(FolderError, match=r"is empty.*keras-regnoise run"):
        Run.open(tmp_path)
    with pytest.raises(FolderError, match="does not exist"):
        Run.open(tmp_path / "nowhere")
    (tmp_path / "other").write_text("")
    with pytest.raises(FolderError, match=r"has no study\.json"):
        Run.open(tmp_path)


@pytest.mark.parametrize(("name", "done"), [("keep-rate", 22), ("tiny", 1)])
def test_runs_of_the_former_format_are_read_and_written_in_this_one(
    tmp_path, name, done
):
    shutil.copytree(DATA / name, tmp_path / name)
    run = Run.open(tmp_path / name)
    assert len(run.done) == done
    assert not run.manifest.code
    merged = Run.begin(tmp_path / name, replace(run.manifest, code=({"x": "1"},)))
    assert [r.metrics for r in merged.records] == [r.metrics for r in run.records]
    assert merged.manifest.code == ({"x": "1"},)
    assert json.loads((tmp_path / name / "study.json").read_text())["format"] == 2


def test_a_write_is_whole_or_not_at_all(tmp_path):
    file = tmp_path / "file.json"
    contents = [{"values": [n] * 20_000} for n in range(10)]
    write_json(contents[0], file)
    stop = threading.Event()

    def write():
        while not stop.is_set():
            for content in contents:
                write_json(content, file)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(50):
            values = json.loads(file.read_text())["values"]
            assert len(values) == 20_000
            assert len(set(values)) == 1
    finally:
        stop.set()
        writer.join()
    assert [p.name for p in tmp_path.iterdir()] == ["file.json"]


def test_a_full_disk_keeps_what_was_there(small_disk):
    file = small_disk / "file.json"
    write_json({"small": 1}, file)
    with pytest.raises(WriteError, match=r"No space left.*safe"):
        write_json({"large": "x" * 200_000}, file)
    assert read_json(file)["small"] == 1
    assert [p.name for p in small_disk.iterdir()] == ["file.json"]


def test_no_permission_to_write(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="--out DIR"):
        write_json({}, tmp_path / "file" / "below.json")
    with pytest.raises(WriteError, match="--out DIR"), lock_run(tmp_path / "file"):
        pass


def test_one_run_at_a_time(tmp_path):
    with (
        lock_run(tmp_path),
        pytest.raises(FolderError, match="at work"),
        lock_run(tmp_path, 0.0),
    ):
        pass
    with lock_run(tmp_path, 0.0):
        pass


def test_a_lock_that_its_holder_removes_is_held_by_one(tmp_path, monkeypatch):
    monkeypatch.setattr("keras_regnoise.studies.engine.lock._POLL_S", 0.001)
    file, held, most = tmp_path / "lock", [], []

    def hold():
        for _ in range(50):
            with lock(file, "held"):
                held.append(None)
                most.append(len(held))
                time.sleep(0.001)
                held.pop()
                file.unlink()

    threads = [threading.Thread(target=hold) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 150
    assert max(most) == 1


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path):
    program = (
        "import sys, pathlib\n"
        "from keras_regnoise.studies.engine.lock import lock_run\n"
        "with lock_run(pathlib.Path(sys.argv[1])):\n"
        "    print('locked', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout.readline() == b"locked\n"
    with pytest.raises(FolderError, match="at work"), lock_run(tmp_path, 0.0):
        pass
    child.kill()
    child.communicate()
    with lock_run(tmp_path, 5.0):
        pass


def test_earlier_results_move_aside(tmp_path):
    run = tmp_path / "run"
    assert set_aside(run) is None
    for number in (1, 2):
        Run.begin(run, manifest())
        assert set_aside(run) == tmp_path / f"run.{number}"
    assert sorted(os.listdir(tmp_path)) == ["run.1", "run.2"]


def test_a_run_at_work_is_not_moved(tmp_path):
    run = tmp_path / "run"
    before = Run.begin(run, manifest())
    with lock_run(run), pytest.raises(FolderError, match="at work"):
        set_aside(run)
    assert Run.open(run) == before
