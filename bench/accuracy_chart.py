"""The chart of docs/accuracy.md: accuracy above, coverage below, as PNG and SVG; the same bytes for the same figures.

Readable without colour: each method has its own marker, dash and grey.
"""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

STYLES: dict[str, dict[str, Any]] = {
    "audit log": {"color": "#0b3c5d", "marker": "o", "linestyle": "-", "linewidth": 2.6},
    "audit log, recorded or matched": {"color": "#328cc1", "marker": "s", "linestyle": "-"},
    "journal only": {"color": "#b8860b", "marker": "^", "linestyle": "--"},
    "last writer": {"color": "#8c2d19", "marker": "D", "linestyle": "-."},
    "snapshot diff": {"color": "#999999", "marker": "x", "linestyle": ":"},
}
TITLES = {
    "calm": "Calm: one or two saves where anything happened",
    "busy": "Busy: up to six saves where anything happened",
}


def draw(results: dict[str, dict[float, dict[str, Any]]], folder: Path) -> None:
    """Write accuracy.png and accuracy.svg into the folder; `results`: by life, share of damaged entries, method."""
    with mpl.rc_context({"svg.hashsalt": "contact-audit", "svg.fonttype": "none", "font.family": "DejaVu Sans"}):
        figure, axes = plt.subplots(2, len(results), figsize=(11, 8), sharex=True, sharey=True, squeeze=False)
        for column, (life, by_share) in enumerate(results.items()):
            for row, measure in enumerate(("accuracy", "coverage")):
                _lines(axes[row][column], by_share, measure)
            axes[0][column].set_title(TITLES[life], fontsize=11, pad=12)
            axes[1][column].set_xlabel("share of journal entries damaged: lost, without values, or bare")
        axes[0][0].set_ylabel("author accuracy\nof the changes with a named author, right")
        axes[1][0].set_ylabel("coverage\nof all true changes, right author named")
        handles, labels = axes[1][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncols=3, frameon=False, handlelength=4)
        figure.tight_layout(rect=(0, 0.07, 1, 1))
        figure.savefig(folder / "accuracy.png", dpi=110, metadata={"Software": None})
        figure.savefig(folder / "accuracy.svg", metadata={"Date": None})
        plt.close(figure)


def _lines(axis: Any, by_share: dict[float, dict[str, Any]], measure: str) -> None:
    for method, style in STYLES.items():
        points = [(share, getattr(result[method], measure)) for share, result in by_share.items()]
        known = [(share, value) for share, value in points if value is not None]
        # The diff names nobody: it has a coverage of nothing, and no accuracy.
        if known:
            axis.plot(*zip(*known, strict=True), label=method, markersize=5, clip_on=False, **style)
    axis.set_ylim(0, 1)
    axis.set_xlim(0, 0.9)
    axis.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    axis.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1))
    axis.grid(color="#dddddd", linewidth=0.6)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
