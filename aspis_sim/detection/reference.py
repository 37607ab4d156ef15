"""What a verdict means, on the host: from the values of copies to the graph, and to what enters the update.

A copy's value is a token, an integer that equals another copy's exactly if the two vectors compare equal; a
vector that equals nothing has a token of its own. The simulator does the same with gradients on its device,
and is tested against this.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.verdict import Verdict


@dataclass(frozen=True, eq=False)
class Update:
    """What enters the update of one step.

    Attributes:
        kept: bool ``[f]``, the files that are used.
        tokens: int ``[f]``, the value used for each; without meaning where a file is not kept.
        plain_mean: the values are averaged; otherwise the robust rule takes them.
    """

    kept: NDArray[np.bool_]
    tokens: NDArray[np.int64]
    plain_mean: bool


def agreement_graph(
    assignment: Assignment, tokens: NDArray[Any], silent: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Bool ``[K, K]``: the pair has equal tokens in every file that both hold, which may be none.

    Args:
        assignment: f files of r workers each.
        tokens: int ``[f, r]``, the value that each slot's worker returned.
        silent: bool ``[K]``, workers of whom nothing has arrived: they disagree with nobody; None for none.
    """
    files, slots = np.asarray(assignment.files), np.asarray(tokens)
    differ = slots[:, :, None] != slots[:, None, :]
    if silent is not None:
        arrived = ~silent[files]
        differ &= arrived[:, :, None] & arrived[:, None, :]
    rows = np.broadcast_to(files[:, :, None], differ.shape)
    columns = np.broadcast_to(files[:, None, :], differ.shape)
    agree = np.ones((assignment.workers, assignment.workers), bool)
    agree[rows[differ], columns[differ]] = False
    return agree


def apply_verdict(
    verdict: Verdict,
    assignment: Assignment,
    tokens: NDArray[Any],
    audited: NDArray[np.bool_] | None = None,
    silent: NDArray[np.bool_] | None = None,
) -> Update:
    """Choose each file's value as the verdict says.

    1. If any file has a certified value (a class of equal copies, excluded workers' included, whose slots are
       True in ``verdict.certified``), exactly these files are kept, with these values, for the plain mean. At
       most one class of a file is certified, since two classes disagree and a hypothesis contains one of
       them.
    2. Otherwise, with ``verdict.average``, each file that has a copy from a worker that is not excluded is
    kept,
       with the copy in its lowest such slot, for the plain mean.
    3. Otherwise those files are kept with the most frequent value among these copies, the one that appears in
    the
       lowest slot if several are; with ``verdict.unanimous`` only files where these copies are all equal, and with
       ``verdict.kept`` only the files that are True there.

    Args:
        verdict: for ``assignment``.
        assignment: f files of r workers each.
        tokens: int ``[f, r]``, the value that each slot's worker returned.
        audited: bool ``[f]``, files that the server has computed itself, whose tokens are all equal; None for none.
            Whoever holds them, they are kept, and as good as certified; by themselves they are no reason for 1.
        silent: bool ``[K]``, workers of whom nothing has arrived; None for none.
    """
    slots = np.asarray(tokens, dtype=np.int64)
    rows = np.arange(len(slots))
    known = np.zeros(len(slots), bool) if audited is None else audited
    candidates = verdict.honest[assignment.files]
    if silent is not None:
        arrived = ~silent[assignment.files]
        candidates &= arrived
        slots = np.where(arrived | known[:, None], slots, -1 - np.arange(slots.size).reshape(slots.shape))
    certified = certified_copies(verdict, slots)
    if silent is not None:
        certified &= arrived
    if certified[~known].any():
        certified |= known[:, None]
        return Update(np.any(certified, axis=1), slots[rows, certified.argmax(axis=1)], plain_mean=True)
    candidates |= known[:, None]
    kept = np.any(candidates, axis=1)
    equal = slots[:, :, None] == slots[:, None, :]
    if verdict.average:
        return Update(kept, slots[rows, candidates.argmax(axis=1)], plain_mean=True)
    votes = np.where(candidates, (equal & candidates[:, None, :]).sum(axis=-1), 0)
    if verdict.unanimous:
        kept = kept & (votes.max(axis=1) == candidates.sum(axis=1))
    if verdict.kept is not None:
        kept = kept & (verdict.kept | known)
    return Update(kept, slots[rows, votes.argmax(axis=1)], plain_mean=False)


def certified_copies(verdict: Verdict, tokens: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Bool ``[f, r]``: the copy has a certified value; nothing has, if the verdict certifies nothing."""
    if verdict.certified is None:
        return np.zeros(tokens.shape, bool)
    equal = tokens[:, :, None] == tokens[:, None, :]
    classes = (equal << np.arange(tokens.shape[1])).sum(axis=-1)
    return np.take_along_axis(verdict.certified, classes, axis=1)
