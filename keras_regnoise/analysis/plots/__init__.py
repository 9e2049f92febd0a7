"""Figures of what `keras_regnoise.analysis` measures, with Matplotlib.

Each function draws numbers on axes and returns the axes. `style` is the look, light or
dark, which the reports of studies have too:

```python
with plots.style(dark=True):
    axes = plots.variance_shift({"Dropout": shifts})
axes.figure.savefig("shift.png")
```
"""

from contextlib import AbstractContextManager

from keras_regnoise import _figures
from keras_regnoise.analysis.plots._axes import need_matplotlib
from keras_regnoise.analysis.plots.closed_forms import batch_norm as batch_norm
from keras_regnoise.analysis.plots.closed_forms import (
    coadaptation_factor as coadaptation_factor,
)
from keras_regnoise.analysis.plots.closed_forms import (
    drop_activation_shift as drop_activation_shift,
)
from keras_regnoise.analysis.plots.measured import calibration as calibration
from keras_regnoise.analysis.plots.measured import coadaptation as coadaptation
from keras_regnoise.analysis.plots.measured import correlation as correlation
from keras_regnoise.analysis.plots.measured import kurtosis as kurtosis
from keras_regnoise.analysis.plots.measured import variance_shift as variance_shift

__all__ = [
    "batch_norm",
    "calibration",
    "coadaptation",
    "coadaptation_factor",
    "correlation",
    "drop_activation_shift",
    "kurtosis",
    "style",
    "variance_shift",
]


def style(dark: bool = False) -> AbstractContextManager[None]:
    """Give the figures made in the context one look.

    Args:
        dark: Whether the background is dark. Defaults to False.

    Returns:
        A context manager.

    Raises:
        ImportError: If Matplotlib is not installed.
    """
    need_matplotlib()
    return _figures.style(_figures.DARK if dark else _figures.LIGHT)
