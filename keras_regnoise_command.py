"""Starts the command `keras-regnoise`; outside of the package, which imports Keras."""

import importlib.util
import os
import signal
import sys

# Read by the package, which then leaves Keras to those who ask for it. A flag and not
# this module's presence: the processes that train import it too.
started = False


def main() -> int:
    """Run the command; returns its exit code.

    SIGTERM ends it as Ctrl-C does: with a message, a report and exit code 1.
    """
    global started
    started = True
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        _choose_backend()
        from keras_regnoise.cli.main import main

        return main()
    except KeyboardInterrupt:
        print("keras-regnoise: interrupted", file=sys.stderr)
        return 1
    finally:
        # It is about to end: another Ctrl-C has nothing left to interrupt.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


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
