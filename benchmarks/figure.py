"""A figure of the layers' times, if matplotlib is installed."""

import importlib.util
import pathlib
from collections.abc import Sequence
from typing import Any

from benchmarks.cases import IDENTITY, LAYERS, MODES, SHAPES
from benchmarks.record import Row

_COLORS = dict(zip(SHAPES, ("#009E73", "#56B4E9", "#D55E00", "#0072B2"), strict=True))


def draw(rows: Sequence[Row], path: pathlib.Path) -> bool:
    """Draw each layer's time over the identity's; return whether that was possible."""
    rows = [row for row in rows if row.suite == "layers" and row.layer != IDENTITY]
    if not rows or not importlib.util.find_spec("matplotlib"):
        return False
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    modes = [mode for mode in MODES if any(row.mode == mode for row in rows)]
    layers = sorted(
        {row.layer for row in rows}, key=lambda name: (name in LAYERS, name)
    )
    figure, panels = pyplot.subplots(
        1,
        len(modes),
        figsize=(4.0 + 2.8 * len(modes), 1.5 + 0.4 * len(layers)),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for mode, panel in zip(modes, panels[0], strict=True):
        _draw_mode(panel, [row for row in rows if row.mode == mode], layers)
        panel.set_title(mode)
    _label(panels[0][0], layers)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False)
    figure.supxlabel("time of forward and backward pass / time of the identity")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
    return True


def _draw_mode(panel: Any, rows: Sequence[Row], layers: Sequence[str]) -> None:
    panel.axvline(1.0, color="0.5", linewidth=1)
    for number, (shape, color) in enumerate(_COLORS.items()):
        offset = (number - (len(SHAPES) - 1) / 2) * 0.18
        for is_target, marker, label in ((False, "o", shape), (True, "|", None)):
            points = [
                (ratio, layers.index(row.layer) + offset)
                for row in rows
                if row.shape == shape and (ratio := _ratio(row, is_target)) is not None
            ]
            x, y = zip(*points, strict=True) if points else ((), ())
            panel.plot(x, y, marker, color=color, ms=4 + 5 * is_target, label=label)
    panel.plot([], [], "|", color="0.3", ms=9, label="target")
    panel.grid(axis="x", color="0.9")
    panel.spines[["top", "right"]].set_visible(False)


def _ratio(row: Row, is_target: bool) -> float | None:
    """Return the time, or the time that is the target, over the identity's."""
    if not is_target:
        return row.ratio_to_identity
    if row.target is None or not row.reference_ms or not row.identity_ms:
        return None
    return row.target * row.reference_ms / row.identity_ms


def _label(panel: Any, layers: Sequence[str]) -> None:
    from matplotlib import ticker

    panel.set_yticks(range(len(layers)), layers)
    for text in panel.get_yticklabels():
        text.set_fontweight("bold" if text.get_text() in LAYERS else "normal")
    panel.invert_yaxis()
    panel.set_xscale("log")
    panel.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 3)))
    panel.xaxis.set_major_formatter("{x:g}")
    panel.xaxis.set_minor_formatter(ticker.NullFormatter())
