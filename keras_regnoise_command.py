"""Starts the command `keras-regnoise`; outside of the package, which imports Keras."""

import importlib.util
import io
import os
import signal
import sys
from types import FrameType

# Read by the package, which then leaves Keras to those who ask for it. A flag and not
# this module's presence: the processes that train import it too.
started = False


def main() -> int:
    """Run the command; returns its exit code."""
    global started
    started = True
    _handle_signals(_leave)
    _choose_backend()
    # What an encoding has no character for is no reason to stop.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    from keras_regnoise.cli.main import main

    try:
        return main()
    finally:
        # It is about to end: there is nothing left to interrupt.
        _handle_signals(signal.SIG_IGN)


def _handle_signals(handler: "signal._HANDLER") -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    """End at once: an exception would surface anywhere inside of an import.

    A run that has begun ends with a report instead; see `keras_regnoise.cli.signals`.
    """
    os.write(2, b"keras-regnoise: interrupted\n")
    os._exit(1)


def _choose_backend() -> None:
    """Run Keras on NumPy, where that works.

    The process that searches never trains. On NumPy it starts faster, needs little
    memory and no GPU; the processes that train get the backend of the environment.
    Keras's NumPy backend imports JAX.
    """
    has_jax = importlib.util.find_spec("jax") is not None
    if has_jax and "KERAS_REGNOISE_BACKEND" not in os.environ:
        os.environ["KERAS_REGNOISE_BACKEND"] = os.environ.get("KERAS_BACKEND", "")
        os.environ["KERAS_BACKEND"] = "numpy"


if __name__ == "__main__":
    # Under its real name, by which the package knows it.
    import keras_regnoise_command

    sys.exit(keras_regnoise_command.main())
