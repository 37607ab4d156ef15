"""Ways of asking for settings that are no settings themselves: each comes down to one of a cell's."""

from dataclasses import dataclass
from math import isfinite

from aspis_sim.spec.kinds import Number, Whole, YesNo
from aspis_sim.spec.knob import knob
from aspis_sim.spec.training import TRAINING


def _epochs(value: float) -> str | None:
    return None if isfinite(value) and value > 0 else f"{value} epochs; a run takes a positive number of them"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a grid takes besides the settings of its cells."""

    batch_size: int | None = knob(
        Whole("N", "N,…"), None, "Distinct samples a step (protocol batch).", panel=TRAINING, column=""
    )
    epochs: float | None = knob(
        Number("N", "N,…"),
        None,
        "Instead of steps: how often each scheme sees as many samples as there are.",
        panel=TRAINING,
        column="",
        check=_epochs,
    )
    samples: int | None = knob(
        Whole("N", "N,…"), None, "Samples, of a data set that is made.", panel=TRAINING, place="table", column=""
    )
    dimension: int | None = knob(
        Whole("N", "N,…"), None, "Inputs, of a data set that is made.", panel=TRAINING, place="table", column=""
    )
    x64: bool | None = knob(YesNo(), None, "The same as precision float64.", panel=TRAINING, place="table", column="")
