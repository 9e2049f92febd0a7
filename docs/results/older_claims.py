"""What runs from before the rules of evidence say of the papers' claims."""

import csv
from collections.abc import Iterator
from statistics import fmean

from older import (
    RESULTS,
    cells_of,
    paired,
    standings_of_papers,
    standings_of_vcl,
)

from keras_regnoise.studies import registry
from keras_regnoise.studies.report import Metric

_FIT = "train_accuracy"
_FITTED = 0.99


def of_claims() -> Iterator[list[str]]:
    """Return a line for each: claim, effect, published effect, why no verdict."""
    yield _drop_activation()
    yield from _vcl()


def _drop_activation() -> list[str]:
    cells = cells_of("drop-activation")
    sides = cells["0.95", "test_accuracy"], cells["1.00", "test_accuracy"]
    effect = f"{paired(*sides)} ({len(sides[0])} seeds)"
    fit, metric = fmean(cells["1.00", _FIT].values()), Metric(_FIT)
    assert fit < _FITTED  # else there is a verdict to be had
    return [
        "Drop-Activation is best when it keeps 95 %",
        effect,
        "no number",
        f"1.00 has a {metric.words} of {metric.number(fit)}, not "
        f"{metric.number(_FITTED)}",
    ]


def _vcl() -> Iterator[list[str]]:
    ours, fits = standings_of_vcl(), _vcl_fits()
    theirs = {
        (line.within, line.option): line.difference
        for line in standings_of_papers().of_problems(ours.problems).table()
    }
    least = {
        claim.arms[0].split(", ")[1]: claim.gate.fitted
        for claim in registry.find("vcl-uci")[0].claims
        if claim.gate
    }
    for line in ours.table():
        published = theirs[line.within, line.option]
        if line.option != "vcl" or not line.difference or not published:
            continue
        fit, asked = 100 * fits[line.within], 100 * least[line.within]
        why = f"not {asked:.0f}" if fit < asked else "the claim is younger than the run"
        yield [
            f"VCL has a smaller error than no normalization ({line.within})",
            f"{line.difference.mean:+.4f} ± {line.difference.half_width:.4f} "
            f"({line.difference.count} data sets)",
            f"{published.mean:+.4f} ± {published.half_width:.4f} (the same sets)",
            f"none has a training accuracy of {fit:.2f}, {why}",
        ]


def _vcl_fits() -> dict[str, float]:
    """Return the training accuracy of no normalization by activation."""
    fits: dict[str, list[float]] = {}
    with (RESULTS / "vcl-uci" / "results.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if (row["arm"], row["metric"]) == ("none", _FIT):
                fits.setdefault(row["hp_activation"], []).append(float(row["value"]))
    return {activation: fmean(values) for activation, values in fits.items()}


def recounted() -> str:
    """Say how often each option wins by Table 5 of the VCL paper."""
    lines = standings_of_papers().table()
    wins: dict[str, list[str]] = {}
    for line in lines:
        wins.setdefault(line.within, []).append(f"{line.option} {line.count}")
    parts = "; ".join(f"{kind} {', '.join(options)}" for kind, options in wins.items())
    return (
        "Counted again by the text's rule from Table 5, the wins are, of "
        f"{lines[0].problems}: {parts}."
    )
