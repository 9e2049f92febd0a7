"""What the figures are drawn on, and the line that they are compared with."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REFERENCE: dict[str, Any] = {"color": "0.5", "linewidth": 1}


def new_axes() -> "Axes":
    """Return axes of a new figure of `matplotlib.pyplot`."""
    need_matplotlib()
    import matplotlib.pyplot as plt

    axes: Axes = plt.subplots()[1]
    return axes


def need_matplotlib() -> None:
    """Raise an `ImportError` that says what to install, if it is not."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Figures need Matplotlib, which is not installed. "
            "Install it with: pip install matplotlib"
        ) from error
