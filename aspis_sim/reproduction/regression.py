"""The authors' linear regression, loss by loss: their five runs beside ours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aspis_sim.reproduction import published
from aspis_sim.run.curve import as_record
from aspis_sim.run.train import Tick, train
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Grid

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


def cells() -> list[Cell]:
    """The five runs."""
    return [_cell(run) for run in published.linear_regression()]


def losses(tick: Tick = lambda steps: None) -> Iterator[list[Loss]]:
    """Train the five runs, one after the other, each in float64; yields the losses of each after all its steps."""
    for run, cell in zip(published.linear_regression(), cells(), strict=True):
        found = as_record(train(cell, tick))["loss"]
        yield [
            Loss(
                scheme=cell.scheme,
                attack=cell.attack,
                payload=cell.payload,
                q=cell.q,
                step=step,
                published=reference,
                ours=float(ours),
                difference=abs(float(f"{float(ours):.{DIGITS}g}") - reference) / abs(reference),
            )
            for step, (reference, ours) in enumerate(zip(run["loss"], found, strict=True), 1)
        ]


def _cell(run: Mapping[str, Any]) -> Cell:
    grid = Grid(
        schemes=(SCHEMES[run["scheme"]],),
        q=(run["adversaries"],),
        attacks=(ATTACKS[run["scheme"], run["distort"]],),
        payloads=(run["payload"],),
        strengths=(None if run["payload"] == "alie" else run["constant"],),
        workers=run["workers"],
        redundancies=(run["redundancy"],),
        rates=(run["learning_rate"],),
        seeds=(run["seed"],),
        rule="median",
        after_detection="rule",
        dataset=f"linear-regression:samples={run['samples']}:dimension={run['dimension']}",
        model="linear",
        steps=run["iterations"],
        momentum=0.0,
        precision="float64",
        initial="normal",
    )
    (group,) = grid.groups()
    return group.first
