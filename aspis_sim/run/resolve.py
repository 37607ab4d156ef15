"""What follows from a cell's parts: their options filled in, the plan of a step, the shape of its program."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.aggregation import RULES, accepts, steps_of
from aspis_sim.detection.remaining import most_files_a_group
from aspis_sim.distortion import worst_case
from aspis_sim.spec.choices import PERMUTED
from aspis_sim.spec.part import Option, parse_part

if TYPE_CHECKING:
    from aspis_sim.gradients.memory_plan import Plan
    from aspis_sim.simulation import RunShape
    from aspis_sim.spec.cell import Cell

Options = tuple[tuple[str, Option], ...]


def rule_options(cell: Cell) -> Options:
    """The options of the robust rule, with those that follow from the adversary filled in."""
    name, options = parse_part(cell.rule)
    if accepts(name, "f"):
        options.setdefault("f", cell.distortable)
    if accepts(name, "most") and not {"buckets", "most"} & set(options):
        groups, q = cell.groups, (cell.workers - 1) // 2
        if cell.detector in ("certified", "unanimous"):
            most = comb(q, groups.redundancy) * most_files_a_group(groups)
        else:
            most = worst_case(groups, q).count
        _, last = steps_of(name)[-1]
        usual = RULES.default(last, "per_lie") if RULES.accepts(last, "per_lie") else 1
        options["most"] = min(int(options.get("per_lie") or usual) * most + 1, len(groups.files))
    return tuple(sorted(options.items()))


def payload_options(cell: Cell) -> Options:
    """The options of the payload but for its strength; one that looks at the rule is told which it is."""
    name, options = parse_part(cell.payload)
    if PAYLOADS.accepts(name, "aggregator"):
        rule_name, _ = parse_part(cell.rule)
        known = {"aggregator": rule_name, "byzantine": max(1, cell.distortable), **dict(rule_options(cell))}
        options = {**known, **options}
    options.pop("strength", None)
    return tuple(sorted(options.items()))


def plan_of(cell: Cell) -> Plan:
    """How a step of the cell is cut up so that it stays within its memory.

    Raises:
        InputError: a part or the way to compute needs more at once.
    """
    from aspis_sim.gradients.memory_plan import plan

    needs_all = {
        f"the rule {cell.rule}": not cell.build_rule().coordinatewise,
        f"the payload {cell.payload}": not cell.build_payload().coordinatewise,
        "replicated compute": cell.compute == "replicated",
        "the cyclic code": cell.coding != "none",
    }
    whole = next((part for part, needs in needs_all.items() if needs), "")
    rows = cell.groups.files.size if cell.compute == "replicated" else len(cell.groups.files)
    return plan(cell.network, rows, cell.samples_a_file, cell.memory, cell.devices, whole, cell.worker_momentum > 0)


def shape_of(cell: Cell) -> RunShape:
    """What the program of the cell is compiled for."""
    from aspis_sim.simulation import RunShape

    schedule, augment = parse_part(cell.schedule), parse_part(cell.augment)
    return RunShape(
        assignment=cell.assignment,
        workers=cell.workers,
        redundancy=cell.redundancy,
        dataset=cell.network.dataset,
        dataset_parameters=cell.network.dataset_parameters,
        model=parse_part(cell.model).name,
        model_parameters=tuple(sorted(parse_part(cell.model).options.items())),
        precision=cell.precision,
        initial=cell.initial,
        samples_per_file=cell.samples_a_file,
        steps=cell.steps,
        rule=parse_part(cell.rule).name,
        rule_parameters=rule_options(cell),
        payload=parse_part(cell.payload).name,
        payload_parameters=payload_options(cell),
        strong_payload=cell.strength_used is not None,
        convention=cell.convention,
        coding=cell.coding,
        detects=cell.detector not in ("none", "degree"),
        adversary_window=cell.adversary_window or 0,
        detection_window=cell.detection_window if cell.detector == "degree" else 0,
        permute=cell.permute,
        targeting=PERMUTED[cell.attack] if cell.permute else "majority",
        drops=cell.drops,
        certifies=cell.detector == "certified",
        after_detection=cell.after_detection,
        momentum=cell.momentum,
        schedule=schedule.name,
        schedule_parameters=tuple(sorted(schedule.options.items())),
        clip_workers=cell.clip_workers,
        clip_server=cell.clip_server,
        worker_momentum=cell.worker_momentum,
        augment=augment.name,
        augment_parameters=tuple(sorted(augment.options.items())),
        compute=cell.compute,
        devices=cell.devices,
        chunks=cell.plan.chunks,
        tile_bytes=cell.plan.tile_bytes,
        turns=cell.plan.turns,
    )
