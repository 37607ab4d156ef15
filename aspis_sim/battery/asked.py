"""What a battery is asked for: defences on a system, with the numbers of Byzantine workers; and its whole course."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aspis_sim.battery.defence import Defence, defences
from aspis_sim.battery.lie import VARIED_SETTINGS
from aspis_sim.battery.search import most_runs
from aspis_sim.battery.setup import Setup
from aspis_sim.battery.verdict import Verdict, record
from aspis_sim.errors import InputError
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.grid import Grid

USUAL = "aspis,aspis-certified,byzshield,detox,median"
"""The defences that are attacked if none is named."""


@dataclass(frozen=True)
class Asked:
    """One line of the answer.

    Attributes:
        defence: as it was asked for.
        q: Byzantine workers.
        setup: None for a defence that is not defined.
        refused: why not.
    """

    defence: Defence
    q: int
    setup: Setup | None
    refused: str = ""


def asked_for(settings: Mapping[str, Any], search_seed: int) -> tuple[Asked, ...]:
    """The defences of ``scheme`` with every q, in that order.

    Args:
        settings: as those of a sweep; ``scheme`` as `defences` reads it.
        search_seed: of all runs of the search, 0 or more.

    Raises:
        InputError: a setting is what the search varies, has several values, or no defence is defined at all.
        DataError: the data set is missing or damaged.
    """
    if search_seed < 0:
        raise InputError(f"a search seed of {search_seed} is negative; it is 0 or more")
    for name in settings:
        if name in VARIED_SETTINGS:
            raise InputError(f"`{name}` is what the search varies; leave it out")
    named = defences(_text(settings.get("scheme", USUAL)))
    grid = Grid.of(**{name: value for name, value in settings.items() if name != "scheme"})
    if several := [name for name in grid.varies if name not in ("q", "lr", "seed", "scheme")]:
        raise InputError(
            f"`{several[0]}` has several values: a search takes one; other defences are written @{several[0]}="
        )
    found = tuple(_asked(one, grid, q, search_seed) for one in named for q in grid["q"])
    if not any(one.setup for one in found):
        raise InputError(found[0].refused)
    return found


def runs_beyond(asked: Sequence[Asked], budget: int | None) -> int:
    """The runs that a budget leaves beyond the battery.

    Raises:
        InputError: it is too small for the battery.
    """
    if budget is None:
        return 0
    needs = {one: most_runs(one.setup) for one in asked if one.setup is not None}
    largest = max(needs, key=lambda one: needs[one])
    if budget < needs[largest]:
        raise InputError(
            f"a budget of {budget} runs for each defence and q is too small: the battery takes up to "
            f"{needs[largest]} ({largest.defence.name} with q={largest.q}), verdict included"
        )
    return budget - needs[largest]


def work(setups: Iterable[Setup]) -> int:
    """Entries of gradients, of all files in all steps of all runs, about: half of the runs are short."""
    total = 0
    for setup in setups:
        job = resolve(setup.cell)
        total += most_runs(setup) * setup.cell.steps * len(job.assignment.files) * job.plan.parameters // 2
    return total


def records(asked: Sequence[Asked], verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """The rows in the order asked for: verdicts that are there, and the defences that are not defined."""
    by_place = {(one.scheme, one.q): one for one in verdicts}
    rows = []
    for one in asked:
        if one.setup is None:
            rows.append(record(Verdict(one.defence.name, one.q, status=f"not defined: {one.refused}"), None))
        elif (verdict := by_place.get((one.defence.name, one.q))) is not None:
            rows.append(record(verdict, one.setup))
    return rows


def _asked(one: Defence, grid: Grid, q: int, search_seed: int) -> Asked:
    try:
        return Asked(one, q, Setup.of(one, grid, q, search_seed))
    except InputError as error:
        return Asked(one, q, None, " ".join(str(error).split()))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ",".join(map(str, value))
