"""Everything that a grid can be asked for: the settings, and other ways of asking for them.

Importing this imports no parts: it is what the help of the commands is made from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from aspis_sim.spec.adversary import Adversary
from aspis_sim.spec.compute import Compute
from aspis_sim.spec.kinds import Number, Whole, YesNo
from aspis_sim.spec.knob import Knob, knob, knobs
from aspis_sim.spec.system import System
from aspis_sim.spec.training import TRAINING, Training


def _epochs(value: float) -> str | None:
    return None if isfinite(value) and value > 0 else f"{value} epochs; a run takes a positive number of them"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Request:
    """What a grid takes besides the settings of its cells."""

    batch_size: int | None = knob(
        Whole("N", "N,…"), None, "Distinct samples per step (under protocol batch).", panel=TRAINING, column=""
    )
    epochs: float | None = knob(
        Number("N", "N,…"),
        None,
        "Train for N epochs instead of a number of steps.",
        panel=TRAINING,
        column="",
        check=_epochs,
    )
    samples: int | None = knob(
        Whole("N", "N,…"),
        None,
        "Number of samples, for a generated data set.",
        panel=TRAINING,
        place="table",
        column="",
    )
    dimension: int | None = knob(
        Whole("N", "N,…"), None, "Number of inputs, for a generated data set.", panel=TRAINING, place="table", column=""
    )
    x64: bool | None = knob(YesNo(), None, "Same as precision float64.", panel=TRAINING, place="table", column="")


OF_A_CELL: Mapping[str, Knob] = {
    name: one for group in (System, Adversary, Training, Compute) for name, one in knobs(group).items()
}
"""Every setting of a cell, by name."""

AXES: Mapping[str, Knob] = {**OF_A_CELL, **knobs(Request)}
"""Everything that a grid can be asked for, by name."""
