import inspect
import warnings

import pytest

from keras_regnoise._deprecation import deprecated, warn_deprecated


@deprecated("old(x)", "0.3.0", "new(x)")
def old(x: int) -> int:
    """Doubles."""
    return 2 * x


def renamed(rate=None, *, keep=None):
    if keep is not None:
        warn_deprecated("renamed(keep=...)", "0.3.0", "renamed(rate=1 - keep)")
        rate = 1 - keep
    return rate


def test_a_deprecated_function_works_and_says_what_to_use():
    message = r"old\(x\) is deprecated .* removed in keras_regnoise 0.3.0. Use new\(x\)"
    with pytest.warns(DeprecationWarning, match=message) as caught:
        assert old(2) == 4
    assert caught[0].filename == __file__  # the line of who calls it
    assert old.__doc__ == "Doubles."
    assert list(inspect.signature(old).parameters) == ["x"]


def test_a_deprecated_argument():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert renamed(0.25) == 0.25
    with pytest.warns(DeprecationWarning, match=r"Use renamed\(rate=1 - keep\)") as got:
        assert renamed(keep=0.75) == 0.25
    assert got[0].filename == __file__
