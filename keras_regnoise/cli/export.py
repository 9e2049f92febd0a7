"""`export DIR --best`: the best model of a run, without its noise."""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from statistics import mean
from typing import Any

from keras_regnoise.cli.common import DONE, UsageError, complain
from keras_regnoise.studies.engine.roles import child_environment

FORMATS = {"keras": ".keras", "saved_model": "", "onnx": ".onnx", "litert": ".tflite"}


def add(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "export",
        help="write the best model of a run for deployment, without its noise",
        description="Write the model of the arm with the best mean of the validation "
        "metric, and of its seeds the best. Its noise layers are taken out, so that it "
        "loads where keras_regnoise is not installed, if the layers that are left are "
        "Keras's own.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument(
        "--best", action="store_true", required=True, help="by the validation metric"
    )
    parser.add_argument("--to", choices=FORMATS, default="keras", help="default: keras")
    parser.add_argument(
        "--output", type=Path, metavar="PATH", help="default: DIR/best.keras, ..."
    )
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Write the best model."""
    model = best_model(options.directory)
    suffix = {
        "keras": ".keras",
        "saved_model": "",
        "onnx": ".onnx",
        "litert": ".tflite",
    }
    target = options.output or options.directory / f"best{suffix[options.to]}"
    export(model, options.to, target)
    complain(f"wrote {target}, the model of {model.stem}")
    return DONE


def export(model: Path, form: str, target: Path) -> None:
    """Strip a saved model of its noise and write it in another form."""
    # In a process of its own, with the user's backend: this one runs on NumPy.
    command = [sys.executable, "-m", __name__, str(model), form, str(target)]
    result = subprocess.run(
        command, env=child_environment(os.environ), capture_output=True, text=True
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines() or ["it said nothing"]
        raise UsageError(f"Can't export {model} to {form}: {lines[-1]}")


def best_model(directory: Path) -> Path:
    """Return the best model of the arm with the best mean of the objective."""
    from keras_regnoise.studies import folder

    description = folder.read_manifest(directory)["description"]
    key, sign = description["objective"], 1 if description["direction"] == "max" else -1
    done = [r for r in folder.read_records(directory) if r["status"] == "done"]
    if not done:
        raise UsageError(
            f"No cell of {directory} is done, so there is no best one yet."
        )

    def score(record: Any) -> float:
        return sign * float(record["metrics"][key])

    arms: dict[Any, list[Any]] = {}
    for record in done:
        arms.setdefault((record["group"], record["arm"]), []).append(record)
    arm = max(arms.values(), key=lambda records: mean(map(score, records)))
    for record in sorted(arm, key=score, reverse=True):
        file = folder.model_of(directory, record["cell"])
        if file.exists():
            return file
    raise UsageError(
        f"No model of the best arm, {arm[0]['arm']}, is in {directory / 'models'}: it "
        "was deleted, or the run was done with --no-models."
    )


def write(model: Path, form: str, target: Path) -> None:
    """Load a model, strip its noise and write it."""
    import keras

    import keras_regnoise

    network = keras_regnoise.placement.strip(keras.saving.load_model(model))
    # The ONNX exporter wants a model that has been called.
    examples = [keras.ops.zeros((1, *x.shape[1:]), x.dtype) for x in network.inputs]
    network(examples if len(examples) > 1 else examples[0])
    target.parent.mkdir(parents=True, exist_ok=True)
    if form == "keras":
        network.save(target)
    else:
        form = "tf_saved_model" if form == "saved_model" else form
        network.export(target, format=form, verbose=False)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
