"""What a cell is refused for, before any work."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, get_args

from aspis_sim.adversary.membership import BY_COPY
from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.aggregation import conventions, steps_of
from aspis_sim.assignment import shape
from aspis_sim.augmentations import AUGMENTATIONS
from aspis_sim.data import DATASETS
from aspis_sim.detection import DETECTORS
from aspis_sim.errors import InputError
from aspis_sim.models import MODELS
from aspis_sim.registry import unknown_name
from aspis_sim.run import resolve as shaping
from aspis_sim.schedules import SCHEDULES
from aspis_sim.spec.choices import PERMUTED, AfterDetection, Compute, Initial, Precision
from aspis_sim.spec.part import parse_part

if TYPE_CHECKING:
    from aspis_sim.spec.cell import Cell


def check(cell: Cell) -> None:
    """Refuse names and numbers that cannot run.

    Raises:
        InputError: with one or two lines that say what is wrong and what would work.
    """
    _check_names(cell)
    _check_adversary(cell)
    _check_ways(cell)
    _check_training(cell)


def _check_names(cell: Cell) -> None:
    for registry, name in (
        (TARGETINGS, cell.attack),
        (PAYLOADS, parse_part(cell.payload).name),
        (DETECTORS, cell.detector),
        (DATASETS, parse_part(cell.dataset).name),
        (MODELS, parse_part(cell.model).name),
        (SCHEDULES, parse_part(cell.schedule).name),
        (AUGMENTATIONS, parse_part(cell.augment).name),
    ):
        registry.check(name)
    steps_of(parse_part(cell.rule).name)
    if cell.convention is not None and cell.convention not in conventions.NAMES:
        raise unknown_name("convention", cell.convention, conventions.NAMES)
    for kind, name, known in (
        ("way to compute", cell.compute, get_args(Compute)),
        ("step after detection", cell.after_detection, get_args(AfterDetection)),
        ("precision", cell.precision, get_args(Precision)),
        ("way to initialise", cell.initial, get_args(Initial)),
    ):
        if name not in known:
            raise unknown_name(kind, name, known)


def _check_adversary(cell: Cell) -> None:
    shape(cell.assignment, workers=cell.workers, redundancy=cell.redundancy)
    if cell.q < 0:
        raise InputError(f"q={cell.q} is negative; the number of Byzantine workers is 0 or more")
    if 2 * cell.q >= cell.workers:
        most = (cell.workers - 1) // 2
        raise InputError(
            f"q={cell.q} of K={cell.workers} workers is no honest majority (q < K/2); "
            f"q can be at most {most}, or take --workers {2 * cell.q + 1} or more"
        )
    if cell.attack == "frame-up" and isinstance(cell.framed, int) and not 0 <= cell.framed < max(cell.q, 1):
        raise InputError(
            f"{cell.framed} framed workers with q={cell.q}: a frame-up frames fewer than q, 0 to {cell.q - 1}"
        )


def _check_ways(cell: Cell) -> None:
    for option, window in (("adversary", cell.adversary_window), ("detection", cell.detection_window)):
        if window is not None and window < 1:
            raise InputError(f"--{option}-window {window}: a window has 1 or more steps")
    if cell.permute and cell.attack not in PERMUTED:
        raise InputError(
            f"attack {cell.attack} chooses files by the assignment, in which the workers of {cell.scheme} change "
            f"places at every step; take {', '.join(PERMUTED)}, or --no-permute"
        )
    by_copy = cell.attack in BY_COPY or cell.permute or cell.assignment == "subset"
    if cell.adversary_window is not None and not by_copy:
        raise InputError(
            f"attack {cell.attack} chooses its workers by the assignment {cell.assignment} of {cell.scheme}; "
            f"with --adversary-window take {' or '.join(BY_COPY[1:])}"
        )
    if cell.permute and cell.compute == "replicated":
        raise InputError("workers that change places at every step need --compute shared")
    if cell.coding == "cyclic" and (cell.assignment, cell.detector, cell.compute) != ("cyclic", "none", "shared"):
        raise InputError(
            f"scheme {cell.scheme} decodes a cyclic code: it takes no other assignment, no detector and no "
            "replicated compute"
        )


def _check_training(cell: Cell) -> None:
    if cell.steps < 1:
        raise InputError(f"{cell.steps} steps; a run takes at least 1")
    if not cell.lr > 0:
        raise InputError(f"learning rate {cell.lr}; it must be positive")
    for option, value in (("momentum", cell.momentum), ("worker momentum", cell.worker_momentum)):
        if not 0 <= value < 1:
            raise InputError(f"{option} {value}; it must be in 0..1 (1 excluded)")
    for option, radius in (("workers", cell.clip_workers), ("server", cell.clip_server)):
        if radius is not None and not (radius > 0 and isfinite(radius)):
            raise InputError(f"--clip-{option} {radius}; a norm to clip to is a positive number")
    if cell.worker_momentum and parse_part(cell.payload).name == "label_flip":
        raise InputError(
            "payload label_flip has no momentum at the workers: poisoned workers would carry one of their own; "
            "take --worker-momentum 0"
        )
    if cell.samples_per_file < 1:
        files = shape(cell.assignment, workers=cell.workers, redundancy=cell.redundancy).files
        raise InputError(
            f"fewer samples than files: scheme {cell.scheme} splits a batch into {files:,} files; "
            f"give a batch of at least {files:,} samples"
        )


def check_parts(cell: Cell, tried: set[object]) -> None:
    """Try the parts on shapes, without computing anything: the rule and the payload on as many rows as there are files.

    Args:
        cell: whose parts are tried.
        tried: what was tried for other cells and is not tried again; added to.

    Raises:
        InputError: an option is not taken, the rule cannot stand so many distorted rows of so few, or the augmentation
            cannot change such samples.
    """
    import jax

    files, _ = shape(cell.assignment, workers=cell.workers, redundancy=cell.redundancy)
    rows = jax.ShapeDtypeStruct((files, 8), "float32")
    kept = jax.ShapeDtypeStruct((files,), "bool") if cell.drops else None
    of_rule = (cell.rule, shaping.rule_options(cell), cell.convention, files, cell.drops)
    of_payload = (cell.payload, shaping.payload_options(cell), cell.convention, files)
    try:
        if of_rule not in tried:
            jax.eval_shape(cell.build_rule(), rows, kept)
        payload = cell.build_payload()
        if of_payload not in tried:
            jax.eval_shape(payload, rows, jax.eval_shape(lambda: jax.random.key(0)))
        tried |= {of_rule, of_payload}
    except InputError as error:
        raise InputError(f"scheme {cell.scheme}, q={cell.q}: {error}") from None
    cell.build_schedule()
    augment = cell.build_augmentation()
    of_samples = (cell.augment, cell.dataset)
    if parse_part(cell.augment).name != "none" and of_samples not in tried:
        inputs = cell.network.example.inputs["train"]
        sample = jax.ShapeDtypeStruct(inputs.shape[1:], inputs.dtype)
        jax.eval_shape(augment, jax.eval_shape(lambda: jax.random.key(0)), sample)
        tried.add(of_samples)
