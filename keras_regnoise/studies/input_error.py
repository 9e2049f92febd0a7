"""What was asked for and can't be had."""

from collections.abc import Iterable
from difflib import get_close_matches

_MOST = 12  # names in a line


class InputError(ValueError):
    """What was asked for can't be, and the message says what can.

    The command shows it in a line. Every other `ValueError` is a fault.
    """

    @classmethod
    def unknown(cls, what: str, name: str, names: Iterable[str]) -> "InputError":
        """Say that there is no such name, which is the nearest, and which there are.

        Example:

        >>> print(InputError.unknown("There is no arm", "Dopout", ["none", "Dropout"]))
        There is no arm 'Dopout'. Did you mean 'Dropout'? Choose from: none, Dropout
        """
        names = list(dict.fromkeys(names))
        return cls(f"{what} {name!r}.{nearest(name, names)} {choose_from(names)}")


def nearest(name: str, names: Iterable[str]) -> str:
    """Ask whether another name was meant; `""` if none is near."""
    names = list(names)
    by_case = {known.lower(): known for known in names}
    close = get_close_matches(name.lower(), by_case, 1)
    return f" Did you mean {by_case[close[0]]!r}?" if close else ""


def choose_from(names: Iterable[str]) -> str:
    """List the names there are, as many as a line holds."""
    names = list(names)
    if any("," in name for name in names):
        names = [repr(name) for name in names]
    more = f", and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"Choose from: {', '.join(names[:_MOST])}{more}"
