"""Curves over the steps: the mean over the seeds with its band."""

from typing import Any

import numpy as np

from aspis_sim.analysis.bands import Series, band_of
from aspis_sim.analysis.summary import FEW
from aspis_sim.errors import InputError
from aspis_sim.report.axes import BAND, Key, Panel, Shown, Wanted, keys_of, one_q, parts
from aspis_sim.report.drawings.against_q import draw_chance, guess
from aspis_sim.report.source import Source
from aspis_sim.report.style import Look
from aspis_sim.report.timelines import from_the_start
from aspis_sim.study.records import StoredTrace


def curves(drawing: Any, study: Source, shown: Shown, wanted: Wanted) -> None:
    """Top-1 on test data by step where the runs were scored on the way, else the training loss; a panel for each q.

    Lines are means over the seeds, bands their 95% interval, or their range where they are few.
    """
    tables, styles = shown
    levels = wanted.q or (one_q(tables, None),)
    for q in levels:
        one_q(tables, q)
    panels: list[Panel] = []
    runs: dict[int, dict[str, list[StoredTrace]]] = {}
    for table in tables:
        for q in levels:
            found = {
                name: [run for index in table.indices.get((name, q), ()) if (run := study.timeline(index))]
                for name in styles
            }
            if any(found.values()):
                runs[len(panels)] = found
                panels.append(Panel(_title(table.label, q, len(tables), len(levels)), table.entries, q, table))
    every = [run for found in runs.values() for members in found.values() for run in members]
    if not every:
        raise InputError(
            f"no curves are kept of the cells with q={', '.join(map(str, levels))}; a CSV file has none, a study's "
            "folder those of its cells"
        )
    scored = any(top1 is not None for run in every for _, top1, _ in run.curve)

    def draw(axis: Any, panel: Panel) -> None:
        if scored:
            draw_chance(axis, tables)
        for name, look in styles.items():
            series = [one for run in runs[panels.index(panel)][name] if (one := _series(run, scored))[0]]
            if not series:
                continue
            band = band_of(series, (0.0, 100.0) if scored else (0.0, np.inf))
            low = band.low if scored else np.maximum(band.low, 0.1 * band.mean)  # a logarithm has no 0
            axis.fill_between(band.steps, low, band.high, color=look.colour, alpha=BAND, linewidth=0)
            drawn = {"color": look.colour, "linestyle": look.dash[1], "marker": look.marker[1]}
            axis.plot(band.steps, band.mean, **drawn, markevery=max(1, len(band.steps) // 5), markersize=3)
        axis.set_xlim(left=0)
        if scored:
            axis.set_ylim(-3, 103)
        else:
            axis.set_yscale("log")

    most = max(len(members) for found in runs.values() for members in found.values())
    spread = [Key("95% interval" if most >= FEW else "range of the seeds", _SPREAD, band=True)] if most > 1 else []
    below = f"step (q={levels[0]})" if len(levels) == 1 else "step"
    legend = [*keys_of(panels, styles), *spread, *(guess(tables) if scored else [])]
    parts(drawing, panels, tables, wanted, draw, (below, "top-1 %" if scored else "training loss"), legend)


_SPREAD = Look("#555555", ("none", ""), ("none", ""))


def _title(adversary: str, q: int, adversaries: int, levels: int) -> str:
    return ", ".join(([adversary] if adversaries > 1 else []) + ([f"q={q}"] if levels > 1 else []))


def _series(run: StoredTrace, scored: bool) -> Series:
    if not scored:
        return from_the_start(run.loss)
    points = [(step, 100 * top1) for step, top1, _ in run.curve if top1 is not None]
    return [step for step, _ in points], [top1 for _, top1 in points]
