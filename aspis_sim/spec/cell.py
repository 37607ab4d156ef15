"""A cell: one training run, fully specified. Pure data: what is made of it is in `aspis_sim.run.resolve`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aspis_sim import plugin
from aspis_sim.data import DATASETS
from aspis_sim.schemes import SCHEMES
from aspis_sim.spec.adversary import Adversary
from aspis_sim.spec.compute import FILLS, Compute
from aspis_sim.spec.knob import Knob
from aspis_sim.spec.part import parse_part
from aspis_sim.spec.request import OF_A_CELL
from aspis_sim.spec.system import System
from aspis_sim.spec.training import Training


@dataclass(frozen=True, kw_only=True)
class Cell(Compute, Training, Adversary, System):
    """One training run; hashable. Two equal cells give equal numbers on the same machine and code.

    Its fields are the settings, each declared where its group is: `System`, `Adversary`, `Training`, `Compute`.
    """

    @property
    def attack_label(self) -> str:
        """The attack as it stands in a row: with the number of framed workers if one was asked for."""
        return self.attack if self.framed is None else f"{self.attack}:{self.framed}"

    @property
    def plugins(self) -> tuple[plugin.Source, ...]:
        """The plugins that parts of this cell come from, by name."""
        named = [
            ("scheme", self.scheme),
            ("detector", self.detector),
            *(
                (kind, parse_part(text).name)
                for kind, text in (
                    ("assignment", self.assignment),
                    ("attack", self.attack),
                    ("payload", self.payload),
                    ("timing", self.timing),
                    ("data set", self.dataset),
                    ("model", self.model),
                    ("optimizer", self.optimizer),
                    ("schedule", self.schedule),
                    ("heterogeneity", self.heterogeneity),
                )
            ),
            *((kind, step) for step in parse_part(self.rule).name.split("+") for kind in ("preaggregation", "rule")),
        ]
        found = {source.name: source for one in named if (source := plugin.source_of(*one)) is not None}
        return tuple(found[name] for name in sorted(found))


KNOBS: Mapping[str, Knob] = OF_A_CELL
"""Every setting of a cell, by name."""

FILLED = tuple(name for name, one in KNOBS.items() if one.filled_by)
"""Settings that a scheme, a data set or a compute mode decides where no value is given."""

BY_COLUMN: Mapping[str, Knob] = {one.column: one for one in KNOBS.values()}

BY_FLAG: Mapping[str, str] = {flag: one.column for one in KNOBS.values() for flag in (one.flag, one.flag_of_several)}
"""How programs spell a setting -> its column."""


def filled(scheme: str, dataset: str, compute: str) -> Mapping[str, Any]:
    """The values of `FILLED` settings under a scheme, on a data set, computed so; of unknown ones, a cell's own."""
    own = {name: Cell.__dataclass_fields__[name].default for name in FILLED}
    name = parse_part(dataset).name
    suits = DATASETS.traits(name).suits if name in DATASETS else {}
    preset = SCHEMES[scheme].fills if scheme in SCHEMES else {}
    suits = {key: value for key, value in suits.items() if key in own}
    return {**own, **FILLS.get(compute, {}), **suits, **preset}
