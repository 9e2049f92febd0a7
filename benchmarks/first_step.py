"""How long a network with noise waits for its first training step.

python -m benchmarks.first_step [--network NAME ...] [--mode graph|compiled ...]
                                [--repeats N] [--size PIXELS]

A step is traced and compiled when it is first called. Each call is in a process of its
own, and the kinds take turns: no noise, `SpatialDropout2D` and `SpatialRotationOut`
before every convolution. On JAX there is but the mode `compiled`.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time

TARGET = 1.5  # x SpatialDropout2D
NETWORKS = ("MobileNetV2", "ResNet50", "DenseNet121")
MODES = ("graph", "compiled")
KINDS = ("none", "SpatialDropout2D", "SpatialRotationOut")
_BATCH = 32


def first_step_seconds(network: str, kind: str, mode: str, size: int) -> float:
    """Build a network, and time the first step of `fit`."""
    import keras
    import numpy as np

    import keras_regnoise as krn

    model = getattr(keras.applications, network)(
        weights=None, input_shape=(size, size, 3), classes=10
    )
    noise = {"SpatialRotationOut": krn.SpatialRotationOut}
    if kind != "none":
        make = noise.get(kind, keras.layers.SpatialDropout2D)
        model = krn.placement.insert(
            model, lambda layer: make(0.1), before=(keras.layers.Conv2D,)
        )
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=mode != "graph")
    images = np.random.default_rng(0).normal(size=(_BATCH, size, size, 3))
    labels = np.arange(_BATCH) % 10
    start = time.perf_counter()
    model.fit(images.astype("float32"), labels, batch_size=_BATCH, verbose=0)
    return time.perf_counter() - start


def in_a_process(network: str, kind: str, mode: str, size: int) -> float:
    """Return what `first_step_seconds` returns in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.first_step"]
    command += ["--only", network, kind, mode, str(size)]
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    done = subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return float(done.stdout.split()[-1])


def measure(network: str, mode: str, size: int, repeats: int) -> None:
    """Print the medians of a network, and their ratio."""
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(repeats):
        for kind in KINDS:
            seconds[kind].append(in_a_process(network, kind, mode, size))
    none, dropped, rotated = (statistics.median(seconds[kind]) for kind in KINDS)
    ratio = rotated / dropped
    verdict = "met" if ratio <= TARGET else "missed"
    print(
        f"{network:12} {mode:9} {none:8.1f} s {dropped:8.1f} s {rotated:8.1f} s "
        f"{ratio:6.2f} (limit {TARGET}: {verdict})",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_step")
    parser.add_argument("--network", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--mode", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--repeats", type=int, default=3, help="processes of each kind")
    parser.add_argument("--size", type=int, default=32, help="of the images, in pixels")
    parser.add_argument("--only", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        network, kind, mode, size = options.only
        print(first_step_seconds(network, kind, mode, int(size)))
        return
    import keras

    from benchmarks import machine

    print(f"{keras.config.backend()}, {machine.cores()} cores, {machine.processor()}")
    print(f"{machine.versions()}; images of {options.size} pixels")
    print(f"{'':22} {'none':>10} {'Dropout2D':>10} {'Rotation':>10}  ratio")
    for network in options.network:
        for mode in options.mode:
            measure(network, mode, options.size, options.repeats)


if __name__ == "__main__":
    main()
