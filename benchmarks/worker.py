"""Measures one backend: `python -m benchmarks.worker PLAN OUTPUT` with both as paths.

The backend is that of `KERAS_BACKEND`.
"""

import json
import pathlib
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import keras
from rich.console import Console  # which Keras depends on

from benchmarks import (
    backends,
    cells,
    construction,
    derivatives,
    first_step,
    inference,
    layers,
    machine,
    many_arms,
    memory,
    parts,
    record,
    steps,
    streaming,
)
from benchmarks.candidates import set_dtype
from benchmarks.cases import Plan

_SUITES = {
    "layers": layers.measure,
    "parts": parts.measure,
    "steps": steps.measure,
    "first_step": first_step.measure,
    "cells": cells.measure,
    "derivatives": derivatives.measure,
    "memory": memory.measure,
    "construction": construction.measure,
    "inference": inference.measure,
    "streaming": streaming.measure,
    "many_arms": many_arms.measure,
}


def measure(plan: Plan) -> Iterator[record.Row]:
    backend = keras.config.backend()
    place = {
        "machine": machine.processor(),
        "cores": machine.cores(),
        "device": backends.load(backend).device_name(),
        "versions": machine.versions(),
    }
    set_dtype(plan.dtype)
    for suite in plan.suites:
        start = time.perf_counter()
        with Console(stderr=True).status(f"{backend}: {suite}") as status:
            for row in _SUITES[suite](backend, plan):
                status.update(f"{backend}: {suite}, {row.layer}, {row.shape}")
                yield replace(row, **place)
        seconds = time.perf_counter() - start
        print(f"{backend}: {suite} took {seconds:.0f} s", file=sys.stderr, flush=True)


def main(plan_file: str, output: str) -> None:
    plan = Plan(**json.loads(pathlib.Path(plan_file).read_text()))
    record.write(measure(plan), pathlib.Path(output))


if __name__ == "__main__":
    main(*sys.argv[1:])
