"""VCL, BatchNormalization or nothing, on small tables for as long as the paper does."""

from dataclasses import replace

from keras_regnoise.studies.papers import vcl_uci

# Those at hand for the scale "short" of `vcl-uci` that have at most 3,200 rows.
_TABLES = (
    *("car", "chess-krvkp", "contrac", "image-segmentation", "led-display"),
    *("molec-biol-splice", "statlog-german-credit", "titanic", "wine-quality-red"),
)
_WHOLE = vcl_uci.STUDY
_ARMS = tuple(
    arm
    for arm in _WHOLE.arms
    if arm.values["table"] in _TABLES and arm.values["depth"] == 4
)
STUDY = replace(
    _WHOLE,
    name="vcl-uci-500",
    title="VCL, BatchNormalization or nothing, on nine tables over 500 epochs",
    table="Tables 4 and 5, nine sets",
    arms=_ARMS,
    recipes={
        "smoke": replace(_WHOLE.recipes["smoke"], arms=("led-display, ELU, 4 layers",)),
        "short": replace(
            _WHOLE.recipes["paper"],
            seeds=tuple(range(5)),
            redraw=True,
            deviations=(
                "9 of the 44 data sets, those at hand of at most 3,200 rows; 4 layers "
                "alone. The training examples are drawn anew for every seed.",
            ),
        ),
    },
    published=tuple(
        number
        for number in _WHOLE.published
        if number.group in {a.group for a in _ARMS}
    ),
)
