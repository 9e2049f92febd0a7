"""Runs functions in Dask's workers, each of which does one thing at a time."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Any

from distributed import Client, Future, fire_and_forget, wait
from distributed.scheduler import KilledWorker

from keras_regnoise.studies.engine.cell import EPOCHS, start_backend
from keras_regnoise.studies.engine.errors import ClusterError

_HAND_OVER_S = 1.0


class LostWorkerError(Exception):
    """A worker died before it handed over what its function returned."""


@dataclass(frozen=True)
class Ended:
    """What a function in a worker came to.

    Attributes:
        future: What `Pool.submit` returned.
        value: What the function returned.
        error: What it raised, or `LostWorkerError`.
    """

    future: Any
    value: Any = None
    error: Exception | None = None

    def result(self) -> Any:
        """Return what the function returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self.value


class Pool:
    """Runs functions in worker processes, one at a time in each.

    Where a function runs is decided here alone: Dask neither moves one nor runs it
    again, which would wait for ever for a result that died with its worker.
    Use `open_pool`.

    Args:
        client: Dask's client.
        replaced_after: Functions after which a process is replaced by a fresh one;
            None for the processes of another's cluster.
        check: Told the names of the workers there are, now and then.
    """

    def __init__(
        self,
        client: Client,
        replaced_after: int | None = None,
        check: Callable[[set[Any]], None] | None = None,
    ) -> None:
        self._client, self._replaced_after, self._check = client, replaced_after, check
        self._scheduler = str(client.scheduler.address)
        self._at: dict[Future, str] = {}  # busy workers
        self._ended: Queue[Future] = Queue()
        self._done: dict[str, int] = {}

    @property
    def is_local(self) -> bool:
        """Whether the processes are ours."""
        return self._replaced_after is not None

    @property
    def address(self) -> str:
        """Where the scheduler is."""
        return self._scheduler

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
        busy = set(self._at.values())
        return [address for address in self._workers() if address not in busy]

    def _workers(self) -> Mapping[str, Any]:
        try:
            # Not `scheduler_info`: now and then Dask puts one without workers there.
            identity = self._client.sync(self._client.scheduler.identity, n_workers=-1)
        except (OSError, AttributeError) as error:
            raise ClusterError(
                f"The scheduler at {self.address} is gone. What is finished is safe: "
                "run the same command again to go on."
            ) from error
        found: Mapping[str, Any] = identity["workers"]
        if self._check is not None:
            self._check({worker["name"] for worker in found.values()})
        return found

    def submit(self, worker: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in a worker; `next_ended` gives the future back."""
        gpu = self._workers().get(worker, {}).get("resources", {}).get("GPU")
        future = self._client.submit(
            function,
            *arguments,
            pure=False,
            workers=[worker],
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
            return self._next_lost()
        if future not in self._at:
            return None  # lost, and told so
        ended = _outcome(future)
        self._count(self._take(future))
        return ended

    def _next_lost(self) -> Ended | None:
        """Return a function whose worker is gone."""
        workers = self._workers() if self._at else {}
        for future, worker in self._at.items():
            if worker not in workers and not future.done():
                self._take(future)
                return Ended(future, error=LostWorkerError())
        return None

    def _take(self, future: Future) -> str:
        """Forget a future, here and at the scheduler; returns where it was."""
        future.release()
        return self._at.pop(future)

    def _count(self, worker: str) -> None:
        self._done[worker] = self._done.get(worker, 0) + 1
        if self._replaced_after is None or self._done[worker] < self._replaced_after:
            return
        del self._done[worker]
        if worker in self._workers():
            self._client.restart_workers([worker], raise_for_error=False)

    def warm_up(self, count: int) -> None:
        """Have our workers start their backend while the caller does something else."""
        if self.is_local:
            fire_and_forget(self._client.map(start_backend, range(count), pure=False))

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in a worker and wait for what it returns.

        Raises:
            ClusterError: If the worker dies of it.
        """
        future = self._client.submit(function, *arguments, pure=False)
        while not future.done():
            with contextlib.suppress(TimeoutError):
                wait(future, _HAND_OVER_S)
            self._workers()  # starts those again that died
        try:
            return future.result()
        except KilledWorker as error:
            raise ClusterError(
                "The process that was to build a model died, most likely because "
                "memory ran out."
            ) from error

    def everywhere(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in every worker; returns what it returned, by address."""
        return self._client.run(function, *arguments)

    def close(self) -> None:
        """Leave the workers, and what another's still do."""
        if not self.is_local:
            self._stop_functions()
        with contextlib.suppress(TimeoutError):  # of a busy machine: it is the end
            self._client.close(timeout=2)

    def _stop_functions(self) -> None:
        running = [future for future in self._at if not future.done()]
        with contextlib.suppress(Exception):
            self._client.cancel(running, force=True)
            workers = {self._at[future] for future in running} & set(self._workers())
            if workers:
                self._client.restart_workers(list(workers), raise_for_error=False)


def _outcome(future: Future) -> Ended:
    """Return what a function that has ended came to."""
    while True:
        try:
            return Ended(future, future.result(timeout=_HAND_OVER_S))
        except KilledWorker:
            return Ended(future, error=LostWorkerError())
        except TimeoutError as error:
            if future.status == "error":  # the function's own
                return Ended(future, error=error)
            if future.status != "finished":  # the result has died with its worker
                return Ended(future, error=LostWorkerError())
        except Exception as error:
            return Ended(future, error=error)
