"""The figures of a report, each a function that draws what is wanted of a study."""

from collections.abc import Callable
from typing import Any

from aspis_sim.report.axes import Shown, Wanted
from aspis_sim.report.drawings.against_q import accuracy, distortion
from aspis_sim.report.drawings.heat import heatmap
from aspis_sim.report.drawings.over_steps import curves
from aspis_sim.report.drawings.price import COSTS, cost, front
from aspis_sim.report.source import Source

FIGURES: dict[str, Callable[[Any, Source, Shown, Wanted], None]] = {
    "accuracy": accuracy,
    "distortion": distortion,
    "curves": curves,
    "heatmap": heatmap,
    "cost": cost,
}

__all__ = ["COSTS", "FIGURES", "front"]
