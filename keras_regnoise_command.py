"""Starts the command `keras-regnoise`; outside of the package, which imports Keras."""

import os
import sys


def main() -> int:
    """Run the command with Keras on NumPy.

    The process that searches never trains. On NumPy it starts faster, needs little
    memory and no GPU; the processes that train get the backend of the environment.
    """
    if "KERAS_REGNOISE_BACKEND" not in os.environ:
        os.environ["KERAS_REGNOISE_BACKEND"] = os.environ.get("KERAS_BACKEND", "")
        os.environ["KERAS_BACKEND"] = "numpy"
    from keras_regnoise.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(main())
