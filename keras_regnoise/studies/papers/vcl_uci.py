"""VCL, BatchNormalization or nothing, on tables: Tables 4 and 5 of the VCL paper."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from keras_regnoise.studies.papers.published import published
from keras_regnoise.studies.papers.recipes import BATCH_NORM
from keras_regnoise.studies.study import (
    Arm,
    Claim,
    Gate,
    Profile,
    Published,
    Recipe,
    Study,
)

_NORMALIZATIONS = ("none", "bn", "vcl")
_DEPTHS = (4, 8, 16)
_GENERATED = ("ringnorm", "twonorm", "led-display")
# The sets that were at hand for the scale "short".
_SHORT = (
    *("abalone", "adult", "car", "chess-krvkp", "contrac", "image-segmentation"),
    *("letter", "molec-biol-splice", "mushroom", "nursery", "optical", "page-blocks"),
    *("pendigits", "spambase", "statlog-german-credit", "titanic", "waveform"),
    *("waveform-noise", "wine-quality-red", "wine-quality-white", *_GENERATED),
)
# Without its last row, which counts the wins.
_TABLE = tuple(n for n in published("vcl_table5") if n.metric != "wins")
_OF = "the best of 4, 8 and 16 layers on the validation split"
_ACTIVATIONS = ("ReLU", "ELU", "SELU")


def _group(table: str, activation: str, depth: int) -> str:
    return f"{table}, {activation}, {depth} layers"


def _arms(table: str, depth: int) -> list[Arm]:
    data = table if table in _GENERATED else f"uci/{table}"
    return [
        Arm(
            normalization,
            {
                "table": table,
                "activation": activation,
                "normalization": normalization,
                "depth": depth,
            },
            _group(table, activation, depth),
            data,
        )
        for activation in _ACTIVATIONS
        for normalization in _NORMALIZATIONS
    ]


def _published() -> Iterator[Published]:
    for depth in _DEPTHS:
        for number in _TABLE:
            table, activation = number.group.rsplit(", ", 1)
            group = _group(table, activation, depth)
            yield replace(number, group=group, of=_OF)


def _recipe(**options: Any) -> Recipe:
    defaults = {"batch_size": 20, "seeds": (0, 1, 2), "test_freq": 1}
    return Recipe(**{"learning_rate": 0.01, **defaults, **options})


_TABLES = tuple(dict.fromkeys(n.group.rpartition(", ")[0] for n in _TABLE))
STUDY = Study(
    name="vcl-uci",
    title="VCL, BatchNormalization or nothing before the activation, on tables",
    model="keras_regnoise.studies.papers.models.vcl_uci:VCLModel",
    data="uci",
    arms=tuple(a for depth in _DEPTHS for t in _TABLES for a in _arms(t, depth)),
    baseline="none",
    metric="selected_test_error",
    objective="selected_val_error",
    direction="min",
    recipes={
        "smoke": _recipe(
            epochs=3,
            seeds=(0,),
            examples=200,
            test_examples=200,
            arms=("ringnorm, ELU, 4 layers",),
            options={"window": 2},
        ),
        "short": _recipe(
            epochs=24,
            seeds=tuple(range(5)),
            examples=700,
            redraw=True,
            arms=tuple(_group(table, "*", 4) for table in _SHORT),
            validation_freq=3,
            test_freq=3,
            options={"window": 2},
            deviations=(
                "23 of the 44 data sets, 4 layers alone, at most 700 training "
                "examples, drawn anew for every seed, 24 epochs instead of 500; "
                "evaluated every 3 epochs, smoothed over 2 evaluations.",
            ),
        ),
        "paper": _recipe(epochs=500, options={"window": 10}),
    },
    paper="Regularizing by the Variance of the Activations' Sample-Variances, 2018",
    table="Tables 4 and 5, Figure 3",
    tables=("vcl_table4", "vcl_table5"),
    published=tuple(_published()),
    deviations=(
        "The paper uses the splits of Klambauer et al. (2017); here a fifth is the "
        "test split, a tenth of the rest the validation split.",
        "The paper does not say how the inputs are scaled and which optimizer it uses "
        "here: standardized, SGD with momentum 0.9 as for its images.",
        "The gradient of every variable is clipped to norm 1 in all arms, as in the "
        "released code; the text clips that of each layer, and does not say in which "
        "arms.",
        BATCH_NORM,
        "The epoch is the last one of the window of evaluations with the smallest mean "
        "validation error.",
        "Table 4 counts the three data sets in which all options are equal, against "
        "the text, and 28 where Table 5 has 27; wins are counted here by the text's "
        "rule, those of the paper too, from Table 5.",
        "Three sets are drawn from their definitions (ringnorm, twonorm, led-display); "
        "statlog-german-credit has 20 mixed attributes instead of 24 numbers.",
    ),
    profile=Profile("table", "activation", "normalization"),
    claims=tuple(
        Claim(
            text=f"VCL has a smaller error than no normalization ({activation}).",
            arms=(
                f"*, {activation}, * layers: vcl",
                f"*, {activation}, * layers: none",
            ),
            sign=-1,
            margin=0.005,
            # Many tables have examples that no network tells apart. VCL stands in the
            # place of a normalization, and is not asked for what Dropout does.
            gate=Gate(baseline=f"*, {activation}, * layers: none", fitted=0.9),
            statistic="problems",
        )
        for activation in _ACTIVATIONS
    ),
)
