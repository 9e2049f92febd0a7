"""Chief and workers on this machine: started, watched, started again."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from keras_regnoise.studies.engine.roles import CHIEF, CHIEF_GONE, TimeLimitError

_POLL_S = 0.3
_GRACE_S = 2.0  # for workers that are about to end by themselves
_DEATHS = 5  # of one worker, without a cell finished in between


class AddressError(ValueError):
    """An address that is none, or in use."""


class SupervisorError(Exception):
    """The search can't go on, with what to do about it."""


@dataclass
class _Worker:
    name: str
    process: subprocess.Popen[bytes]
    deaths: int = 0
    cells_at_death: int = -1
    ended: bool = field(default=False)


class Supervisor:
    """Runs a search over several processes.

    Args:
        directory: Folder of the run, which every machine sees.
        workers: Number of workers to start here.
        address: Where the chief listens.
        is_chief: Whether the chief runs here, or on another machine.
        cells_per_process: See `CellTuner`.
        lock: Descriptor that keeps the folder locked.
        say: Prints a line.
        timeout_s: Seconds after which the search ends and can be resumed, or None.
    """

    def __init__(
        self,
        directory: Path,
        workers: int,
        address: tuple[str, int],
        *,
        is_chief: bool = True,
        cells_per_process: int = 1,
        lock: int | None = None,
        say: Callable[[str], None] = print,
        timeout_s: float | None = None,
    ) -> None:
        self.directory, self.address = directory, address
        self.cells_per_process, self.lock, self.say = cells_per_process, lock, say
        self.host = "" if is_chief else f"{socket.gethostname()}-"
        self.gpus = visible_gpus()
        self.workers: list[_Worker] = []
        self.count = workers
        self.chief: subprocess.Popen[bytes] | None = None
        self.is_chief = is_chief
        self._last_contact = time.monotonic()
        self._deadline = None if timeout_s is None else self._last_contact + timeout_s

    def run(self, finished: Callable[[], int], total: int) -> None:
        """Work until every cell has ended.

        Args:
            finished: Counts the cells that have ended.
            total: Number of cells.

        Raises:
            SupervisorError: If the chief is gone, or a worker keeps dying.
            TimeLimitError: After `timeout_s`.
        """
        try:
            if self.is_chief:
                self.chief = self._start(CHIEF)
            self._await_chief()
            names = [f"{self.host}worker{i}" for i in range(self.count)]
            self.workers = [
                _Worker(name, self._start(name, i)) for i, name in enumerate(names)
            ]
            while not all(worker.ended for worker in self.workers):
                time.sleep(_POLL_S)
                count = finished()
                for index, worker in enumerate(self.workers):
                    self._watch(index, worker, count)
                self._check_chief(count >= total)
                if count >= total and self._chief_is_gone():
                    # A worker that was started again too late would wait for ever.
                    time.sleep(_GRACE_S)
                    break
                if self._deadline is not None and time.monotonic() > self._deadline:
                    raise TimeLimitError
        finally:
            self._stop()

    def _watch(self, index: int, worker: _Worker, finished: int) -> None:
        code = worker.process.poll()
        if worker.ended or code is None:
            return
        if code == 0:
            worker.ended = True
            return
        if code == CHIEF_GONE:
            return  # _check_chief says what there is to say
        progressed = finished > worker.cells_at_death
        worker.deaths = 1 if progressed else worker.deaths + 1
        worker.cells_at_death = finished
        if worker.deaths > _DEATHS:
            raise SupervisorError(
                f"{worker.name} died {_DEATHS} times in a row (exit code {code}). See "
                f"{self._log(worker.name)}; what is finished is safe."
            )
        self.say(f"{worker.name} died (exit code {code}); it is started again.")
        # Under its old name: the chief hands it the cell that it had.
        worker.process = self._start(worker.name, index)

    def _check_chief(self, all_ended: bool) -> None:
        if all_ended:
            return
        if self.chief is not None and self.chief.poll() is not None:
            raise SupervisorError(
                "The chief, which hands out the cells, ended (exit code "
                f"{self.chief.returncode}); see {self._log(CHIEF)}. What is finished "
                "is safe: run the same command again to go on."
            )
        if self.chief is None and not self._chief_answers():
            raise SupervisorError(
                f"The chief at {self.address[0]}:{self.address[1]} does not answer "
                "any more. Start it again there, then run this command again."
            )

    def _chief_is_gone(self) -> bool:
        if self.chief is not None:
            return self.chief.poll() is not None
        return not listens(self.address)

    def _chief_answers(self) -> bool:
        now = time.monotonic()
        if now - self._last_contact < 10:
            return True
        if listens(self.address):
            self._last_contact = now
        return now - self._last_contact < 40

    def _await_chief(self, patience_s: float = 60.0) -> None:
        deadline = time.monotonic() + patience_s
        while not listens(self.address):
            self._check_chief(all_ended=False)
            if time.monotonic() > deadline:
                raise SupervisorError(
                    f"Nobody listens at {self.address[0]}:{self.address[1]}. Start the "
                    "chief there first: the same command with --listen HOST:PORT."
                )
            time.sleep(0.1)

    def _start(self, name: str, index: int = 0) -> "subprocess.Popen[bytes]":
        environment = dict(os.environ) | {
            "KERASTUNER_TUNER_ID": name,
            "KERASTUNER_ORACLE_IP": self.address[0],
            "KERASTUNER_ORACLE_PORT": str(self.address[1]),
        }
        if name != CHIEF and self.gpus:
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(
                share(self.gpus, index, self.count)
            )
        descriptors = () if self.lock is None else (self.lock,)
        command = [
            *(sys.executable, "-m", "keras_regnoise.studies.engine.member"),
            str(self.directory),
            *("--cells-per-process", str(self.cells_per_process)),
            *(f"--lock={descriptor}" for descriptor in descriptors),
        ]
        with self._open_log(name) as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,  # closes when this process is gone
                stdout=log,
                stderr=log,
                env=environment,
                pass_fds=descriptors,
                start_new_session=True,
            )

    def _log(self, name: str) -> Path:
        return self.directory / "logs" / f"{name}.log"

    def _open_log(self, name: str) -> IO[Any]:
        self._log(name).parent.mkdir(parents=True, exist_ok=True)
        return self._log(name).open("ab")

    def _stop(self) -> None:
        processes = [worker.process for worker in self.workers]
        for process in [*processes, *([self.chief] if self.chief else [])]:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()


def listens(address: tuple[str, int]) -> bool:
    """Whether somebody accepts connections there."""
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=2):
        return True
    return False


def free_address(listen: str) -> tuple[str, int]:
    """Return the address at which the chief is to listen.

    Args:
        listen: `"HOST:PORT"`, or `""` for a free port of this machine alone.

    Raises:
        AddressError: If the port is in use, or it is no address.
    """
    host, port = parse_address(listen) if listen else ("127.0.0.1", 0)
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressError(
                f"Can't listen at {host}:{port}: {error.strerror or error}. Choose "
                "another port with --listen HOST:PORT, or leave it out for a free one."
            ) from error
        return host, int(probe.getsockname()[1])


def parse_address(text: str) -> tuple[str, int]:
    """Split `"HOST:PORT"`, or raise `AddressError`."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise AddressError(
            f"An address is HOST:PORT, such as 192.0.2.1:8000. Received: {text!r}"
        )
    return host, int(port)


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
