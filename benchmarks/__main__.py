"""Time the layers, on every installed backend, beside built-in layers."""

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from benchmarks import compare, figure, machine, record, report
from benchmarks.cases import (
    APPLICATIONS,
    BACKENDS,
    DTYPES,
    LAYERS,
    MODES,
    NETWORKS,
    QUICK,
    SHAPES,
    SUITES,
    Plan,
    installed_backends,
    select,
)

# By attribute of the plan; the option is the singular.
_CHOICES: dict[str, Sequence[str]] = {
    "suites": SUITES,
    "backends": BACKENDS,
    "modes": tuple(MODES),
    "layers": LAYERS,
    "shapes": tuple(SHAPES),
    "networks": (*NETWORKS, *APPLICATIONS),
}
_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # Leaves room on an accelerator for the processes that measure memory.
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return the exit status.

    1 if a backend failed or a ratio got worse, 2 if the options make no sense.
    """
    options = _parser().parse_args(arguments)
    try:
        plan = plan_of(options)
        old = record.read(options.compare) if options.compare else []
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if machine.is_busy():
        print("Warning: this machine is busy; expect noise.", file=sys.stderr)
        # A thread of torch that spins while it waits keeps the one it waits for from
        # running, where other processes need the cores too.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    rows, failed = _run(plan)
    report.print_report(rows)
    _save(rows, options.output)
    if failed:
        print(f"Failed, see above: {', '.join(failed)}", file=sys.stderr)
        return 1
    return _compare(old, rows, options.tolerance) if old else 0


def _compare(
    old: Sequence[record.Row], new: Sequence[record.Row], tolerance: float
) -> int:
    try:
        pairs = compare.changes(old, new)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0 if compare.print_changes(pairs, tolerance) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    for name, known in _CHOICES.items():
        parser.add_argument(
            f"--{name.removesuffix('s')}",
            dest=name,
            nargs="+",
            metavar="NAME",
            help=f"out of: {', '.join(known)}",
        )
    parser.add_argument("--dtype", default="float32", choices=DTYPES)
    parser.add_argument("--repeats", type=int, help="interleaved repeats")
    parser.add_argument("--quick", action="store_true", help="a part, in minutes")
    parser.add_argument(
        "--output",
        type=pathlib.Path,
        default=pathlib.Path("runs/benchmarks"),
        help="folder of results.csv and results.png",
    )
    parser.add_argument(
        "--compare",
        type=pathlib.Path,
        metavar="OLD.csv",
        help="exit with 1 if a ratio is worse than in this file",
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.25,
        help="by how much a ratio may grow, as a share (default: %(default)s)",
    )
    return parser


def plan_of(options: argparse.Namespace) -> Plan:
    """Turn options into a plan.

    Raises:
        ValueError: If a name is not known, or nothing is left to measure.
    """
    chosen: dict[str, Any] = {
        name: select(name.removesuffix("s"), names, known)
        for name, known in _CHOICES.items()
        if (names := getattr(options, name)) is not None
    }
    backends = chosen.pop("backends", BACKENDS)
    installed = installed_backends()
    modes = tuple(
        mode
        for mode in chosen.pop("modes", tuple(MODES))
        if MODES[mode] in backends and MODES[mode] in installed
    )
    if not modes:
        raise ValueError(
            "None of the chosen modes runs on a chosen and installed backend. "
            f"Installed: {', '.join(installed) or 'none'}"
        )
    if options.repeats:
        chosen["repeats"] = options.repeats
    return dataclasses.replace(
        QUICK if options.quick else Plan(),
        modes=modes,
        dtype=options.dtype,
        **chosen,
    )


def _run(plan: Plan) -> tuple[list[record.Row], list[str]]:
    """Measure each backend in a process of its own; return rows and failed backends."""
    rows, failed = [], []
    with tempfile.TemporaryDirectory() as folder:
        plan_file = pathlib.Path(folder, "plan.json")
        plan_file.write_text(json.dumps(dataclasses.asdict(plan)))
        for backend in dict.fromkeys(MODES[mode] for mode in plan.modes):
            results = pathlib.Path(folder, f"{backend}.csv")
            worker = [sys.executable, "-m", "benchmarks.worker"]
            environment = {**_ENVIRONMENT, **os.environ, "KERAS_BACKEND": backend}
            status = subprocess.run([*worker, plan_file, results], env=environment)
            if status.returncode:
                failed.append(backend)
            if results.exists():
                rows += record.read(results)
    return rows, failed


def _save(rows: Sequence[record.Row], folder: pathlib.Path) -> None:
    record.write(rows, folder / "results.csv")
    has_figure = figure.draw(rows, folder / "results.png")
    print(f"\nWritten: {folder / 'results.csv'}")
    if has_figure:
        print(f"Written: {folder / 'results.png'}")


if __name__ == "__main__":
    sys.exit(main())
