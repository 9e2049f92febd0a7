import json
import os
import subprocess
import sys
import threading

import pytest

from keras_regnoise.studies import folder
from keras_regnoise.studies.folder import FolderError

MANIFEST = {
    "format": 1,
    "study": "s",
    "scale": "smoke",
    "recipe": {"epochs": 1},
    "options": {"jit": "auto", "data_dir": "/x"},
    "source": {},
    "created": "then",
    "cells": [{"id": "a"}],
    "chosen": ["a"],
}


def test_records_round_trip_and_follow_the_plan(tmp_path):
    folder.open_run(tmp_path / "run", MANIFEST | {"cells": [{"id": "b"}, {"id": "a"}]})
    for name in ("a", "b", "stray"):
        folder.write_record(tmp_path / "run", {"format": 1, "cell": name})
    records = folder.read_records(tmp_path / "run")
    assert [record["cell"] for record in records] == ["b", "a"]
    folder.remove_record(tmp_path / "run", "b")
    assert folder.read_record(tmp_path / "run", "b") is None


def test_more_cells_join_those_that_are_planned(tmp_path):
    folder.open_run(tmp_path, MANIFEST)
    later = MANIFEST | {"cells": [{"id": "b"}], "chosen": ["b"], "created": "now"}
    merged = folder.open_run(tmp_path, later)
    assert [cell["id"] for cell in merged["cells"]] == ["a", "b"]
    assert (merged["chosen"], merged["created"]) == (["b"], "then")
    assert folder.read_manifest(tmp_path) == merged


@pytest.mark.parametrize(
    "change",
    [{"study": "t"}, {"scale": "paper"}, {"recipe": {}}, {"options": {"jit": "on"}}],
)
def test_a_folder_of_another_run_is_left_alone(tmp_path, change):
    folder.open_run(tmp_path, MANIFEST)
    with pytest.raises(FolderError, match="--overwrite"):
        folder.open_run(tmp_path, MANIFEST | change)
    assert folder.read_manifest(tmp_path) == MANIFEST


def test_data_may_move_to_another_folder(tmp_path):
    folder.open_run(tmp_path, MANIFEST)
    options = {"jit": "auto", "data_dir": "/y"}
    merged = folder.open_run(tmp_path, MANIFEST | {"options": options})
    assert merged["options"]["data_dir"] == "/y"


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(FolderError, match=r"thesis\.tex"):
        folder.open_run(tmp_path, MANIFEST)
    with pytest.raises(FolderError, match="is a file"):
        folder.open_run(tmp_path / "thesis.tex", MANIFEST)


@pytest.mark.parametrize("content", ["", '{"format": 1', "[]", "{}", '{"format": "x"}'])
def test_a_damaged_file_is_named(tmp_path, content):
    folder.open_run(tmp_path, MANIFEST)
    folder.write_record(tmp_path, {"format": 1, "cell": "a"})
    file = tmp_path / "cells" / "a.json"
    file.write_text(content)
    with pytest.raises(FolderError, match=r"a\.json is damaged.*Delete this one"):
        folder.read_records(tmp_path)


def test_a_file_of_a_newer_version_is_not_guessed_at(tmp_path):
    folder.write_json(MANIFEST | {"format": 2}, tmp_path / "study.json")
    with pytest.raises(FolderError, match="newer keras_regnoise"):
        folder.read_manifest(tmp_path)


def test_what_is_no_run_says_how_to_start_one(tmp_path):
    with pytest.raises(FolderError, match=r"is empty.*keras-regnoise run"):
        folder.read_manifest(tmp_path)
    with pytest.raises(FolderError, match="does not exist"):
        folder.read_manifest(tmp_path / "nowhere")
    (tmp_path / "other").write_text("")
    with pytest.raises(FolderError, match=r"has no study\.json"):
        folder.read_manifest(tmp_path)


def test_a_write_is_whole_or_not_at_all(tmp_path):
    file = tmp_path / "file.json"
    contents = [{"format": 1, "values": [n] * 20_000} for n in range(10)]
    folder.write_json(contents[0], file)
    stop = threading.Event()

    def write():
        while not stop.is_set():
            for content in contents:
                folder.write_json(content, file)

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
    folder.write_json({"format": 1, "small": 1}, file)
    with pytest.raises(FolderError, match=r"No space left.*safe"):
        folder.write_json({"format": 1, "large": "x" * 200_000}, file)
    assert folder.read_json(file) == {"format": 1, "small": 1}
    assert [p.name for p in small_disk.iterdir()] == ["file.json"]


def test_no_permission_to_write(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="--out DIR"):
        folder.write_json({}, tmp_path / "file" / "below.json")
    with pytest.raises(FolderError, match="--out DIR"), folder.lock(tmp_path / "file"):
        pass


def test_one_run_at_a_time(tmp_path):
    with (
        folder.lock(tmp_path),
        pytest.raises(FolderError, match="at work"),
        folder.lock(tmp_path, 0.0),
    ):
        pass
    with folder.lock(tmp_path, 0.0):
        pass


def test_a_child_that_still_works_keeps_the_folder_locked(tmp_path):
    with folder.lock(tmp_path) as descriptor:
        child = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            pass_fds=(descriptor,),
        )
    with pytest.raises(FolderError, match="at work"), folder.lock(tmp_path, 0.0):
        pass
    child.communicate()
    with folder.lock(tmp_path, 0.0):
        pass


def test_earlier_results_move_aside(tmp_path):
    run = tmp_path / "run"
    assert folder.set_aside(run) is None
    for number in (1, 2):
        folder.open_run(run, MANIFEST)
        assert folder.set_aside(run) == tmp_path / f"run.{number}"
    assert sorted(os.listdir(tmp_path)) == ["run.1", "run.2"]


def test_a_run_at_work_is_not_moved(tmp_path):
    run = tmp_path / "run"
    folder.open_run(run, MANIFEST)
    with folder.lock(run), pytest.raises(FolderError, match="at work"):
        folder.set_aside(run)
    assert folder.read_manifest(run) == MANIFEST


def test_a_sentence_or_a_new_field_of_a_recipe_is_no_other_run(tmp_path):
    folder.open_run(tmp_path, MANIFEST)
    recipe = {"epochs": 1, "deviations": ["A sentence."], "test_freq": 0, "seeds": [7]}
    assert folder.open_run(tmp_path, MANIFEST | {"recipe": recipe})["recipe"] == recipe
    with pytest.raises(FolderError, match="another recipe"):
        folder.open_run(tmp_path, MANIFEST | {"recipe": recipe | {"test_freq": 1}})
