"""Where cells are trained: processes of Dask's, here or on a cluster that exists."""

import contextlib
import logging
import os
import platform
import signal
import time
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster

from keras_regnoise.studies.engine.backend import training_environment
from keras_regnoise.studies.engine.errors import ClusterError
from keras_regnoise.studies.engine.pool import Pool
from keras_regnoise.studies.engine.shares import share, visible_cores, visible_gpus

_PRELOAD = Path(__file__).with_name("_worker_setup.py")
_CONFIG = {
    # A cell whose process dies comes back to us, who know how far it was.
    "distributed.scheduler.allowed-failures": 0,
    # The limits on threads that Dask sets for NumPy would slow the backends.
    "distributed.nanny.pre-spawn-environ": {},
    "distributed.scheduler.work-stealing": False,
    # `_Restarts` knows better.
    "distributed.deploy.lost-worker-timeout": "1 day",
    # It stops the training a hundred times a second, to draw on its dashboard.
    "distributed.worker.profile.enabled": False,
}
_LOGGERS = ("distributed", "distributed.client", "tornado.application")
_RESTART_S = 3.0
_FREE_PORT = "127.0.0.1:0"


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Where cells are trained.

    Attributes:
        count: Processes to start on this machine.
        cluster: Address of a Dask scheduler that exists, or its scheduler file; `""`
            to start processes here.
        cells_per_process: Cells after which a process is replaced by a fresh one.
        dashboard: Whether to show Dask's dashboard; on this machine alone.
    """

    count: int = 1
    cluster: str = ""
    cells_per_process: int = 32
    dashboard: bool = False


@contextlib.contextmanager
def open_pool(workers: Workers, logs: Path) -> Iterator[Pool]:
    """Start worker processes, or connect to a cluster; end them at the end.

    Args:
        workers: Which.
        logs: Folder for what processes of this machine print.

    Raises:
        ClusterError: If there is no cluster at that address.
    """
    with dask.config.set(_CONFIG), _silent(*_LOGGERS):
        if workers.cluster:
            client, cluster = _connect(workers.cluster), None
            pool = Pool(client)
        else:
            cluster = _start(workers, logs)
            # By its address: else Dask waits here for workers that may never come.
            client = Client(cluster.scheduler_address)
            restarts = _Restarts(cluster, workers.count)
            pool = Pool(client, workers.cells_per_process, restarts.check)
        try:
            yield pool
        finally:
            try:
                pool.close()
            finally:
                if cluster is not None:
                    _kill(cluster)


@contextlib.contextmanager
def _silent(*names: str) -> Iterator[None]:
    """Keep Dask from telling what the search says in its own words."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _connect(address: str) -> Client:
    file = Path(address)
    if address.endswith(".json") and not file.is_file():
        raise ClusterError(f"There is no scheduler file {address}.")
    where = {"scheduler_file": address} if file.is_file() else {"address": address}
    try:
        return Client(**where)  # Dask's configuration says how long it tries
    except (OSError, ValueError, KeyError) as error:
        raise ClusterError(
            f"No Dask scheduler answers at {address} ({error}). Expected the address "
            "of one that runs, such as tcp://192.0.2.1:8786, or the file that it "
            "wrote (dask scheduler --scheduler-file scheduler.json)."
        ) from error


def _start(workers: Workers, logs: Path) -> LocalCluster:
    cluster = LocalCluster(
        n_workers=0,
        threads_per_worker=1,
        processes=True,
        memory_limit=None,
        host="127.0.0.1",
        dashboard_address=_FREE_PORT if workers.dashboard else None,
        # Dask's scheduler serves its state there with or without the dashboard.
        scheduler_kwargs={"dashboard_address": _FREE_PORT},
        silence_logs=logging.CRITICAL,
        preload=[str(_PRELOAD)],
        env={
            "KERAS_REGNOISE_LOGS": str(logs.resolve()),
            **_backend(),
            **_compilations(logs),
        },
    )
    _give_shares(cluster, workers.count)
    cluster.scale(workers.count)
    return cluster


def _backend() -> dict[str, str]:
    """Give the workers the user's backend; this process may run Keras on NumPy."""
    # Keras takes an empty variable for none.
    return {"KERAS_BACKEND": training_environment().get("KERAS_BACKEND", "")}


def _compilations(logs: Path) -> dict[str, str]:
    """Have JAX keep what it compiles, for the processes that come after."""
    if "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return {}
    # By machine: what is compiled for one CPU may not run on another.
    place = logs.resolve() / "compiled" / platform.node()
    return {
        "JAX_COMPILATION_CACHE_DIR": str(place),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def _give_shares(cluster: LocalCluster, count: int) -> None:
    """Give every worker its GPUs and CPU cores: the others are not there for it.

    If each starts threads for all cores, they wait for one another. Where there are
    more workers than cores, none has one of its own.
    """
    cores = visible_cores()
    devices = {
        "CUDA_VISIBLE_DEVICES": visible_gpus(),
        "KERAS_REGNOISE_CORES": cores if count <= len(cores) else [],
    }
    plain = cluster.new_worker_spec

    def with_shares() -> dict[Any, Any]:
        ((name, spec),) = plain().items()
        chosen = {
            variable: ",".join(share(all_of_them, name % count, count))
            for variable, all_of_them in devices.items()
            if all_of_them
        }
        options = {**spec["options"], "env": {**spec["options"]["env"], **chosen}}
        return {name: {**spec, "options": options}}

    cluster.new_worker_spec = with_shares


class _Restarts:
    """Starts worker processes again that Dask gives up: that died while they started.

    Args:
        cluster: Our processes.
        count: How many there are to be.
    """

    def __init__(self, cluster: LocalCluster, count: int) -> None:
        self._cluster, self._count = cluster, count
        self._dead_since: dict[Any, float] = {}

    def check(self, names: Set[Any]) -> None:
        """Start those that are dead, and whose names are not among these."""
        now = time.monotonic()
        dead = {
            name
            for name, nanny in list(self._cluster.workers.items())
            if name not in names and not nanny.is_alive()
        }
        self._dead_since = {name: self._dead_since.get(name, now) for name in dead}
        given_up = [
            n for n, since in self._dead_since.items() if now - since > _RESTART_S
        ]
        for name in given_up:
            # Its name stays in the specification: the new one takes its place.
            nanny = self._cluster.workers.pop(name)
            self._cluster.loop.add_callback(nanny.close)
        if given_up:
            self._cluster.scale(self._count)


def _kill(cluster: LocalCluster) -> None:
    """End our processes at once: one may be stopped, or in a call that never ends."""
    # `workers` lacks those that have not come up; a stopped one never does.
    nannies = set(cluster.workers.values()) | set(getattr(cluster, "_created", ()))
    for nanny in nannies:
        nanny.auto_restart = False
        if pid := getattr(nanny, "pid", None):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(Exception):
        cluster.close(timeout=5)
