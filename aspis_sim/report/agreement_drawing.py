"""A picture of an agreement graph: who agrees with whom, who is Byzantine, and whom a verdict excludes.

What a worker is shows in its shape, what the verdict says in its outline and a cross, and whether a pair
agrees in the style of its line; colours only repeat it.
"""

import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aspis_sim.detection import DETECTORS, Outcome, Verdict
from aspis_sim.errors import InputError
from aspis_sim.files import write_whole
from aspis_sim.report.libraries import check_library
from aspis_sim.trials.adversary import Adversary
from aspis_sim.trials.monte_carlo import agreement_from_tokens, generator

FORMATS = (".svg", ".png")
MANY = 40
"""Workers from which numbers and lines are drawn finer."""


class Kind(NamedTuple):
    """How workers of one kind are drawn.

    Attributes:
        label: in the legend.
        shape: matplotlib's marker.
        colour: of the inside (Okabe and Ito's palette, distinguishable with any colour vision).
    """

    label: str
    shape: str
    colour: str


HONEST = Kind("honest", "o", "#bfdff2")
FRAMED = Kind("honest, in a disagreement", "D", "#f5c26b")
BYZANTINE = Kind("Byzantine", "s", "#d98a5f")


def check_drawing(path: Path) -> None:
    """Refuse a drawing that cannot be made, before anything is computed.

    Raises:
        InputError: the file's ending is neither .svg nor .png, or matplotlib is not installed.
    """
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"cannot draw to {path.name}; end the file in {' or '.join(FORMATS)}")
    check_library("plot")


def draw_trial(path: Path, adversary: Adversary, detector: str, seed: int, believed_q: int | None = None) -> None:
    """Draw the first iteration of the first trial of `aspis_sim.trials.monte_carlo.run_trials`.

    Args:
        path: an .svg or .png file, which is replaced.
        adversary: whose attack it is.
        detector: whose verdict is shown.
        seed: of the trials.
        believed_q: Byzantine workers that the detector is told of; None for as many as there are.

    Raises:
        InputError: as `check_drawing`.
    """
    told = adversary.q if believed_q is None else believed_q
    assignment, attack = next(adversary.rounds(generator(seed, 0)))
    graph = agreement_from_tokens(assignment, attack.distorts)
    verdict = DETECTORS[detector](graph, max_byzantine=told, assignment=assignment)
    draw_agreement(
        path,
        graph,
        attack.byzantine,
        ~verdict.honest,
        f"{assignment.name}, K={assignment.workers}, r={assignment.redundancy}: attack {adversary.attack} by "
        f"q={adversary.q} Byzantine workers\n{_concluded(detector, verdict, attack.byzantine)}",
    )


_MEANINGS = {
    Outcome.UNIQUE: "one explanation is left",
    Outcome.PARTIAL: "several explanations, with workers in common",
    Outcome.AMBIGUOUS: "several explanations",
    Outcome.OVER_BUDGET: "no explanation by so few workers",
    Outcome.SKIPPED: "the graph was not looked at",
}
"""What an outcome says of who may have caused the disagreements."""


def _concluded(detector: str, verdict: Verdict, byzantine: NDArray[np.bool_]) -> str:
    """The verdict in words: what it rests on, and whom it excludes."""
    found, accused = int((~verdict.honest & byzantine).sum()), int((~verdict.honest & ~byzantine).sum())
    excluded = f"excludes {found} of {int(byzantine.sum())} Byzantine and {accused} honest workers"
    return f"Detector {detector} {excluded if found + accused else 'excludes nobody'} ({_MEANINGS[verdict.outcome]})"


def draw_agreement(
    path: Path,
    agreement: NDArray[np.bool_],
    byzantine: NDArray[np.bool_],
    excluded: NDArray[np.bool_],
    title: str,
) -> None:
    """Draw the graph on a circle: the Byzantine workers first, then who disagrees with them, then the rest.

    Args:
        path: an .svg or .png file, which is replaced.
        agreement: bool ``[K, K]``, symmetric.
        byzantine: bool ``[K]``, who is.
        excluded: bool ``[K]``, by the verdict.
        title: above the graph.

    Raises:
        InputError: as `check_drawing`.
    """
    check_drawing(path)
    import matplotlib
    import networkx as nx
    from matplotlib.figure import Figure

    workers = len(agreement)
    disputed = ~agreement.all(axis=1)
    kinds = np.where(byzantine, 0, np.where(disputed, 1, 2))
    order = np.argsort(kinds, kind="stable")
    angles = np.pi / 2 - 2 * np.pi * np.arange(workers) / workers
    position = {int(w): (np.cos(a), np.sin(a)) for w, a in zip(order, angles, strict=True)}
    fine = workers > MANY
    size, width = (90.0, 0.3) if fine else (480.0, 0.7)

    graph = nx.empty_graph(workers)
    first, second = np.triu_indices(workers, 1)
    agrees = agreement[first, second]
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    figure = Figure(figsize=(8, 8.6), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_title(title, fontsize=11)
    for same, style in ((True, _agreeing(fine)), (False, _disagreeing(fine))):
        edges = [pair for pair, equal in zip(pairs, agrees, strict=True) if equal == same]
        nx.draw_networkx_edges(graph, position, edgelist=edges, ax=axes, **style)
    for number, kind in enumerate((BYZANTINE, FRAMED, HONEST)):
        for out in (False, True):
            nodes = np.flatnonzero((kinds == number) & (excluded == out)).tolist()
            if nodes:
                nx.draw_networkx_nodes(
                    graph,
                    position,
                    nodelist=nodes,
                    node_shape=kind.shape,
                    node_color=kind.colour,
                    node_size=size * (0.75 if kind is FRAMED else 1),
                    edgecolors="black",
                    linewidths=4 * width if out else width,
                    ax=axes,
                )
    spots = np.array([position[int(w)] for w in np.flatnonzero(excluded)]).reshape(-1, 2)
    # the cross stands outside the circle, so that it hides no number
    x, y = 1.11 * spots.T
    axes.scatter(x, y, marker="x", s=0.25 * size, color="black", linewidths=2.5 * width, zorder=3)
    nx.draw_networkx_labels(graph, position, font_size=5 if fine else 9, ax=axes)
    figure.legend(handles=_legend(), loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    axes.margins(0.06)
    with matplotlib.rc_context({"svg.hashsalt": "aspis-sim", "svg.fonttype": "none"}):
        svg = path.suffix.lower() == ".svg"
        file = io.BytesIO()
        figure.savefig(file, format=path.suffix[1:].lower(), dpi=150, metadata={"Date": None} if svg else None)
    write_whole(path, file.getvalue())


def _agreeing(fine: bool) -> dict[str, Any]:
    return {"width": 0.25 if fine else 0.5, "edge_color": "#999999", "alpha": 0.12 if fine else 0.25}


def _disagreeing(fine: bool) -> dict[str, Any]:
    return {"width": 0.7 if fine else 1.4, "edge_color": "#8c1d18", "style": (0, (4, 2))}


def _legend() -> list[Any]:
    """One entry for each shape, mark and style of line."""
    from matplotlib.lines import Line2D

    def mark(shape: str, colour: str, label: str, edge: float) -> Line2D:
        handle = Line2D([], [], linestyle="", marker=shape, markersize=10, color=colour, label=label)
        handle.set(markeredgecolor="black", markeredgewidth=edge)
        return handle

    disagree = _disagreeing(fine=False)
    return [
        *(mark(kind.shape, kind.colour, kind.label, 0.6) for kind in (BYZANTINE, FRAMED, HONEST)),
        mark("x", "black", "excluded by the verdict (and a thick outline)", 2),
        Line2D([], [], color=_agreeing(fine=False)["edge_color"], alpha=0.5, label="agree on all shared files"),
        Line2D([], [], color=disagree["edge_color"], ls=disagree["style"], label="disagree on a file"),
    ]
