"""What runs from before the rules of evidence say of the papers' claims."""

import csv
from collections.abc import Iterable, Iterator
from statistics import fmean

from older import (
    RESULTS,
    cells_of,
    paired,
    standings_of_papers,
    standings_of_vcl,
)

from keras_regnoise.studies import registry
from keras_regnoise.studies.report import Interval, Metric

_ACCURACY, _FIT = "test_accuracy", "train_accuracy"
_FITTED = 0.99


def of_claims() -> Iterator[list[str]]:
    """Return a line for each: claim, effect, published effect, why no verdict."""
    yield from _one_by_one(
        "drop-activation",
        "1.00",
        [("Drop-Activation is best when it keeps 95 %", "0.95", "1.00")],
    )
    yield _ratio()
    places = [
        (
            f"Dropout-b{centred} is more accurate than Dropout-a{centred}",
            f"Dropout-b{centred}",
            f"Dropout-a{centred}",
        )
        for centred in ("", " centred")
    ]
    yield from _one_by_one("dropout-placement", "none", places)
    yield from _vcl()


def _one_by_one(
    folder: str, baseline: str, rows: Iterable[tuple[str, str, str]]
) -> Iterator[list[str]]:
    cells, gate = cells_of(folder), _gate(folder, baseline)
    for claim, one, other in rows:
        sides = cells[one, _ACCURACY], cells[other, _ACCURACY]
        effect = f"{paired(_ACCURACY, *sides)} ({len(sides[0])} seeds)"
        yield [claim, effect, "no number", gate]


def _ratio() -> list[str]:
    values = cells_of("dropout-placement")["Dropout-a centred", "variance_shift"]
    found = Interval.of([value - 2.0 for value in values.values()])
    return [
        "Centred Dropout-a multiplies the variance by 1 / p, which is 2 at p = 0.5",
        f"{found.mean:+.2f} ± {found.half_width:.2f} to 2 ({found.count} seeds)",
        "0, by equation 23",
        "not about accuracy; of all layers of the stage",
    ]


def _gate(folder: str, baseline: str) -> str:
    fit, metric = fmean(cells_of(folder)[baseline, _FIT].values()), Metric(_FIT)
    assert fit < _FITTED  # else there is a verdict to be had
    return (
        f"{baseline} has a {metric.words} of {metric.number(fit)}, not "
        f"{metric.number(_FITTED)}"
    )


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
