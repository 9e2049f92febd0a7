"""One process of a search over several: keras-tuner's chief, or one of its workers.

Which of them is said by keras-tuner's own environment variables:
`KERASTUNER_TUNER_ID`, `KERASTUNER_ORACLE_IP` and `KERASTUNER_ORACLE_PORT`.
"""

import argparse
import os
import sys
import threading
from pathlib import Path

from keras_regnoise.studies import folder
from keras_regnoise.studies.engine.roles import CHIEF_GONE, child_environment
from keras_regnoise.studies.engine.search import CellTuner, make_oracle
from keras_regnoise.studies.engine.training_process import TrainingProcess


def main() -> int:
    """Serve as chief or as worker until there is nothing left to do."""
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("--cells-per-process", type=int, default=1)
    parser.add_argument("--lock", type=int, action="append", default=[])
    options = parser.parse_args()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    directory = options.directory
    manifest = folder.read_manifest(directory)
    tuner = CellTuner(
        make_oracle(manifest, directory),
        manifest,
        directory,
        lambda: TrainingProcess(
            directory,
            directory / "logs" / f"{os.environ['KERASTUNER_TUNER_ID']}.log",
            child_environment(os.environ),
            tuple(options.lock),
        ),
        options.cells_per_process,
    )
    try:
        tuner.search(verbose=0)
    except Exception as error:
        if type(error).__name__ != "_InactiveRpcError":
            raise
        print("The chief, which hands out the cells, is gone.", file=sys.stderr)
        return CHIEF_GONE
    finally:
        tuner.close()
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
