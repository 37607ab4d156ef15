"""Trying the parts of cells on shapes, before any work: options that are not taken, rules that have too few rows."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Any

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.adversary.timing import timing
from aspis_sim.aggregation import steps_of
from aspis_sim.audits import audit_policy
from aspis_sim.augmentations import AUGMENTATIONS
from aspis_sim.clusters import cluster
from aspis_sim.coding import CODINGS
from aspis_sim.data import DATASETS
from aspis_sim.environment import pinned
from aspis_sim.errors import InputError, PluginError
from aspis_sim.evidence import evidence
from aspis_sim.optimizers import OPTIMIZERS
from aspis_sim.partitions import partition
from aspis_sim.run.resolve import Job, resolve
from aspis_sim.silence import silence
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.checks import shape_of
from aspis_sim.spec.grid import Grid, Replicates
from aspis_sim.spec.part import parse_part
from aspis_sim.spec.sizes import check_samples, dataset_of

_stood: set[object] = set()
"""Rules and payloads that took as many rows in this process, each with what was registered under its names then."""


def prepared(grid: Grid) -> tuple[Replicates, ...]:
    """The groups of a grid, all that can be refused refused.

    A plugin's part that does not work is not: it fails its own cells, when they run.

    Raises:
        InputError: something in the grid does not work; nothing has been trained.
        DataError: the data set is missing or damaged.
    """
    groups = grid.groups()
    check_groups(groups)
    return groups


def check_groups(groups: Iterable[Replicates]) -> None:
    """Refuse groups whose parts do not work; see `prepared`."""
    groups = tuple(groups)
    tried: set[object] = set()
    with pinned():
        for group in groups:
            with suppress(PluginError):
                _try_parts(resolve(group.first), tried)
    check_samples(group.first for group in groups)


def try_parts(cell: Cell) -> None:
    """Try the parts of a cell: the rule and the payload on as many rows as the server gets, a file or a worker each.

    Args:
        cell: whose settings go together.

    Raises:
        InputError: an option is not taken, the rule cannot stand so many distorted rows of so few, or the augmentation
            cannot change such samples.
    """
    with pinned():
        _try_parts(resolve(cell), set())


def _try_parts(job: Job, tried: set[object]) -> None:
    """Try what no other cell has tried, and add it; a strength is fed to the payload's program, and never shapes it."""
    import jax

    cell = job.cell
    files = cell.workers if CODINGS.traits(cell.coding).mixes else shape_of(cell).files
    drops = job.may_drop_files
    rows = jax.ShapeDtypeStruct((files, 8), "float32")
    kept = jax.ShapeDtypeStruct((files,), "bool") if drops else None
    key = _key()
    of_rule = (cell.rule, job.rule_parameters, cell.convention, files, drops)
    on_payload = (cell.payload, job.payload_parameters, job.strength is None, cell.convention, files)
    of_payload = (*on_payload, job.strength, cell.worker_momentum > 0)
    try:
        if of_rule not in tried:
            rule = job.build_rule()
            if drops and not rule.takes_kept:
                raise InputError(_whole_rows_only(cell, job))
            builders = [registry[name] for registry, name in steps_of(parse_part(cell.rule).name)]
            _stand((*builders, *of_rule), rule, rows, kept)
        if of_payload not in tried:
            payload = job.build_payload()
            if on_payload not in tried:
                _stand((PAYLOADS[parse_part(cell.payload).name], *on_payload), payload, rows, key)
            if payload.poisons is not None and cell.worker_momentum:
                raise InputError(
                    f"payload {cell.payload} has no momentum at the workers: poisoned workers would carry one of "
                    "their own; take `worker_momentum=0`"
                )
        if (of_samples := (cell.payload, job.payload_parameters, cell.dataset)) not in tried:
            _try_poison(job)
        tried |= {of_rule, on_payload, of_payload, of_samples}
    except InputError as error:
        raise InputError(f"scheme {cell.scheme}, q={cell.q}: {error}") from None
    _try_training(job, key, tried)


def _stand(asked: tuple[object, ...], part: Any, *given: Any) -> None:
    """Try a part on shapes, unless the same has stood it before: tracing a rule takes some tenths of a second."""
    import jax

    if asked not in _stood:
        jax.eval_shape(part, *given)
        _stood.add(asked)


def _try_poison(job: Job) -> None:
    """Try the payload on a file of the data set, if it poisons samples."""
    import jax

    cell, poisons = job.cell, job.build_payload().poisons
    if poisons is None:
        return
    data = dataset_of(cell)
    inputs, labels = (
        jax.ShapeDtypeStruct((job.samples_per_file, *part.shape[1:]), part.dtype)
        for part in (data.inputs["train"], data.labels["train"])
    )
    stamps = PAYLOADS.traits(parse_part(cell.payload).name).poisons == "images"
    if stamps and inputs.ndim == 2 and not DATASETS.traits(parse_part(cell.dataset).name).pixels:
        raise InputError(
            f"payload {cell.payload} stamps images, and a sample of {cell.dataset} is a row of {inputs.shape[1]} "
            "numbers; take a data set of images (digits, mnist, synthetic:height=8:width=8)"
        )
    jax.eval_shape(lambda inputs, labels: poisons(inputs, labels, data), inputs, labels)


@cache
def _key() -> object:
    """The shape of a root key."""
    import jax

    from aspis_sim.streams import root_key

    return jax.eval_shape(lambda: root_key(0))


def _whole_rows_only(cell: Cell, job: Job) -> str:
    other = "a rule that can leave files out, such as median"
    if job.detector.excludes_to_average:
        other = f"`after_detection=average` or {other}"
    return (
        f"the rule {cell.rule} needs every file, and files whose workers are all excluded are dropped before it; "
        f"take {other}"
    )


def _try_optimizer(job: Job) -> None:
    """Try the optimizer on weights."""
    import jax

    cell, made = job.cell, job.build_optimizer().directed
    asked = (OPTIMIZERS[parse_part(cell.optimizer).name], cell.optimizer, cell.momentum)
    weights = jax.ShapeDtypeStruct((8,), "float32")
    _stand(asked, lambda update: made.update(update, made.init(update), update)[0], weights)


def _try_training(job: Job, key: object, tried: set[object]) -> None:
    import jax

    cell = job.cell
    _try_optimizer(job)
    if (of_schedule := (cell.schedule, cell.steps)) not in tried:
        job.build_schedule()
        tried.add(of_schedule)
    if cell.heterogeneity not in tried:
        part = parse_part(cell.heterogeneity)
        partition(part.name, **part.options)
        tried.add(cell.heterogeneity)
    given = () if cell.cluster is None else ((cell.cluster, cluster),)
    for text, build_part in (
        *given,
        (cell.evidence, evidence),
        (cell.audit_policy, audit_policy),
        (cell.silence, silence),
        (cell.timing, timing),
    ):
        if text not in tried:
            part = parse_part(text)
            build_part(part.name, **part.options)
            tried.add(text)
    if (of_model := (cell.model, cell.dataset, cell.local_steps > 1)) not in tried:
        if cell.local_steps > 1 and job.network.has_statistics:
            raise InputError(
                f"`local_steps={cell.local_steps}` with model {cell.model}, whose batch norms keep running statistics: "
                "local weights would have statistics of their own; take a model without batch norms, such as "
                "resnet18:norm=group, or `local_steps=1`"
            )
        tried.add(of_model)
    if (of_samples := (cell.augment, cell.dataset)) in tried:
        return
    augment = job.build_augmentation()
    if AUGMENTATIONS.traits(parse_part(cell.augment).name).changes:
        inputs = dataset_of(cell).inputs["train"]
        jax.eval_shape(augment, key, jax.ShapeDtypeStruct(inputs.shape[1:], inputs.dtype))
    tried.add(of_samples)
