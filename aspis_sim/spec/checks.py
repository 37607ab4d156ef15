"""What a cell is refused for, before any work: settings that do not go together."""

import inspect
from functools import lru_cache

from aspis_sim.adversary.choices import PLACEMENTS
from aspis_sim.adversary.membership import following
from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.assignment import ASSIGNMENTS, Shape, shape
from aspis_sim.coding import CODINGS
from aspis_sim.data import DATASETS
from aspis_sim.detection import DETECTORS
from aspis_sim.errors import InputError
from aspis_sim.models import MODELS
from aspis_sim.optimizers import OPTIMIZERS
from aspis_sim.partitions import PARTITIONS
from aspis_sim.plugin import source_of
from aspis_sim.registry import unknown_name
from aspis_sim.spec.cell import KNOBS, Cell, filled
from aspis_sim.spec.part import Parameters, parse_part

MOST_SAMPLES = 10_000_000
"""Distinct samples that a step may draw."""


def check(cell: Cell) -> None:
    """Refuse values that no setting can have, and settings that do not go together.

    Raises:
        InputError: with one or two lines that say what is wrong and what would work.
    """
    for name in KNOBS:
        KNOBS[name].read([getattr(cell, name)])
    check_together(cell)


def check_together(cell: Cell) -> None:
    """Refuse settings that do not go together; each by itself is one that can be.

    Raises:
        InputError: with one or two lines that say what is wrong and what would work.
    """
    size = shape_of(cell)
    _check_adversary(cell)
    _check_ways(cell)
    _check_memory(cell, size.files)
    _check_model(cell)
    _check_payload(cell)
    _check_partition(cell)
    _check_optimizer(cell)
    if cell.samples_per_file < 1:
        raise InputError(
            f"fewer samples than files: scheme {cell.scheme} splits a batch into {size.files:,} files; "
            f"give a batch of at least {size.files:,} samples"
        )
    if (batch := size.files * cell.samples_per_file) > MOST_SAMPLES:
        raise InputError(
            f"{size.files:,} files of {cell.samples_per_file:,} samples are {batch:,} samples a step, more than "
            f"{MOST_SAMPLES:,}; take `samples_per_file={max(1, MOST_SAMPLES // size.files)}` or fewer"
        )


def shape_of(cell: Cell) -> Shape:
    """How large the cell's assignment is.

    Raises:
        InputError: there is none for these numbers.
    """
    part = parse_part(cell.assignment)
    given = (part.name, cell.workers, cell.redundancy, part.written)
    return _shape(*given) if source_of("assignment", part.name) is None else _shape.__wrapped__(*given)


@lru_cache(maxsize=1024)
def _shape(name: str, workers: int, redundancy: int, options: Parameters) -> Shape:
    return shape(name, workers=workers, redundancy=redundancy, **dict(options))


def _check_adversary(cell: Cell) -> None:
    if 2 * cell.q >= cell.workers:
        most = (cell.workers - 1) // 2
        raise InputError(
            f"q={cell.q} of K={cell.workers} workers leaves no honest majority (q < K/2); "
            f"q can be at most {most}, or take `workers={2 * cell.q + 1}` or more"
        )
    if isinstance(cell.believed_q, int) and 2 * cell.believed_q >= cell.workers:
        raise InputError(
            f"`believed_q` {cell.believed_q} of K={cell.workers} workers leaves no honest majority; "
            f"a server can be told of {(cell.workers - 1) // 2} at most"
        )
    if 2 * cell.q + cell.silent >= cell.workers:
        most = max(cell.workers - 2 * cell.q - 1, 0)
        raise InputError(
            f"`silent` {cell.silent} with q={cell.q} of K={cell.workers} workers: of those that answer most must be "
            f"honest (2q + s < K); {most} can be silent, or take `workers={2 * cell.q + cell.silent + 1}` or more"
        )
    _check_options_of(cell)
    takes = TARGETINGS.accepts(parse_part(cell.attack).name, "framed")
    if takes and isinstance(cell.framed, int) and not 0 <= cell.framed < max(cell.q, 1):
        raise InputError(
            f"{cell.framed} framed workers with q={cell.q}: a frame-up frames fewer than q, 0 to {cell.q - 1}"
        )


def _check_options_of(cell: Cell) -> None:
    """Refuse options that the attack does not take, and a placement of workers that are drawn anew anyway."""
    name, options = parse_part(cell.attack).name, parse_part(cell.attack).options
    takes = [one for one in inspect.signature(TARGETINGS[name]).parameters if one not in ("assignment", "q")]
    for option in options:
        if option not in takes:
            what = f"its options are {', '.join(takes)}" if takes else "it has no options"
            raise InputError(f"attack {name} takes no option {option!r}; {what}")
    placement = options.get("placement", PLACEMENTS[0]) if "placement" in takes else PLACEMENTS[0]
    if placement not in PLACEMENTS:
        raise unknown_name("placement", str(placement), PLACEMENTS)
    if cell.adversary_window is not None and "placement" in options and placement != "random":
        raise InputError(
            f"attack {cell.attack} places its workers once; with `adversary_window` others are drawn at random for "
            f"every window: take {name}, or leave the window out"
        )


def _check_model(cell: Cell) -> None:
    """Refuse a model of classes for data that have none."""
    has_classes = DATASETS.traits(parse_part(cell.dataset).name).classes
    if not has_classes and MODELS.traits(parse_part(cell.model).name).needs_classes:
        able = " or ".join(name for name in MODELS if not MODELS.traits(name).needs_classes)
        raise InputError(f"model {cell.model} scores classes, and {cell.dataset} has none; take `model={able}`")


def _check_payload(cell: Cell) -> None:
    """Refuse to stamp images of a class into data that have none."""
    stamps = PAYLOADS.traits(parse_part(cell.payload).name).poisons == "images"
    if stamps and not DATASETS.traits(parse_part(cell.dataset).name).classes:
        raise InputError(
            f"payload {cell.payload} stamps images and gives them a class, and {cell.dataset} has neither; take a data "
            "set of images (digits, mnist, cifar10), or another payload"
        )


def _check_optimizer(cell: Cell) -> None:
    """Refuse a momentum of the server that its optimizer does not have; the usual one stands for none given."""
    name = parse_part(cell.optimizer).name
    usual = filled(cell.scheme, cell.dataset, cell.compute)["momentum"]
    if cell.momentum != usual and not OPTIMIZERS.accepts(name, "momentum"):
        able = ", ".join(one for one in OPTIMIZERS if OPTIMIZERS.accepts(one, "momentum"))
        raise InputError(
            f"optimizer {name} takes no `momentum`, which is {cell.momentum:g}; leave it out, or take one of {able}"
        )


def _check_partition(cell: Cell) -> None:
    """Refuse a partition by classes of data that have none, and a seed for what is not drawn."""
    name = parse_part(cell.heterogeneity).name
    splits = PARTITIONS.traits(name).splits
    if splits and not DATASETS.traits(parse_part(cell.dataset).name).classes:
        raise InputError(
            f"heterogeneity {name} shares out samples by their class, and {cell.dataset} has none; "
            "take `heterogeneity=iid`"
        )
    if cell.data_seed is not None and not splits:
        able = ", ".join(one for one in PARTITIONS if PARTITIONS.traits(one).splits)
        raise InputError(
            f"`data_seed` {cell.data_seed} with heterogeneity {name}, which draws no partition; take {able}, or leave "
            "the seed out"
        )


def _check_ways(cell: Cell) -> None:
    attack = parse_part(cell.attack).name
    assignment = parse_part(cell.assignment).name
    targeting = TARGETINGS.traits(attack)
    if cell.permute and not targeting.permutable:
        able = [name for name in TARGETINGS if TARGETINGS.traits(name).permutable]
        raise InputError(
            f"attack {attack} chooses files by the assignment, in which the workers of {cell.scheme} change "
            f"places at every step; take {', '.join(able)}, or `permute=false`"
        )
    carried = targeting.by_membership or cell.permute or ASSIGNMENTS.traits(assignment).complete
    if cell.adversary_window is not None and not carried:
        raise InputError(
            f"attack {attack} chooses its workers by the assignment {assignment} of {cell.scheme}; "
            f"with `adversary_window` take {' or '.join(following())}"
        )
    if cell.permute and cell.compute == "replicated":
        raise InputError("workers that change places at every step need `compute=shared`")
    code = CODINGS.traits(cell.coding)
    plain = not DETECTORS.traits(cell.detector).detects and cell.compute == "shared"
    if code.decodes and not (plain and assignment == code.assignment):
        raise InputError(
            f"scheme {cell.scheme} decodes a {cell.coding} code: it takes no other assignment, no detector and no "
            "replicated compute"
        )
    if code.mixes:
        _check_mixtures(cell, plain)


def _check_mixtures(cell: Cell, plain: bool) -> None:
    """Refuse what compares copies where each worker returns one mixture of its files."""
    if not plain:
        raise InputError(
            f"with `coding={cell.coding}` each worker of {cell.scheme} returns one vector, and no two can be compared; "
            "take `detector=none` and `compute=shared`"
        )
    attack = parse_part(cell.attack).name
    if TARGETINGS.traits(attack).of_copies:
        able = [name for name in TARGETINGS if not TARGETINGS.traits(name).of_copies]
        raise InputError(
            f"attack {attack} chooses which copies of a file disagree, and with `coding={cell.coding}` of "
            f"{cell.scheme} there are none; take {', '.join(able)}"
        )
    if cell.permute and cell.worker_momentum:
        raise InputError(
            f"with `coding={cell.coding}` the momentum is that of a place in the assignment, which workers leave that "
            "change places; take `worker_momentum=0` or `permute=false`"
        )


def _check_memory(cell: Cell, files: int) -> None:
    """Refuse a memory that no detector reads, and more audits than files."""
    asked = f"`evidence={cell.evidence}`" if parse_part(cell.evidence).name != "step" else ""
    asked = f"`audits={cell.audits}`" if cell.audits else asked
    if not asked:
        return
    traits = DETECTORS.traits(cell.detector)
    if not traits.detects or traits.windowed:
        able = " or ".join(
            f"`detector={name}`"
            for name in DETECTORS
            if DETECTORS.traits(name).detects and not DETECTORS.traits(name).windowed
        )
        why = "remembers by itself, over its windows" if traits.windowed else "reads no graph, and excludes nobody"
        raise InputError(f"{asked} with detector {cell.detector} of scheme {cell.scheme}, which {why}; take {able}")
    if cell.audits > files:
        raise InputError(
            f"`audits={cell.audits}`: scheme {cell.scheme} has {files:,} files, and each is audited once a step at most"
        )
