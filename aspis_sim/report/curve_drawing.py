"""Pictures of published curves and ours: one colour per curve, published ones dashed, ours solid; or of the error."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

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


def draw(
    lines: Sequence[Line],
    title: str,
    x: str,
    y: str,
    stamp: str = "",
    whose: tuple[str, str] = ("published", "ours"),
) -> bytes:
    """The picture as the content of a PNG file.

    Args:
        lines: curves; those with one label have one colour and marker.
        title: above them.
        x, y: what the axes are.
        stamp: written above them in a frame: what keeps ours from being held against the published ones.
        whose: what the legend calls the dashed curves and the solid ones.

    Raises:
        InputError: matplotlib is not installed.
    """
    check_library("plot")
    from matplotlib.lines import Line2D

    labels = list(dict.fromkeys(line.label for line in lines))
    figure, axes = _axes(title, x, y, "linear")
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
        Line2D([], [], color="black", ls=style, label=word) for style, word in zip(("--", "-"), whose, strict=True)
    ]
    columns = 4 if max(map(len, labels)) < 24 else 2
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=9)
    return _content(figure)


LEAST = 1e-14
"""Relative errors are not drawn below this, where float64 ends."""


def draw_errors(errors: Mapping[str, Sequence[float]], title: str, digits: int) -> bytes:
    """How far ours are from published figures by step, as the content of a PNG file.

    Args:
        errors: label -> relative error at steps 1, 2, ...
        title: above them.
        digits: with which the published ones are written; a line says what rounding to so many can take or add.

    Raises:
        InputError: matplotlib is not installed.
    """
    check_library("plot")
    figure, axes = _axes(title, "step", "|ours − published| / published (0 at the lower edge)", "log")
    for number, (label, values) in enumerate(errors.items()):
        shown = [max(value, LEAST) for value in values]
        look = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
        axes.plot(range(1, len(shown) + 1), shown, **look, linestyle="", markersize=4, alpha=0.8, label=label)
    rounding = 5 * 10.0**-digits
    axes.axhline(rounding, color="black", linestyle=":", label=f"rounding of {digits} published digits, at most")
    axes.set_ylim(LEAST / 3, max(30 * rounding, *(3 * value for values in errors.values() for value in values)))
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return _content(figure)


def _axes(title: str, x: str, y: str, scale: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5.5), layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=x, ylabel=y, yscale=scale)
    axes.grid(alpha=0.3)
    return figure, axes


def _content(figure: Any) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150)
    return content.getvalue()
