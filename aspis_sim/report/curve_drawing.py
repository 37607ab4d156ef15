"""A picture of published curves and ours: one colour a curve, the published one dashed, ours solid."""

import io
from collections.abc import Sequence
from typing import NamedTuple

from aspis_sim.report.libraries import check_library
from aspis_sim.report.style import COLOURS

MARKERS = "osD^vPX*"


class Line(NamedTuple):
    """A curve.

    Attributes:
        label: shared by the published curve and ours.
        published: whether it is the published one.
        x, y: of its points.
    """

    label: str
    published: bool
    x: Sequence[float]
    y: Sequence[float]


def draw(lines: Sequence[Line], title: str, x: str, y: str, logarithmic: bool = False, stamp: str = "") -> bytes:
    """The picture as the content of a PNG file.

    Args:
        lines: curves; those with one label have one colour and marker.
        title: above them.
        x, y: what the axes are.
        logarithmic: the vertical axis.
        stamp: written above them in a frame: what keeps ours from being held against the published ones.

    Raises:
        InputError: matplotlib is not installed.
    """
    check_library("plot")
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    labels = list(dict.fromkeys(line.label for line in lines))
    figure = Figure(figsize=(8, 5.5), layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=x, ylabel=y, yscale="log" if logarithmic else "linear")
    axes.grid(alpha=0.3)
    for line in lines:
        number = labels.index(line.label)
        axes.plot(
            line.x,
            line.y,
            color=COLOURS[number % len(COLOURS)],
            linestyle="--" if line.published else "-",
            marker=MARKERS[number % len(MARKERS)],
            markersize=3 if line.published else 4,
            alpha=0.7 if line.published else 1.0,
            label="_" if line.published else line.label,
        )
    if stamp:
        box = {"boxstyle": "round", "facecolor": "white", "edgecolor": "firebrick"}
        figure.suptitle(stamp, fontsize=9, color="firebrick", bbox=box)
    handles = [
        Line2D([], [], color=COLOURS[n % len(COLOURS)], marker=MARKERS[n % len(MARKERS)], label=label)
        for n, label in enumerate(labels)
    ]
    handles += [
        Line2D([], [], color="black", ls=style, label=word) for style, word in (("--", "published"), ("-", "ours"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150)
    return content.getvalue()
