"""How a run names an arm."""

from keras_regnoise.studies.study import Arm

ArmKey = tuple[str, str]  # group and name


def arm_key(arm: Arm) -> ArmKey:
    """Return group and name of an arm."""
    return arm.group, arm.name


def arm_name(key: ArmKey) -> str:
    """Return an arm's name with its group."""
    return f"{key[0]}: {key[1]}" if key[0] else key[1]
