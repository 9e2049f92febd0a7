"""Count what the networks of the papers' scale compute, for docs/artefacts.md.

python docs/networks.py

Writes docs/networks.csv: the multiply-adds of one example, forward, of the network of
every group that has convolutions. Nothing is trained, and no data are read. It needs
KerasHub (`pip install keras-hub`) and takes some minutes.
"""

import csv
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # which builds fastest

import keras
import numpy as np

from keras_regnoise.datasets import Split
from keras_regnoise.datasets.data_set import from_splits
from keras_regnoise.studies import Study, registry
from keras_regnoise.studies.engine.training import hyperparameters

FILE = Path(__file__).with_name("networks.csv")
COLUMNS = ("study", "group", "data", "multiply_adds")
# Shape of an image, and classes.
_IMAGES = {
    "cifar10": ((32, 32, 3), 10),
    "cifar100": ((32, 32, 3), 100),
    "svhn_cropped": ((32, 32, 3), 10),
    "svhn_cropped+extra": ((32, 32, 3), 10),
    "emnist/balanced": ((28, 28, 1), 47),
    "tiny-imagenet": ((64, 64, 3), 200),
    "imagenet2012": ((224, 224, 3), 1000),
    "coco/2017": ((640, 640, 3), 80),
}


def main() -> None:
    """Count, and write the file."""
    with FILE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name in registry.names():
            writer.writerows(_rows(registry.find(name)[0]))
            file.flush()
        network = keras.applications.ResNet50(weights=None)
        writer.writerow(("", "ResNet-50", "imagenet2012", multiply_adds(network)))


def _rows(study: Study) -> list[tuple[str, str, str, int]]:
    if "paper" not in study.recipes:
        return []
    cells = [c for c in study.cells("paper") if not c.arm.values.get("pretrained")]
    first = {cell.arm.group: cell for cell in reversed(cells)}
    rows = []
    for group, cell in sorted(first.items()):
        data = cell.arm.data or study.data
        if data in _IMAGES:
            keras.backend.clear_session()
            recipe = study.recipe("paper").of(group)
            model = study.load_model()(recipe, _blank(data))
            count = multiply_adds(model.build(hyperparameters(cell)))
            rows.append((study.name, group, data, count))
            print(*rows[-1], flush=True)
    return rows


def _blank(data: str) -> Any:
    shape, classes = _IMAGES[data]
    count = 1 if data == "coco/2017" else classes
    split = Split(np.zeros((count, *shape), "uint8"), np.arange(count))
    return from_splits(
        data, dict.fromkeys(("train", "validation", "test"), split), classes
    )


def multiply_adds(model: keras.Model) -> int:
    """Return those of the convolutions and matrices of a network, for one example."""
    total = 0
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
        elif type(layer).__name__ in ("Conv2D", "DepthwiseConv2D"):
            # One output position of one channel needs all weights of its filter.
            for node in layer._inbound_nodes:
                places = np.prod(node.output_tensors[0].shape[1:3])
                total += int(places * np.prod(layer.kernel.shape))
    return total


if __name__ == "__main__":
    main()
