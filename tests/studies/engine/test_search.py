"""The search as a user runs it: in processes of its own, and killed."""

import csv
import json
import random
import shutil
import socket
import subprocess
import sys
import time

import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")
pytest.importorskip("psutil")

import psutil

from tests.studies.engine.command import (
    ROOT,
    TINY,
    TROUBLED,
    command,
    metrics,
    records,
    start,
)

pytestmark = pytest.mark.tensorflow  # the engine is the same on every backend


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a run that nothing interrupted, and what it printed."""
    directory = tmp_path_factory.mktemp("finished") / "run"
    code, output, errors = command("run", TINY, "--out", directory)
    assert code == 0, errors
    return directory, output, errors


def test_a_run_counts_its_cells_and_ends_in_a_table(finished):
    directory, output, errors = finished
    lines = [line for line in errors.splitlines() if "ETA" in line]
    counts = [line.split(",")[0] for line in lines]
    assert counts == [f"{n}/12 done" for n in range(1, 13)]
    assert "RotationOut 0.4" in output
    assert len(records(directory)) == 12
    for name in ("results.csv", "summary.csv", "figure.png", "report.html"):
        assert (directory / name).stat().st_size > 100
    rows = list(csv.DictReader((directory / "results.csv").open()))
    assert len({(row["arm"], row["seed"]) for row in rows}) == 12
    assert len(list((directory / "models").iterdir())) == 4  # one of every arm


def test_a_finished_run_trains_nothing(finished):
    directory = finished[0]
    before = {f: f.stat().st_mtime_ns for f in (directory / "cells").iterdir()}
    code, output, errors = command("run", TINY, "--out", directory)
    assert code == 0
    assert "12/12 done before this run" in errors
    assert "ETA" not in errors
    assert before == {f: f.stat().st_mtime_ns for f in (directory / "cells").iterdir()}
    assert output == finished[1]


def test_twenty_kills_lose_nothing_and_repeat_nothing(finished, tmp_path):
    directory, moments = tmp_path / "run", random.Random(7)
    kills = 0
    seen = {}
    while kills < 20:
        process = start("run", TINY, "--out", directory)
        time.sleep(moments.uniform(0.0, 9.0))
        if process.poll() is not None:
            break
        process.kill()
        process.communicate()
        kills += 1
        seen = _unchanged(directory, seen)
    code, _, errors = command("run", TINY, "--out", directory)
    assert code == 0, errors
    _unchanged(directory, seen)
    assert metrics(directory) == metrics(finished[0])
    assert kills >= 3


def _unchanged(directory, earlier):
    """Check that finished cells are as they were; return those there are now."""
    now = {
        file: (file.stat().st_mtime_ns, file.read_bytes())
        for file in (directory / "cells").glob("[!.]*.json")
    }
    assert {file: now[file] for file in earlier} == earlier
    return now


def test_two_workers_one_of_them_killed_twenty_times(finished, tmp_path):
    """Twice for every cell that ends; a run that is done is followed by another."""
    moments, kills, runs = random.Random(3), 0, 0
    while kills < 20:
        directory = tmp_path / f"run{runs}"
        kills += _run_with_dying_workers(directory, moments, 20 - kills)
        assert metrics(directory) == metrics(finished[0])
        runs += 1
        assert runs < 5, f"{kills} kills in {runs} runs"


def _run_with_dying_workers(directory, moments, most):
    """Run to the end and return how often a worker was killed."""
    process = start("run", TINY, "--workers", 2, "--out", directory)
    kills, seen = 0, {}
    while process.poll() is None and kills < most:
        done = len(seen)
        while process.poll() is None and len(seen) == done:
            time.sleep(0.1)
            seen = _unchanged(directory, seen)
        for longest in (2.0, 5.0):
            time.sleep(moments.uniform(0.0, longest))
            workers = _members(process.pid, "worker")
            if workers and kills < most:
                moments.choice(workers).kill()
                kills += 1
        seen = _unchanged(directory, seen)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    assert "it is started again" in errors
    return kills


def _members(pid, name):
    """Processes below `pid` that are keras-tuner's workers, or its chief."""
    found = []
    try:
        children = psutil.Process(pid).children()
    except psutil.NoSuchProcess:  # it has just ended
        return found
    for child in children:
        try:
            if child.environ().get("KERASTUNER_TUNER_ID", "").startswith(name):
                found.append(child)
        except psutil.Error:
            continue
    return found


def test_a_dead_chief_ends_the_run_and_the_run_goes_on(finished, tmp_path):
    directory = tmp_path / "run"
    process = start("run", TINY, "--workers", 2, "--out", directory)
    while len(records(directory)) < 2 and process.poll() is None:
        time.sleep(0.2)
    (chief,) = _members(process.pid, "chief")
    family = psutil.Process(process.pid).children(recursive=True)
    chief.kill()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "The chief" in errors
    assert "run the same command again" in errors
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive
    code, _, errors = command("run", TINY, "--workers", 2, "--out", directory)
    assert code == 0, errors
    assert metrics(directory) == metrics(finished[0])


def test_workers_of_another_machine_join(finished, tmp_path):
    directory = tmp_path / "run"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    first = start("run", TINY, "--workers", 1, "--listen", address, "--out", directory)
    while not (directory / "study.json").exists() and first.poll() is None:
        time.sleep(0.1)
    code, _, errors = command("run", TINY, "--join", address, "--out", directory)
    assert code == 0, errors
    assert first.wait(timeout=300) == 0
    assert metrics(directory) == metrics(finished[0])
    logs = {log.name for log in (directory / "logs").iterdir()}
    assert any(socket.gethostname() in name for name in logs)


def test_a_port_in_use_is_said_at_once(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, _, errors = command(
            "run", TINY, "--workers", 2, "--listen", address, "--out", tmp_path / "r"
        )
    assert code == 2
    assert f"Can't listen at {address}" in errors
    assert "Traceback" not in errors


def test_cells_that_fail_do_not_stop_the_others(tmp_path):
    directory, mended = tmp_path / "run", tmp_path / "mended"
    code, output, errors = command(
        "run", TROUBLED, "--out", directory, MENDED=str(mended)
    )
    assert code == 1
    assert "Traceback" not in errors
    found = {r["arm"]: r for r in records(directory).values()}
    assert {arm: r["status"] for arm, r in found.items()} == {
        **dict.fromkeys(("raises", "killed", "diverges", "mended"), "failed"),
        "fine": "done",
    }
    assert found["raises"]["error"] == "ValueError: out of luck"
    assert "troubled_study.py" in found["raises"]["traceback"]
    assert "memory ran out" in found["killed"]["error"]
    assert "the loss became" in found["diverges"]["error"]
    assert "fine" in output
    assert "4 failed" in errors

    before = (directory / "cells").stat().st_mtime_ns
    code, _, errors = command("run", TROUBLED, "--out", directory)
    assert code == 1
    assert (directory / "cells").stat().st_mtime_ns == before

    mended.write_text("")
    arguments = ("run", TROUBLED, "--out", directory, "--retry-failed")
    code, _, errors = command(*arguments, MENDED=str(mended))
    assert code == 1
    statuses = {r["arm"]: r["status"] for r in records(directory).values()}
    assert statuses["mended"] == "done"
    assert statuses["raises"] == "failed"


def test_a_run_ends_in_time_and_goes_on(finished, tmp_path):
    directory = tmp_path / "run"
    code, _, errors = command("run", TINY, "--out", directory, "--timeout", "8s")
    assert code == 1
    assert "The time is up" in errors
    done = records(directory)
    assert len(done) < 12
    code, _, errors = command("run", TINY, "--out", directory)
    assert code == 0, errors
    assert metrics(directory) == metrics(finished[0])


def test_a_cell_in_a_process_of_its_own(finished, tmp_path):
    directory = tmp_path / "run"
    arguments = ("--arms", "none", "--seeds", "0-1", "--cells-per-process", 1)
    code, _, errors = command("run", TINY, "--out", directory, *arguments)
    assert code == 0, errors
    some = metrics(directory)
    assert len(some) == 2
    assert some.items() <= metrics(finished[0]).items()


def test_a_study_is_killed_in_its_second_line_of_defence(finished, tmp_path):
    """An orphan must not write into a folder that a new run works in."""
    directory = tmp_path / "run"
    process = start("run", TINY, "--out", directory)
    while not (directory / "logs").exists() and process.poll() is None:
        time.sleep(0.1)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive


def test_status_report_and_compare_train_nothing(finished, tmp_path):
    directory = finished[0]
    code, output, _ = command("status", directory, "--format", "json")
    assert code == 0
    assert {row["arm"]: row["done"] for row in json.loads(output)} == dict.fromkeys(
        ("none", "Dropout 0.2", "RotationOut 0.2", "RotationOut 0.4"), 3
    )
    code, output, _ = command("report", directory, "--format", "csv")
    assert code == 0
    assert len(list(csv.DictReader(output.splitlines()))) == 4
    options = ("--metric", "test_loss", "--format", "csv")
    code, output, _ = command("report", directory, *options)
    assert code == 0
    metrics = {row["metric"] for row in csv.DictReader(output.splitlines())}
    assert metrics == {"test_loss"}
    code, output, _ = command("compare", directory, directory)
    assert code == 0
    assert "equal" in output


@pytest.mark.parametrize("form", ["keras", "saved_model", "onnx", "litert"])
def test_the_best_model_is_exported_without_its_noise(finished, tmp_path, form):
    target = (
        tmp_path
        / {
            "keras": "best.keras",
            "onnx": "best.onnx",
            "litert": "best.tflite",
            "saved_model": "best",
        }[form]
    )
    arguments = ("--best", "--to", form, "--output", target)
    code, _, errors = command("export", finished[0], *arguments)
    assert code == 0, errors
    assert target.exists()
    if form == "keras":
        program = (
            "import sys; sys.modules['keras_regnoise'] = None\n"
            "import keras; keras.saving.load_model(sys.argv[1]).summary()"
        )
        subprocess.run([sys.executable, "-c", program, target], check=True, cwd=ROOT)


def test_plan_writes_nothing(tmp_path):
    directory = tmp_path / "run"
    code, output, errors = command(
        "plan", TINY, "--out", directory, "--arms", "none", "--format", "json"
    )
    assert code == 0
    rows = json.loads(output)
    assert [row["status"] for row in rows] == ["to do"] * 3
    assert all(row["seconds"] > 0 for row in rows)
    assert "0 of 3 cells have ended" in errors
    assert not any(tmp_path.iterdir())


def test_a_full_disk_ends_the_run_and_loses_nothing(finished, small_disk):
    directory = small_disk / "run"
    code, _, errors = command("run", TINY, "--out", directory, "--no-models")
    assert code != 0
    assert "No space left" in errors
    assert "Traceback" not in errors
    done = metrics(directory)
    assert done.items() <= metrics(finished[0]).items()
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    code, _, errors = command("run", TINY, "--out", directory, "--no-models")
    assert code == 0, errors
    assert metrics(directory) == metrics(finished[0])


def test_a_damaged_record_is_named_and_the_rest_is_kept(finished, tmp_path):
    directory = tmp_path / "run"
    shutil.copytree(finished[0], directory)
    damaged = next((directory / "cells").glob("none-seed1-*.json"))
    damaged.write_text(damaged.read_text()[:100])
    for arguments in (("run", TINY, "--out"), ("status",), ("report",)):
        code, _, errors = command(*arguments, directory)
        assert code == 2
        assert f"{damaged} is damaged" in errors
        assert "Traceback" not in errors
    damaged.unlink()
    code, _, errors = command("run", TINY, "--out", directory)
    assert code == 0, errors
    assert metrics(directory) == metrics(finished[0])


def test_the_noise_of_a_users_own_model_is_tuned(tmp_path):
    example, directory = ROOT / "examples" / "tune_digits.py", tmp_path / "run"
    code, output, errors = command(
        *("tune", f"{example}:build_model", "--data", f"{example}:load_data"),
        *("--layers", "dropout", "rotationout", "--rates", 0.2),
        *("--placements", "before_weights", "before_head"),
        *("--epochs", 2, "--seeds", "0", "--out", directory),
    )
    assert code == 0, errors
    found = {record["arm"] for record in records(directory).values()}
    assert found == {
        "none",
        *(f"dropout 0.2 {place}" for place in ("before_weights", "before_head")),
        *(f"rotationout 0.2 {place}" for place in ("before_weights", "before_head")),
    }
    assert "rotationout 0.2 before_head" in output
    program = (
        "import sys; sys.modules['keras_regnoise'] = None\n"
        "import keras, numpy as np\n"
        "model = keras.saving.load_model(sys.argv[1])\n"
        "assert model(np.zeros((2, 8, 8, 1))).shape == (2, 10)"
    )
    best = directory / "best.keras"
    subprocess.run([sys.executable, "-c", program, best], check=True, cwd=ROOT)
