"""The sets of UCI that the VCL paper uses, by their numbers at OpenML."""

from typing import NamedTuple

# No columns that tell the class: the last ten of cardiotocography are its classes, the
# first three say where in the recording it was.
_CARDIO = slice(3, 25)


class Table(NamedTuple):
    """A data set of OpenML.

    Attributes:
        number: Its number there.
        rows: Number of examples.
        classes: Number of classes.
        columns: Those of its features that are meant.
    """

    number: int
    rows: int
    classes: int
    columns: slice = slice(None)


# The sets of UCI with more than 1,000 examples of Fernández-Delgado et al. (2014), by
# the names that they have there. Two sets of oocytes are not at OpenML.
UCI = {
    "abalone": Table(1557, 4177, 3),
    "adult": Table(1590, 48842, 2),
    "bank": Table(1558, 4521, 2),
    "car": Table(21, 1728, 4),
    "cardio.-10clases": Table(1466, 2126, 10, _CARDIO),
    "cardio.-3clases": Table(1560, 2126, 3, _CARDIO),
    "chess-krvk": Table(184, 28056, 18),
    "chess-krvkp": Table(3, 3196, 2),
    "connect-4": Table(40668, 67557, 3),
    "contrac": Table(23, 1473, 3),
    "hill-valley": Table(1479, 1212, 2),
    "image-segmentation": Table(36, 2310, 7),
    "letter": Table(6, 20000, 26),
    "magic": Table(1120, 19020, 2),
    "miniboone": Table(41150, 130064, 2),
    "molec-biol-splice": Table(46, 3190, 3),
    "mushroom": Table(24, 8124, 2),
    "nursery": Table(26, 12960, 5),
    "optical": Table(28, 5620, 10),
    "ozone": Table(1487, 2534, 2),
    "page-blocks": Table(30, 5473, 5),
    "pendigits": Table(32, 10992, 10),
    "plant-margin": Table(1491, 1600, 100),
    "plant-shape": Table(1492, 1600, 100),
    "plant-texture": Table(1493, 1599, 100),
    "semeion": Table(1501, 1593, 10),
    "spambase": Table(44, 4601, 2),
    "statlog-german-credit": Table(31, 1000, 2),
    "statlog-image": Table(36, 2310, 7),
    "statlog-landsat": Table(182, 6430, 6),
    "statlog-shuttle": Table(40685, 58000, 7),
    "steel-plates": Table(40982, 1941, 7),
    "thyroid": Table(40497, 3772, 3),
    "titanic": Table(40704, 2201, 2),
    "wall-following": Table(1497, 5456, 4),
    "waveform": Table(60, 5000, 3, slice(0, 21)),
    "waveform-noise": Table(60, 5000, 3),
    "wine-quality-red": Table(40691, 1599, 6),
    "wine-quality-white": Table(40498, 4898, 7),
}


def where(kind: str, table: str) -> str:
    """Say in a sentence where a table can be had."""
    if kind == "openml":
        return f"It is https://www.openml.org/search?type=data&q={table}."
    if table not in UCI:
        return (
            "It is not at OpenML under a name known here; the collection of "
            "Fernández-Delgado et al. (2014) has the sets of UCI."
        )
    number, rows, *_ = UCI[table]
    return f"It is https://www.openml.org/d/{number}, {rows:,} rows."
