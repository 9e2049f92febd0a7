"""The worker processes, without a backend in them."""

import os
import signal
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

pytest.importorskip("distributed")
pytest.importorskip("psutil")

import distributed
import psutil

from keras_regnoise.studies.engine import cluster
from keras_regnoise.studies.engine.cluster import Workers, open_pool
from keras_regnoise.studies.engine.errors import ClusterError
from keras_regnoise.studies.engine.pool import LostWorkerError
from keras_regnoise.studies.engine.shares import share, visible_cores

pytestmark = pytest.mark.tensorflow  # the engine is the same on every backend


def one(pool, function, *arguments):
    """Run a function in a free worker and return what it came to."""
    pool.submit(free(pool)[0], function, *arguments)
    return ended(pool)


def ended(pool):
    end = time.monotonic() + 60
    while (found := pool.next_ended(0.1)) is None:
        assert time.monotonic() < end
    return found


def free(pool, count=1):
    end = time.monotonic() + 60
    while len(found := pool.free()) < count:
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def test_a_worker_that_dies_gives_its_task_back_and_is_replaced(tmp_path):
    with open_pool(Workers(), tmp_path) as pool:
        first = one(pool, os.getpid).result()
        with pytest.raises(LostWorkerError):
            one(pool, os.kill, first, signal.SIGKILL).result()
        assert one(pool, os.getpid).result() not in (first, os.getpid())


@pytest.mark.parametrize("count", [1, 2])
def test_workers_that_die_while_they_start_are_replaced(tmp_path, count):
    with open_pool(Workers(count=count), tmp_path) as pool:
        killed = kill_children(count)
        assert pool.run(os.getpid) not in killed
        assert len(free(pool, count)) == count


def kill_children(count):
    """Kill the worker processes as soon as they are there."""
    killed = set()
    while len(killed) < count:
        for child in psutil.Process().children():
            if child.pid not in killed and "spawn_main" in " ".join(child.cmdline()):
                child.kill()
                killed.add(child.pid)
    return killed


@pytest.mark.parametrize("noticed", [False, True])
def test_a_result_that_dies_with_its_worker_is_not_waited_for(tmp_path, noticed):
    with open_pool(Workers(), tmp_path) as pool:
        (worker,) = free(pool)
        future = pool.submit(worker, os.getpid)
        while not future.done():
            time.sleep(0.01)
        (pid,) = pool.everywhere(os.getpid).values()
        os.kill(pid, signal.SIGKILL)
        while noticed and worker in pool._workers():
            time.sleep(0.01)
        with pytest.raises(LostWorkerError):
            ended(pool).result()
        assert one(pool, os.getpid).result() != pid


def test_a_task_for_a_worker_that_has_just_gone_is_given_back(tmp_path):
    with open_pool(Workers(), tmp_path) as pool:
        free(pool)
        pool.submit("tcp://127.0.0.1:1", os.getpid)
        with pytest.raises(LostWorkerError):
            ended(pool).result()


def test_a_worker_that_is_there_never_seems_to_be_gone(tmp_path):
    """Dask's client notes, now and then, a scheduler without workers."""
    with open_pool(Workers(), tmp_path) as pool:
        workers, end = free(pool), time.monotonic() + 1.0
        client = pool._client

        def note():
            while time.monotonic() < end:
                client.sync(client._update_scheduler_info)

        thread = threading.Thread(target=note)
        thread.start()
        while thread.is_alive():
            assert pool.free() == workers
        thread.join()


def test_what_a_function_raises_is_raised(tmp_path):
    with open_pool(Workers(), tmp_path) as pool:
        with pytest.raises(TimeoutError, match="its own"):
            one(pool, exec, "raise TimeoutError('its own')").result()
        with pytest.raises(ValueError, match="invalid literal"):
            one(pool, int, "one").result()


def test_a_function_that_kills_its_worker_is_named(tmp_path):
    with (
        open_pool(Workers(), tmp_path) as pool,
        pytest.raises(ClusterError, match="memory ran out"),
    ):
        pool.run(os.abort)


@pytest.mark.parametrize("error", [TimeoutError, OSError])
def test_an_end_that_fails_leaves_no_process(error, tmp_path, monkeypatch):
    said = pytest.raises(OSError, match="timed out")
    expected = nullcontext() if error is TimeoutError else said
    with expected, open_pool(Workers(), tmp_path) as pool:
        worker = psutil.Process(one(pool, os.getpid).result())
        close = pool._client.close

        def fail(timeout):
            close(timeout=timeout)
            raise error("timed out")

        monkeypatch.setattr(pool._client, "close", fail)
    worker.wait(timeout=10)


def test_a_worker_has_one_task_at_a_time(tmp_path):
    with open_pool(Workers(count=2), tmp_path) as pool:
        first, second = free(pool, 2)
        pool.submit(first, time.sleep, 0.5)
        assert pool.free() == [second]
        assert pool.next_ended(0.0) is None
        assert pool.next_ended(30.0).result() is None
        assert len(pool.free()) == 2


def test_a_process_is_replaced_after_its_cells(tmp_path):
    with open_pool(Workers(cells_per_process=2), tmp_path) as pool:
        pids = [one(pool, os.getpid).result() for _ in range(4)]
    assert pids[0] == pids[1]
    assert pids[1] != pids[2]
    assert pids[2] == pids[3]


def test_what_workers_print_is_in_the_logs(tmp_path, capfd):
    with open_pool(Workers(), tmp_path / "logs") as pool:
        one(pool, os.write, 2, b"a line of C++\n").result()
    assert "a line of C++" in (tmp_path / "logs" / "worker0.log").read_text()
    assert "a line of C++" not in capfd.readouterr().err


def test_dask_does_not_profile_a_worker(tmp_path):
    """It stops the training a hundred times a second for that."""
    with open_pool(Workers(), tmp_path) as pool:
        callbacks = one(pool, _periodic_callbacks).result()
    assert "heartbeat" in callbacks
    assert not {"profile", "profile-cycle"} & callbacks


def _periodic_callbacks():
    return set(distributed.get_worker().periodic_callbacks)


def test_what_jax_compiles_is_kept_with_the_logs(tmp_path, monkeypatch):
    name = "JAX_COMPILATION_CACHE_DIR"
    monkeypatch.delenv(name, raising=False)
    with open_pool(Workers(), tmp_path) as pool:
        place = one(pool, os.getenv, name).result()
    assert Path(place).is_relative_to(tmp_path / "compiled")
    assert name not in os.environ
    monkeypatch.setenv(name, "mine")
    with open_pool(Workers(), tmp_path) as pool:
        assert one(pool, os.getenv, name).result() == "mine"


def test_the_end_does_not_wait_for_what_is_running(tmp_path):
    with open_pool(Workers(), tmp_path) as pool:
        pid = one(pool, os.getpid).result()
        pool.submit(free(pool)[0], time.sleep, 600)
        time.sleep(0.5)
        begin = time.monotonic()
    assert time.monotonic() - begin < 60
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_every_worker_has_its_own_gpus(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6")
    with open_pool(Workers(count=2), tmp_path) as pool:
        free(pool, 2)
        seen = pool.everywhere(os.getenv, "CUDA_VISIBLE_DEVICES")
    assert sorted(seen.values()) == ["4,6", "5"]


@pytest.mark.parametrize("more", [0, 1], ids=["a core each", "more than cores"])
def test_workers_part_the_cores_among_them(tmp_path, monkeypatch, more):
    """Else the threads of each wait for those of the others."""
    cores = visible_cores()[:2]
    if len(cores) < 2:
        pytest.skip("one core, or an unknown number")
    monkeypatch.setattr(cluster, "visible_cores", lambda: cores[: 2 - more])
    with open_pool(Workers(count=2), tmp_path) as pool:
        free(pool, 2)
        used = [*pool.everywhere(os.sched_getaffinity, 0).values()]
        in_a_cell = one(pool, os.sched_getaffinity, 0).result()
    everything = os.sched_getaffinity(0)
    own = [{int(core)} for core in cores]
    assert sorted(used, key=min) == ([everything] * 2 if more else own)
    assert in_a_cell in used


@pytest.mark.parametrize(
    ("devices", "workers", "expected"),
    [
        (["0"], 2, [["0"], ["0"]]),
        (["0", "1"], 2, [["0"], ["1"]]),
        (["0", "1", "2"], 2, [["0", "2"], ["1"]]),
    ],
)
def test_devices_are_shared_out(devices, workers, expected):
    assert [share(devices, i, workers) for i in range(workers)] == expected


def test_the_users_backend_reaches_the_workers(tmp_path, monkeypatch):
    """The command itself may run Keras on NumPy."""
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    for backend in ("jax", ""):
        monkeypatch.setenv("KERAS_REGNOISE_BACKEND", backend)
        with open_pool(Workers(), tmp_path) as pool:
            assert one(pool, os.getenv, "KERAS_BACKEND").result() == backend
