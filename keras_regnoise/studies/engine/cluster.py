"""Where cells are trained: processes of Dask's, here or on a cluster that exists."""

import contextlib
import logging
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import dask
from distributed import Client, Future, LocalCluster
from distributed.scheduler import KilledWorker as KilledWorker

from keras_regnoise.studies.engine.backend import training_environment
from keras_regnoise.studies.engine.cell import EPOCHS, start_backend
from keras_regnoise.studies.engine.errors import ClusterError

_PRELOAD = Path(__file__).with_name("_worker_logs.py")
_CONFIG = {
    # A cell whose process dies comes back to us, who know how far it was.
    "distributed.scheduler.allowed-failures": 0,
    # The limits on threads that Dask sets for NumPy would slow the backends.
    "distributed.nanny.pre-spawn-environ": {},
    "distributed.scheduler.work-stealing": False,
}
_CONNECT_S = 20
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


@dataclass(frozen=True)
class Ended:
    """What a function in a worker came to.

    Attributes:
        future: What `Pool.submit` returned.
        value: What the function returned.
        error: What it raised, or `KilledWorker` if its process died.
    """

    future: Future
    value: Any = None
    error: Exception | None = None

    def result(self) -> Any:
        """Return what the function returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self.value


class Pool:
    """Runs functions in worker processes, one at a time in each.

    Use `open_pool`.

    Args:
        client: Dask's client.
        cluster: The processes of this machine; None on a cluster that exists.
        cells_per_process: See `Workers`.
    """

    def __init__(
        self, client: Client, cluster: LocalCluster | None, cells_per_process: int
    ) -> None:
        self._client, self._cluster = client, cluster
        self._cells_per_process = cells_per_process
        self._at: dict[Future, str] = {}  # busy workers
        self._ended: Queue[Future] = Queue()
        self._cells: dict[str, int] = {}
        self._warm_up: list[Future] = []

    @property
    def is_local(self) -> bool:
        """Whether the processes are ours."""
        return self._cluster is not None

    @property
    def address(self) -> str:
        """Where the scheduler is."""
        return str(self._client.scheduler.address)

    @property
    def dashboard(self) -> str:
        """Where Dask's dashboard is."""
        return str(self._client.dashboard_link)

    def on_epoch(self, tell: Callable[[str, int, int], None]) -> None:
        """Have epochs told as `(cell, epoch, of)`."""

        def handle(event: Any) -> None:
            message = event[1]
            tell(message["cell"], message["epoch"], message["of"])

        self._client.subscribe_topic(EPOCHS, handle)

    def free(self) -> list[str]:
        """Return the workers that have nothing to do.

        Raises:
            ClusterError: If the scheduler is gone.
        """
        if self._client.status not in ("running", "connecting"):
            raise ClusterError(
                f"The scheduler at {self.address} is gone. What is finished is safe: "
                "run the same command again to go on."
            )
        busy = set(self._at.values())
        return [address for address in self._workers() if address not in busy]

    def _workers(self) -> Mapping[str, Any]:
        workers: Mapping[str, Any] = self._client.scheduler_info(n_workers=-1)[
            "workers"
        ]
        return workers

    def submit(self, worker: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in a worker; `next_ended` gives the future back.

        If that worker is lost, Dask's scheduler chooses another one.
        """
        gpu = self._workers().get(worker, {}).get("resources", {}).get("GPU")
        future = self._client.submit(
            function,
            *arguments,
            pure=False,
            workers=[worker],
            allow_other_workers=True,
            resources={"GPU": 1} if gpu else None,
        )
        self._at[future] = worker
        future.add_done_callback(self._ended.put)
        return future

    def next_ended(self, timeout_s: float) -> Ended | None:
        """Return what the next function to end has returned, or None after a while."""
        try:
            future = self._ended.get(timeout=timeout_s)
        except Empty:
            return None
        worker = self._at.pop(future)
        try:
            ended = Ended(future, future.result())
        except Exception as error:
            ended = Ended(future, error=error)
        # Or Dask would run it again when the worker that has the result is replaced.
        future.release()
        self._cells[worker] = self._cells.get(worker, 0) + 1
        if self._cells[worker] >= self._cells_per_process and self.is_local:
            self._replace(worker)
        return ended

    def _replace(self, worker: str) -> None:
        self._cells.pop(worker)
        if worker in self._workers():
            self._client.restart_workers([worker], raise_for_error=False)

    def warm_up(self, count: int) -> None:
        """Have our workers start their backend while the caller does something else."""
        if self.is_local:
            numbers = range(count)
            self._warm_up = self._client.map(start_backend, numbers, pure=False)

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in a worker and wait for what it returns."""
        return self._client.submit(function, *arguments, pure=False).result()

    def everywhere(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in every worker; returns what it returned, by address."""
        return self._client.run(function, *arguments)

    def close(self) -> None:
        """End what runs, whatever it is doing."""
        if self._cluster is None:
            self._stop_cells()
        self._client.close(timeout=2)
        if self._cluster is not None:
            _kill(self._cluster)

    def _stop_cells(self) -> None:
        """Free the workers of another's cluster of our cells."""
        running = [future for future in self._at if not future.done()]
        with contextlib.suppress(Exception):
            self._client.cancel(running, force=True)
            workers = {self._at[future] for future in running} & set(self._workers())
            if workers:
                self._client.restart_workers(list(workers), raise_for_error=False)


@contextlib.contextmanager
def open_pool(workers: Workers, logs: Path) -> Iterator[Pool]:
    """Start worker processes, or connect to a cluster; end them at the end.

    Args:
        workers: Which.
        logs: Folder for what processes of this machine print.

    Raises:
        ClusterError: If there is no cluster at that address.
    """
    with dask.config.set(_CONFIG), _silent("distributed", "distributed.client"):
        if workers.cluster:
            client, cluster = _connect(workers.cluster), None
        else:
            cluster = _start(workers, logs)
            # By its address: else Dask waits here for workers that may never come.
            client = Client(cluster.scheduler_address)
        pool = Pool(client, cluster, workers.cells_per_process)
        try:
            yield pool
        finally:
            pool.close()


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
        return Client(**where, timeout=_CONNECT_S)
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
        env={"KERAS_REGNOISE_LOGS": str(logs.resolve()), **_backend()},
    )
    if gpus := visible_gpus():
        _give_gpus(cluster, gpus, workers.count)
    cluster.scale(workers.count)
    return cluster


def _backend() -> dict[str, str]:
    """Give the workers the user's backend; this process may run Keras on NumPy."""
    # Keras takes an empty variable for none.
    return {"KERAS_BACKEND": training_environment().get("KERAS_BACKEND", "")}


def _give_gpus(cluster: LocalCluster, gpus: list[str], count: int) -> None:
    """Give every worker its GPUs: the others are not there for it."""
    plain = cluster.new_worker_spec

    def with_gpus() -> dict[Any, Any]:
        ((name, spec),) = plain().items()
        chosen = {"CUDA_VISIBLE_DEVICES": ",".join(share(gpus, name, count))}
        options = {**spec["options"], "env": {**spec["options"]["env"], **chosen}}
        return {name: {**spec, "options": options}}

    cluster.new_worker_spec = with_gpus


def visible_gpus() -> list[str]:
    """Return the NVIDIA GPUs that this process may use, by index."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [gpu for gpu in chosen.split(",") if gpu.strip() not in ("", "-1")]
    try:
        listing = subprocess.run(
            ["nvidia-smi", "--list-gpus"], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = [line for line in listing.stdout.splitlines() if line.startswith("GPU")]
    return [str(index) for index in range(len(lines))]


def share(gpus: list[str], worker: int, workers: int) -> list[str]:
    """Return the GPUs of one worker: its part, or one that it shares."""
    if workers >= len(gpus):
        return [gpus[worker % len(gpus)]]
    return gpus[worker::workers]


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
