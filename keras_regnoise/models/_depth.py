"""The depth rules of the architectures."""

from keras_regnoise._arguments import check_integer


def units_per_stage(depth: int, per_unit: int, fixed: int) -> int:
    """Return how many units a stage has in a network of `depth` weight layers.

    Args:
        depth: Weight layers of the network.
        per_unit: Weight layers of one unit in every stage together.
        fixed: Weight layers outside the units.

    Returns:
        The n of `depth = per_unit * n + fixed`.

    Raises:
        ValueError: If no whole n of at least one fits.
    """
    depth = check_integer("depth", depth, "the number of weight layers")
    units, rest = divmod(depth - fixed, per_unit)
    if rest == 0 and units >= 1:
        return units
    below = max(units, 1)
    nearest = [per_unit * n + fixed for n in (below, below + 1)]
    raise ValueError(
        f"`depth` must be {per_unit}n + {fixed} with n >= 1, for example "
        f"{nearest[0]} or {nearest[1]}. Received: depth={depth}"
    )
