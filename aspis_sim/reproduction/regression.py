"""The authors' linear regression, loss by loss: their five runs beside ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aspis_sim.reproduction import published
from aspis_sim.spec.grid import Grid, Replicates
from aspis_sim.study.records import StoredRun

DIGITS = 9
"""Digits with which the reference losses are written."""

TOLERANCE = 1e-9
"""Largest relative difference of a loss, ours being written with as many digits."""

SCHEMES = {"aspis": "aspis", "detox": "detox", "baseline": "median"}
ATTACKS = {
    ("aspis", "fixed"): "strong",
    ("aspis", "all"): "weak",
    # DETOX has its worst placement, under which all copies of its Byzantine workers are those of a majority.
    ("detox", "all"): "strong",
    ("baseline", "all"): "weak",
}

STRENGTHS = {"alie": None}
"""Payloads whose strength is not the constant of the run."""


@dataclass(frozen=True)
class Loss:
    """The objective after a step, in one of the runs.

    Attributes:
        scheme, attack, payload, q: the run.
        step: from 1.
        published: as written, with `DIGITS` digits.
        ours: in full.
        difference: relative to the published one, ours written with as many digits.
    """

    scheme: str
    attack: str
    payload: str
    q: int
    step: int
    published: float
    ours: float
    difference: float

    @property
    def agrees(self) -> bool:
        """Whether the two are the same within `TOLERANCE`."""
        return self.difference <= TOLERANCE


def grids() -> list[Grid]:
    """The five runs, a grid each."""
    return [_grid(run) for run in published.linear_regression()]


def losses(found: Mapping[Replicates, Sequence[StoredRun]]) -> list[list[Loss]]:
    """The losses of each of the five runs after all its steps, of those that are there.

    Args:
        found: from the groups of `grids` to their runs.
    """
    by_grid = {Grid.of_group(group): runs for group, runs in found.items()}
    made = []
    for run, grid in zip(published.linear_regression(), grids(), strict=True):
        (group,) = grid.groups()
        for stored in by_grid.get(Grid.of_group(group), ()):
            assert stored.trace is not None
            ours = [*(float(str(loss)) for loss in stored.trace.loss[1:]), stored.row["loss"]]
            made.append(
                [
                    Loss(
                        scheme=group.first.scheme,
                        attack=group.first.attack,
                        payload=group.first.payload,
                        q=group.first.q,
                        step=step,
                        published=reference,
                        ours=loss,
                        difference=abs(float(f"{loss:.{DIGITS}g}") - reference) / abs(reference),
                    )
                    for step, (reference, loss) in enumerate(zip(run["loss"], ours, strict=True), 1)
                ]
            )
    return made


def _grid(run: Mapping[str, Any]) -> Grid:
    return Grid.of(
        scheme=SCHEMES[run["scheme"]],
        q=run["adversaries"],
        attack=ATTACKS[run["scheme"], run["distort"]],
        payload=run["payload"],
        strength=STRENGTHS.get(run["payload"], run["constant"]),
        workers=run["workers"],
        redundancy=run["redundancy"],
        lr=run["learning_rate"],
        seed=run["seed"],
        rule="median",
        after_detection="rule",
        dataset=f"linear-regression:samples={run['samples']}:dimension={run['dimension']}",
        model="linear",
        steps=run["iterations"],
        momentum=0.0,
        precision="float64",
        init="normal",
    )
