"""The vote: which copy of each file enters the update, given who is excluded and what is demanded of a file."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array


class Ruling(NamedTuple):
    """A detector's verdict as the device sees it.

    Attributes:
        honest: bool ``[K]``, workers that are not excluded.
        average: bool, the update is the plain mean of the files that are kept.
        unanimous: bool, a file is kept only if all its remaining copies agree.
        certified: bool ``[f, 2^r]``, True where a value returned by exactly this set of slots (bit a: slot a) is
            certified honest, or None for a detector without certificates.
        outcome: int, the verdict's outcome as an index into the members of `aspis_sim.detection.Outcome`.
        distortable: int, the most distorted files that the robust rule may still meet.
        selected: bool ``[f]``, files that may go to the robust rule, or None for a detector that selects none.
    """

    honest: Array
    average: Array
    unanimous: Array
    certified: Array | None
    outcome: Array
    distortable: Array
    selected: Array | None = None


class Ballot(NamedTuple):
    """The outcome of the votes of a round.

    Attributes:
        slot: int ``[f]``, the copy whose value is used.
        kept: bool ``[f]``, whether the file enters the update.
        average: bool, whether the files that are kept are averaged (else the robust rule decides).
    """

    slot: Array
    kept: Array
    average: Array


def vote(
    agree: Array, files: Array, ruling: Ruling, audited: Array | None = None, silent: Array | None = None
) -> Ballot:
    """Hold the vote of every file.

    Args:
        agree: bool ``[f, r, r]``, which copies of a file are equal.
        files: int ``[f, r]``, the workers of each file.
        ruling: who is excluded and what is demanded.
        audited: bool ``[f]``, files that the server has computed itself, all copies of which are right; None for none.
        silent: bool ``[K]``, workers of whom nothing has arrived, whose copies are equal to nothing; None for none.

    The value with most copies among workers that are not excluded wins (with r = 2r' - 1 honest majorities that is the
    majority vote of Konstantinidis et al.; without a majority it is a plurality, and of equal counts the value of the
    lowest slot wins). A non-finite copy equals nothing and so loses to any finite one. Of the copies that are equal to
    the winner the one in the lowest slot is used; with a tolerance they need not be identical. A file without a copy
    from a remaining worker is dropped. With certificates, if any file has a certified value, the files with one are
    kept with that value and averaged; otherwise the unanimous files, of those selected, are kept for the robust rule.
    A file that was audited is kept whoever holds it, and is as good as certified; by itself it is no reason to average.
    """
    candidate = ruling.honest[files]
    if silent is not None:
        candidate &= ~silent[files]
    if audited is not None:
        candidate |= audited[:, None]
    backing = agree & candidate[:, None, :]
    count = backing.sum(-1)
    slot = jnp.argmax(jnp.where(candidate, count + 1, 0), axis=-1)
    kept = candidate.any(-1)
    unanimous = jnp.all(agree | ~candidate[:, :, None] | ~candidate[:, None, :], axis=(-2, -1))
    kept &= unanimous | ~ruling.unanimous
    if ruling.selected is not None:
        kept &= ruling.selected if audited is None else ruling.selected | audited
    if ruling.certified is None:
        return Ballot(slot, kept, ruling.average)
    classes = (agree * (1 << jnp.arange(agree.shape[-1]))).sum(-1)
    sure = jnp.take_along_axis(ruling.certified, classes, axis=-1)
    any_sure = sure.any()
    if audited is not None:
        any_sure = (sure & ~audited[:, None]).any()
        sure |= audited[:, None]
    return Ballot(
        jnp.where(any_sure, jnp.argmax(sure & candidate, axis=-1), slot),
        jnp.where(any_sure, sure.any(-1), kept),
        any_sure | ruling.average,
    )
