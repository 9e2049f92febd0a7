"""The search as a user runs it: in processes of its own, and killed."""

import contextlib
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("keras_tuner")
pytest.importorskip("sklearn")
pytest.importorskip("psutil")

import psutil

from tests.studies.engine.command import (
    BACKEND,
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
    assert counts == [f"{n}/8 done" for n in range(1, 9)]
    assert "RotationOut 0.4" in output
    assert len(records(directory)) == 8
    for name in ("results.csv", "summary.csv", "figure.png", "report.html"):
        assert (directory / name).stat().st_size > 100
    rows = list(csv.DictReader((directory / "results.csv").open()))
    assert len({(row["arm"], row["seed"]) for row in rows}) == 8
    assert len(list((directory / "models").iterdir())) == 4  # one of every arm


def test_a_finished_run_trains_nothing(finished):
    directory = finished[0]
    before = {f: f.stat().st_mtime_ns for f in (directory / "cells").iterdir()}
    code, output, errors = command("run", TINY, "--out", directory)
    assert code == 0
    assert "8/8 done before this run" in errors
    assert "ETA" not in errors
    assert before == {f: f.stat().st_mtime_ns for f in (directory / "cells").iterdir()}
    assert output == finished[1]


@pytest.fixture
def most(request):
    """How many kills of the driver, or of workers, a test makes."""
    return 20 if request.config.getoption("thorough") else 6


def test_kills_lose_nothing_and_repeat_nothing(finished, most, tmp_path):
    directory, moments = tmp_path / "run", random.Random(7)
    kills = 0
    seen = {}
    while kills < most:
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


def test_two_workers_one_of_them_killed_again_and_again(finished, most, tmp_path):
    """Twice for every cell that ends; a run that is done is followed by another."""
    moments, kills, runs = random.Random(3), 0, 0
    while kills < most:
        directory = tmp_path / f"run{runs}"
        kills += _run_with_dying_workers(directory, moments, most - kills)
        done = metrics(directory)
        assert done.items() <= metrics(finished[0]).items()
        assert len(done) == 8
        runs += 1
        assert runs < 8, f"{kills} kills in {runs} runs"


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
            workers = _workers(process.pid)
            if workers and kills < most:
                moments.choice(workers).kill()
                kills += 1
        seen = _unchanged(directory, seen)
    _, errors = process.communicate(timeout=600)
    if process.returncode:  # a cell that was killed again and again, by chance
        assert "died 3 times in a row" in errors
        code, _, errors = command("run", TINY, "--retry-failed", "--out", directory)
        assert code == 0, errors
    return kills


def _workers(pid):
    """Processes below `pid` that train."""
    found = []
    try:
        children = psutil.Process(pid).children()
    except psutil.NoSuchProcess:  # it has just ended
        return found
    for child in children:
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_a_worker_that_is_killed_in_a_cell_goes_on_from_its_backup(tmp_path):
    directory = tmp_path / "run"
    arguments = ("--scale", "short", "--arms", "none", "--seeds", "0")
    process = start("run", TINY, *arguments, "--out", directory)
    state = _wait_for(lambda: next(directory.glob("backup/*/state.json"), None))
    assert state is not None
    (worker,) = _workers(process.pid)
    worker.kill()
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert "goes on from its last backup" in errors
    (record,) = records(directory).values()
    assert record["attempts"] == 2
    assert record["seconds"] > record["fit_seconds"]
    unbroken = tmp_path / "unbroken"
    code, _, errors = command(
        *("run", TINY, *arguments, "--out", unbroken), PAUSE_S="0"
    )
    assert code == 0, errors
    ((_, ours, history),) = metrics(directory).values()
    ((_, theirs, whole),) = metrics(unbroken).values()
    assert ours == pytest.approx(theirs, rel=1e-5)
    assert len(history["loss"]) == len(whole["loss"]) == 40


def _wait_for(condition, patience_s=120.0):
    """Wait until a condition is true and return what it returned."""
    end = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def test_a_cluster_that_loses_a_worker_for_good_completes_the_run(tmp_path):
    """Two `dask worker` processes, each in a group of its own; one dies in a cell."""
    directory, file = tmp_path / "run", tmp_path / "scheduler.json"
    variables = os.environ | {"KERAS_BACKEND": BACKEND, "PYTHONPATH": str(ROOT)}
    with contextlib.ExitStack() as stack:

        def dask(*arguments):
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                env=variables,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            stack.callback(_end_group, process)
            return process

        host = ("--host", "127.0.0.1")
        dask(
            "distributed.cli.dask_scheduler",
            *host,
            "--port",
            "0",
            "--no-dashboard",
            "--scheduler-file",
            file,
        )
        _wait_for(file.exists)
        workers = [
            dask(
                *("distributed.cli.dask_worker", "--scheduler-file", file, *host),
                *("--nthreads", "1", "--no-dashboard", "--name", f"w{number}"),
                *("--local-directory", tmp_path / f"w{number}"),
            )
            for number in range(2)
        ]
        options = ("--cluster", file, "--scale", "short", "--seeds", "0")
        process = start("run", TINY, *options, "--out", directory)
        _wait_for(lambda: len(list(directory.glob("backup/*/state.json"))) == 2)
        _end_group(workers[0])
        _, errors = process.communicate(timeout=500)
        assert process.returncode == 0, errors
    found = records(directory)
    assert {record["status"] for record in found.values()} == {"done"}
    assert len(found) == 4
    assert sorted(r["attempts"] for r in found.values()) == [1, 1, 1, 2]
    assert all(len(r["history"]["loss"]) == 40 for r in found.values())


def _end_group(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://127.0.0.1:1", "No Dask scheduler answers"),
        ("nowhere.json", "no scheduler file"),
    ],
)
def test_a_cluster_that_is_not_there(tmp_path, address, message):
    code, _, errors = command(
        *("run", TINY, "--cluster", address, "--out", tmp_path / "r"),
        DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="2s",
    )
    assert code == 1
    assert message in errors
    assert "Traceback" not in errors


def test_cells_that_fail_do_not_stop_the_others(tmp_path):
    directory, mended = tmp_path / "run", tmp_path / "mended"
    arms = ("--arms", "raises", "killed", "diverges", "mended", "fine")
    run = ("run", TROUBLED, *arms, "--out", directory)
    code, output, errors = command(*run, MENDED=str(mended))
    assert code == 1
    assert "Traceback" not in errors
    found = {r["arm"]: r for r in records(directory).values()}
    assert {arm: r["status"] for arm, r in found.items()} == {
        **dict.fromkeys(("raises", "killed", "diverges", "mended"), "failed"),
        "fine": "done",
    }
    assert found["raises"]["error"] == "ValueError: out of luck"
    assert not list((directory / "backup").iterdir())
    assert "troubled_study.py" in found["raises"]["traceback"]
    assert "died 3 times in a row" in found["killed"]["error"]
    assert "the loss became" in found["diverges"]["error"]
    assert "fine" in output
    assert "4 failed" in errors

    before = (directory / "cells").stat().st_mtime_ns
    code, _, errors = command(*run)
    assert code == 1
    assert (directory / "cells").stat().st_mtime_ns == before

    mended.write_text("")
    again = ("run", TROUBLED, "--arms", "raises", "mended", "--out", directory)
    code, _, errors = command(*again, "--retry-failed", MENDED=str(mended))
    assert code == 1
    statuses = {r["arm"]: r["status"] for r in records(directory).values()}
    assert statuses["mended"] == "done"
    assert statuses["raises"] == "failed"


def test_a_run_ends_in_time_and_goes_on(finished, tmp_path):
    directory = tmp_path / "run"
    for limit in (12, 24, 48):  # until a cell ends in it; all take twice as long
        options = ("--out", directory, "--timeout", f"{limit}s")
        code, _, errors = command("run", TINY, *options, PAUSE_S=f"{limit / 12}")
        assert code == 1
        assert "The time is up" in errors
        if records(directory):
            break
    assert 0 < len(records(directory)) < 8
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


@pytest.mark.parametrize("blocked", ["sleeps", "stopped"])
def test_the_time_limit_holds_in_a_cell_that_says_nothing(tmp_path, blocked):
    directory = tmp_path / "run"
    process = start(
        *("run", TROUBLED, "--arms", "sleeps" if blocked == "sleeps" else "fine"),
        # One that sleeps has to begin its cell first.
        *("--timeout", "15s" if blocked == "sleeps" else "10s", "--out", directory),
    )
    workers = _wait_for(lambda: _workers(process.pid))
    if blocked == "stopped":
        workers[0].suspend()
    begin = time.monotonic()
    _, errors = process.communicate(timeout=200)
    assert time.monotonic() - begin < 100
    assert process.returncode == 1
    assert "The time is up" in errors
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_with_a_message_and_a_report(finished, tmp_path, number):
    directory = tmp_path / "run"
    process = start("run", TINY, "--out", directory)
    _wait_for(lambda: records(directory))
    workers = _workers(process.pid)
    process.send_signal(number)
    output, errors = process.communicate(timeout=100)
    assert process.returncode == 1
    assert "Interrupted" in errors
    assert "Traceback" not in errors
    assert "cells done" in output
    assert (directory / "report.html").exists()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive


def test_workers_are_gone_when_the_search_is_killed(tmp_path):
    """An orphan must not write into a folder that a new run works in."""
    process = start("run", TINY, "--workers", 2, "--out", tmp_path / "run")
    _wait_for(lambda: len(_workers(process.pid)) == 2)
    _wait_for(lambda: list((tmp_path / "run").glob("backup/*")))
    workers = _workers(process.pid)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive


def test_changed_code_is_not_mixed_into_a_folder(tmp_path):
    study, directory = tmp_path / "study.py", tmp_path / "run"
    study.write_text(TINY.read_text())
    arguments = ("--arms", "none", "--out", directory)
    code, _, errors = command("run", study, *arguments, "--seeds", "0")
    assert code == 0, errors
    study.write_text(TINY.read_text().replace("Dense(16", "Dense(32") + "# a remark")
    code, _, errors = command("run", study, *arguments, "--seeds", "1")
    assert code == 2
    assert "The code of the study has changed" in errors
    assert len(records(directory)) == 1
    code, _, errors = command("run", study, *arguments, "--seeds", "1", "--force")
    assert code == 0, errors
    first, second = records(directory).values()
    assert first["origin"]["code"]["the study"] != second["origin"]["code"]["the study"]


def test_a_damaged_manifest_strands_nothing(finished, tmp_path):
    directory = tmp_path / "run"
    shutil.copytree(finished[0], directory)
    for damage in ("{", None):
        if damage is None:
            (directory / "study.json").unlink()
        else:
            (directory / "study.json").write_text(damage)
        code, output, errors = command("report", directory)
        assert code == 0, errors
        assert "rebuilt" in errors
        assert output == finished[1]
    (directory / "study.json").write_text("[]")
    code, _, errors = command("run", TINY, "--out", directory)
    assert code == 0, errors
    assert "8/8 done before this run" in errors


def test_a_run_of_the_former_format_is_resumed_to_its_end(tmp_path):
    """It was killed in a cell, of which it has a backup."""
    directory = tmp_path / "run"
    shutil.copytree(ROOT / "tests" / "studies" / "data" / "tiny", directory)
    backup = json.loads(next(directory.glob("backup/*/state.json")).read_text())
    before = records(directory)
    code, _, errors = command(
        *("run", TINY, "--scale", "short", "--seeds", "0-1", "--arms", "none"),
        *("Dropout*", "--out", directory),
        PAUSE_S="0",
    )
    assert code == 1 or code == 0, errors
    after = records(directory)
    assert before.items() <= after.items()
    ended = [r for r in after.values() if r["arm"] in ("none", "Dropout 0.2")]
    assert len(ended) == 4
    name = next(directory.glob("backup/*"), None)
    assert name is None
    resumed = next(
        r
        for r in ended
        if r["history"]["loss"][: backup["epoch"]]
        == pytest.approx(backup["history"]["loss"], rel=1e-5)  # six digits are kept
    )
    assert len(resumed["history"]["loss"]) == 40


def test_status_report_and_compare_train_nothing(finished, tmp_path):
    directory = finished[0]
    code, output, _ = command("status", directory, "--format", "json")
    assert code == 0
    assert {row["arm"]: row["done"] for row in json.loads(output)} == dict.fromkeys(
        ("none", "Dropout 0.2", "RotationOut 0.2", "RotationOut 0.4"), 2
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
    assert [row["status"] for row in rows] == ["to do"] * 2
    assert all(row["seconds"] > 0 for row in rows)
    assert "0 of 2 cells have ended" in errors
    assert not any(tmp_path.iterdir())


def test_a_full_disk_ends_the_run_and_loses_nothing(finished, small_disk):
    directory = small_disk / "run"
    code, _, errors = command("run", TINY, "--out", directory, "--no-models")
    assert code == 1
    assert "No space left" in errors
    assert "Traceback" not in errors
    done = metrics(directory)
    assert done.items() <= metrics(finished[0]).items()
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    code, _, errors = command("run", TINY, "--out", directory, "--no-models")
    assert code == 0, errors
    assert metrics(directory) == metrics(finished[0])


def test_a_damaged_record_is_done_again_and_the_rest_is_kept(finished, tmp_path):
    directory = tmp_path / "run"
    shutil.copytree(finished[0], directory)
    damaged = next((directory / "cells").glob("none-seed1-*.json"))
    damaged.write_text(damaged.read_text()[:100])
    for arguments in (("status",), ("report",)):
        code, _, errors = command(*arguments, directory)
        assert code == 1
        assert f"{damaged} is damaged" in errors
        assert "Traceback" not in errors
    code, _, errors = command("run", TINY, "--out", directory)
    assert code == 0, errors
    assert metrics(directory) == metrics(finished[0])


def test_the_noise_of_a_users_own_model_is_tuned(tmp_path):
    example, directory = ROOT / "examples" / "tune_digits.py", tmp_path / "run"
    code, output, errors = command(
        *("tune", f"{example}:build_model", "--data", f"{example}:load_digits"),
        *("--layers", "dropout", "rotationout", "--rates", 0.2),
        *("--placements", "before_weights", "before_head"),
        *("--epochs", 2, "--seeds", "0", "--race", "off", "--measure", 3),
        *("--out", directory),
    )
    assert code == 0, errors
    found = {record["arm"] for record in records(directory).values()}
    assert found == {
        "none",
        *(f"Dropout 0.2 before the {place}" for place in ("weights", "head")),
        *(f"RotationOut 0.2 before the {place}" for place in ("weights", "head")),
    }
    assert "RotationOut 0.2 before the head" in output
    program = (
        "import sys; sys.modules['keras_regnoise'] = None\n"
        "import keras, numpy as np\n"
        "model = keras.saving.load_model(sys.argv[1])\n"
        "assert model(np.zeros((2, 8, 8, 1))).shape == (2, 10)"
    )
    best = directory / "best.keras"
    subprocess.run([sys.executable, "-c", program, best], check=True, cwd=ROOT)
