from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from keras_regnoise.report.summary import ArmSummary

_COLORS = ("#4477aa", "#cc6677", "#aa3377", "#228833", "#b8860b", "#66ccee")


def keep_rate_figure(
    summaries: Sequence[ArmSummary], baseline: str, title: str, file: Path
) -> None:
    """Draw the paired difference to the baseline over the rate, a panel per method.

    Args:
        summaries: Summaries of an accuracy.
        baseline: The method at 0.
        title: Title of the figure.
        file: Image to write; its suffix names the format.
    """
    methods = list(dict.fromkeys(arm.method for arm in summaries))
    methods.remove(baseline)
    reference = next(arm for arm in summaries if arm.method == baseline)
    figure = Figure(figsize=(2.2 * len(methods), 3.2), layout="constrained")
    panels = figure.subplots(1, len(methods), sharey=True, squeeze=False)[0]
    for panel, method, color in zip(panels, methods, _COLORS * 2, strict=False):
        arms = [arm for arm in summaries if arm.method == method and arm.difference]
        panel.axhline(0.0, color="0.4", linewidth=1)
        for position, arm in enumerate(arms):
            assert arm.difference is not None
            points = [
                100 * (value - reference.values[seed])
                for seed, value in arm.values.items()
            ]
            panel.plot([position] * len(points), points, "o", color=color, alpha=0.35)
            panel.errorbar(
                position,
                100 * arm.difference.mean,
                100 * arm.difference.half_width,
                marker="s",
                color=color,
                capsize=4,
            )
        panel.set_title(method, fontsize=10)
        panel.set_xticks(range(len(arms)), [f"{arm.rate:g}" for arm in arms])
        panel.set_xlim(-0.6, len(arms) - 0.4)
        panel.spines[["top", "right"]].set_visible(False)
        panel.set_xlabel("rate")
    panels[0].set_ylabel(f"test accuracy, percentage points\nagainst {baseline}")
    figure.suptitle(title, fontsize=11)
    figure.savefig(file, dpi=150)
