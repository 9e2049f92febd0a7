"""What counts as a number: Python's and NumPy's, but no booleans and no text."""

import math
import numbers
from typing import Any


def is_integer(value: Any) -> bool:
    """Whether `value` is an integer."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether `value` is a finite real number."""
    is_real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return is_real and math.isfinite(value)
