"""What a cell leaves open and its other settings decide: options of rule and payload, who lies in each window."""

import zlib

import numpy as np
from numpy.typing import NDArray

from aspis_sim.adversary.choices import Attack
from aspis_sim.adversary.membership import distorted_copies, over_windows
from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.adversary.payloads.alie import baruch_strength
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.aggregation import RULES, accepts, conventions, steps_of
from aspis_sim.assignment import Assignment
from aspis_sim.coding import CODINGS, returned
from aspis_sim.distortion.silent import distortable_beside
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.part import Option, Parameters, parse_part


def memberships(cell: Cell, assignment: Assignment, fixed: Attack) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Who is Byzantine in each window, ``[windows, K]``, and which copies are distorted, ``[windows, f, r]``.

    A worker that returns one mixture of its files lies in it if it lies at all: ``[windows, K, 1]``. With workers that
    change places the latter is empty: it then follows at every step from who is Byzantine. The windows' workers are
    drawn by NumPy from a stream of the seed, named "membership".
    """
    if cell.adversary_window is None:
        byzantine, distorts = fixed.byzantine[None], fixed.distorts[None]
    else:
        generator = np.random.default_rng([cell.seed, zlib.crc32(b"membership")])
        windows = -(-cell.steps // cell.adversary_window)
        name = parse_part(cell.attack).name
        byzantine, distorts = over_windows(name, fixed, assignment, generator, windows, moved=cell.permute)
    if CODINGS.traits(cell.coding).mixes:
        lies = TARGETINGS.traits(parse_part(cell.attack).name).lies
        distorts = distorted_copies(lies, byzantine[:, returned(cell.coding, assignment).files])
    return byzantine, np.zeros((len(byzantine), 0, 0), bool) if cell.permute else distorts


def of_rule(cell: Cell, assignment: Assignment, distortable: int) -> Parameters:
    """The options of the robust rule, with those that follow from the adversary filled in.

    The assignment is that of the rows that the rule gets. f is the most distorted of them that can pass the detector.
    A rule that adapts to that number is compiled for the largest it can be with these workers, so that cells with
    different q share one program.
    """
    part = parse_part(cell.rule)
    options = part.options
    if accepts(part.name, "f"):
        options.setdefault("f", distortable)
    if accepts(part.name, "most") and not {"buckets", "most"} & set(options):
        q = (cell.workers - cell.silent - 1) // 2
        most = distortable_beside(assignment, q, cell.silent, cell.detector)
        _, last = steps_of(part.name)[-1]
        usual = RULES.default(last, "per_lie") if RULES.accepts(last, "per_lie") else 1
        options["most"] = min(int(options.get("per_lie") or usual) * most + 1, len(assignment.files))
    return tuple(sorted(options.items()))


def of_payload(cell: Cell, of_rule: Parameters) -> Parameters:
    """The options of the payload but for its strength; what it knows of the cell is filled in."""
    part = parse_part(cell.payload)
    options: dict[str, Option] = part.options
    if PAYLOADS.accepts(part.name, "aggregator") and "aggregator" not in options:
        options = {"aggregator": parse_part(cell.rule).name, **dict(of_rule), **options}
    if PAYLOADS.accepts(part.name, "tolerance"):
        options.setdefault("tolerance", cell.tolerance)
    options.pop("strength", None)
    return tuple(sorted(options.items()))


def strength(cell: Cell) -> float | None:
    """The payload's strength: the cell's own, else the convention's or the payload's, None if it has none."""
    part = parse_part(cell.payload)
    if not PAYLOADS.accepts(part.name, "strength"):
        return None
    if cell.strength is not None:
        return cell.strength
    usual = conventions.defaults(conventions.PAYLOADS, cell.convention, part.name)
    given = {"strength": PAYLOADS.default(part.name, "strength"), **usual, **part.options}["strength"]
    return baruch_strength(cell.workers, cell.q) if given is None else given
