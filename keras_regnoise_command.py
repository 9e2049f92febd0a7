"""Starts the command `keras-regnoise`; outside of the package, which imports Keras."""

import importlib.util
import os
import sys


def main() -> int:
    """Run the command with Keras on NumPy, where that works.

    The process that searches never trains. On NumPy it starts faster, needs little
    memory and no GPU; the processes that train get the backend of the environment.
    Keras's NumPy backend imports JAX.
    """
    has_jax = importlib.util.find_spec("jax") is not None
    if has_jax and "KERAS_REGNOISE_BACKEND" not in os.environ:
        os.environ["KERAS_REGNOISE_BACKEND"] = os.environ.get("KERAS_BACKEND", "")
        os.environ["KERAS_BACKEND"] = "numpy"
    # TensorFlow's remarks about GPUs that are not there; the logs have the rest.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from keras_regnoise.cli.main import main

    return main()


if __name__ == "__main__":
    sys.exit(main())
