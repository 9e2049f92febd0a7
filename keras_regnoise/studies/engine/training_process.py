"""A process that trains cells, and the other end of its pipe.

The process that searches never trains: a cell that runs out of memory, crashes or is
killed takes a child with it and nothing else, and memory does not grow over a search.
Messages are lines of JSON; what libraries print goes to the log.
"""

import json
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from keras_regnoise.studies.folder import FORMAT, Record

_MODULE = "keras_regnoise.studies.engine.training_process"


class TrainingError(Exception):
    """A cell failed.

    Attributes:
        trace: The child's traceback.
    """

    def __init__(self, message: str, trace: str) -> None:
        super().__init__(message)
        self.trace = trace


class TrainingProcess:
    """Starts a child and has it train cells.

    Args:
        directory: Folder of the run.
        log: File for what the child prints.
        environment: Environment variables of the child.
        descriptors: File descriptors that the child keeps open.
    """

    def __init__(
        self,
        directory: Path,
        log: Path,
        environment: Mapping[str, str] | None = None,
        descriptors: tuple[int, ...] = (),
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.cells = 0
        self.log = log
        with log.open("ab") as stream:
            self._child = subprocess.Popen(
                [sys.executable, "-m", _MODULE, str(directory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                env=dict(environment) if environment is not None else None,
                pass_fds=descriptors,
                text=True,
                # A Ctrl-C at the terminal is for the search, which ends the child.
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether it can train another cell."""
        return self._child.poll() is None

    def train(self, identifier: str, on_epoch: Callable[[int, int], None]) -> Record:
        """Train a cell and return its record.

        Raises:
            TrainingError: If the training raised, or the child died.
        """
        self.cells += 1
        return dict(self._ask("train", identifier, on_epoch))

    def time(self, identifier: str) -> float:
        """Estimate the seconds that a cell takes, from a part of an epoch.

        Raises:
            TrainingError: See `train`.
        """
        return float(self._ask("time", identifier, lambda epoch, of: None))

    def _ask(
        self, what: str, identifier: str, on_epoch: Callable[[int, int], None]
    ) -> Any:
        try:
            self._send({"what": what, "cell": identifier})
            while True:
                message = self._receive()
                if "epoch" in message:
                    on_epoch(message["epoch"], message["of"])
                elif "error" in message:
                    raise TrainingError(message["error"], message["traceback"])
                else:
                    return message["answer"]
        except (BrokenPipeError, EOFError):
            raise TrainingError(*self._last_words()) from None

    def stop(self) -> None:
        """End the child, whatever it is doing."""
        if self.alive:
            self._child.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            if stream:
                stream.close()

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(message) + "\n")
        self._child.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line.endswith("\n"):
            raise EOFError
        return dict(json.loads(line))

    def _last_words(self) -> tuple[str, str]:
        code = self._child.wait()
        tail = self.log.read_text(errors="replace").splitlines()[-20:]
        if code == -9:
            reason = "killed by signal 9, most likely because memory ran out"
        elif code < 0:
            reason = f"killed by signal {-code}"
        else:
            last = tail[-1] if tail else "it printed nothing"
            reason = f"ended with exit code {code}: {last}"
        return f"the training process was {reason}", "\n".join(tail)


def main() -> None:
    """Train the cells that standard input names, until it closes."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is not part of the protocol
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    lines = _until_closed(requests)

    def send(**message: Any) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    trainer = None
    for line in lines:
        try:
            if trainer is None:
                trainer = _trainer(
                    Path(sys.argv[1]), lambda epoch, of: send(epoch=epoch, of=of)
                )
            request = json.loads(line)
            send(answer=getattr(trainer, request["what"])(request["cell"]))
        except Exception as error:
            send(
                error=f"{type(error).__name__}: {error}",
                traceback=traceback.format_exc(),
            )


def _until_closed(stream: IO[str]) -> Any:
    """Yield lines; when the searching process is gone, this one ends at once."""
    import queue

    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in stream:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    while True:
        yield lines.get()


def _trainer(directory: Path, on_epoch: Callable[[int, int], None]) -> Any:
    from keras_regnoise.studies.engine.training import Trainer
    from keras_regnoise.studies.folder import read_manifest
    from keras_regnoise.studies.registry import resolve

    manifest = read_manifest(directory)
    return Trainer(resolve(manifest["source"]), manifest, directory, on_epoch)


def failure(
    manifest: Mapping[str, Any], planned: Mapping[str, Any], error: TrainingError
) -> Record:
    """Return the record of a cell that failed."""
    return {
        "format": FORMAT,
        "study": manifest["study"],
        "scale": manifest["scale"],
        "cell": planned["id"],
        **{key: planned[key] for key in ("arm", "group", "values", "seed")},
        "status": "failed",
        "metrics": {},
        "history": {},
        "error": str(error).splitlines()[0],
        "traceback": error.trace,
        "environment": {},
        "data": {},
    }


if __name__ == "__main__":
    main()
