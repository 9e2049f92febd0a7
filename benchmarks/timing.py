"""Medians of interleaved repeats."""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Run = Callable[[], Any]
Wait = Callable[[Any], None]

_MAX_CALLS = 10_000


class Timing(NamedTuple):
    """The time of one call.

    Attributes:
        median_ms: Median over the samples.
        spread: Interquartile range over the median: how much to trust it.
        samples: Number of samples.
    """

    median_ms: float
    spread: float
    samples: int


def interleave(
    runs: Mapping[str, Run],
    repeats: int,
    wait: Wait,
    sample_s: float = 0.005,
    budget_s: float = math.inf,
) -> dict[str, Timing]:
    """Time several functions, each of them once in every repeat.

    Args:
        runs: Functions without arguments.
        repeats: Number of samples of each function.
        wait: Blocks until the result of a run has been computed.
        sample_s: Least length of a sample, for which fast functions are called often.
        budget_s: A function that has been timed for so long sits out the rest.

    Returns:
        The timing of each function.
    """
    calls = {name: _calls_per_sample(run, wait, sample_s) for name, run in runs.items()}
    samples: dict[str, list[float]] = {name: [] for name in runs}
    order = list(runs)
    for _ in range(repeats):
        for name in order:
            if sum(samples[name]) * calls[name] < budget_s:
                elapsed = _elapsed(runs[name], calls[name], wait)
                samples[name].append(elapsed / calls[name])
        order = order[1:] + order[:1]  # not always behind the same neighbour
    return {name: summarize(times) for name, times in samples.items()}


def summarize(seconds: Sequence[float]) -> Timing:
    median = statistics.median(seconds)
    spread = 0.0
    if len(seconds) > 1:
        low, _, high = statistics.quantiles(seconds, n=4, method="inclusive")
        spread = (high - low) / median
    return Timing(1e3 * median, spread, len(seconds))


def _calls_per_sample(run: Run, wait: Wait, sample_s: float) -> int:
    _elapsed(run, 1, wait)  # compiles
    calls, elapsed = 1, _elapsed(run, 1, wait)
    while elapsed < sample_s and calls < _MAX_CALLS:
        needed = math.ceil(1.2 * calls * sample_s / max(elapsed, 1e-9))
        calls = min(max(needed, 2 * calls), _MAX_CALLS)
        elapsed = _elapsed(run, calls, wait)
    return calls


def _elapsed(run: Run, calls: int, wait: Wait) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        result = run()
    wait(result)
    return time.perf_counter() - start
