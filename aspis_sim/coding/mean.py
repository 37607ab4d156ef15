"""Coded means: each worker returns the mean of its files' gradients, and a robust rule takes the place of any vote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax.numpy as jnp
from jax import Array, lax

if TYPE_CHECKING:
    from aspis_sim.assignment import Assignment


def mean(workers: int, redundancy: int) -> None:
    """One vector a worker, the mean of the gradients of its l files; the rule sees K rows, and nothing is compared.

    The data are as redundant as for a vote, but the redundancy goes into rows that are closer to each other instead of
    into copies that can be checked: K l = f r numbers are computed a parameter, and K sent instead of K l. If all
    workers are honest the mean of the rows is that of the files, since each file is in r of them.

    Source: the methods CRA-DL (Li, Xiao and Skoglund, "Coded robust aggregation for distributed learning under
    Byzantine attacks", arXiv 2506.01989), where data are allocated redundantly and honest devices send coded gradients
    to a robust bounded rule, and LAD (Li, Allouah, Guerraoui, Skoglund and Xiao, "Byzantine-robust and
    communication-efficient distributed training: compressive and cyclic gradient coding", arXiv 2603.28780), where the
    tasks of every iteration are assigned by cyclic gradient coding and encoded before any robust rule. What is taken
    from them is that idea, as their abstracts state it. What differs, or may: the assignment is any of those here; the
    weights are 1 / l, and no other code is offered; the assignment stays as it is from step to step unless workers
    change places (`permute`); nothing is compressed (Com-LAD); and their conditions on the rule are not checked.
    """
    del workers, redundancy


def means(values: Array, assignment: Assignment) -> Array:
    """What the workers return, ``[K, d]`` in the type of ``values``: the means of their files' rows ``[f, d]``.

    They are added up in float32 at least. A value that is not finite reaches the workers of its own file only.
    """
    kind = jnp.promote_types(values.dtype, jnp.float32)

    def by_product() -> Array:
        held = jnp.asarray(assignment.incidence, values.dtype)
        return jnp.einsum("kf,fd->kd", held, values, precision=lax.Precision.HIGHEST, preferred_element_type=kind)

    def by_worker() -> Array:
        add = lambda total, files: (total + values[files].astype(kind), None)  # noqa: E731
        return lax.scan(add, jnp.zeros((assignment.workers, values.shape[1]), kind), assignment.worker_files.T)[0]

    total = lax.cond(jnp.isfinite(values).all(), by_product, by_worker)
    return (total / assignment.load).astype(values.dtype)
