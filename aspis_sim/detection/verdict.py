"""What a detector says about one agreement graph: a verdict as data, and the checks all detectors share."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from aspis_sim.assignment.base import Assignment
from aspis_sim.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Outcome(enum.StrEnum):
    """How far a graph decides who is Byzantine.

    A *hypothesis* is a set of at most q workers without whom all pairs agree: a vertex cover of the
    disagreements.
    """

    UNIQUE = "unique"
    """One set is left. `clique`: exactly one maximum clique. Every other detector: exactly one hypothesis."""
    PARTIAL = "partial"
    """Several hypotheses, and at least one worker is in all of them. `clique` never says this."""
    AMBIGUOUS = "ambiguous"
    """`clique`: several maximum cliques. Every other detector: several hypotheses without a common worker."""
    OVER_BUDGET = "over_budget"
    """No hypothesis at all: more than q workers broke the rules, or honest copies did not compare equal."""
    SKIPPED = "skipped"
    """The graph was not looked at (detector `none`)."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What to do with the copies of one step.

    Attributes:
        honest: bool ``[K]``, the workers that are not excluded; an excluded worker's copies are never used.
        outcome: how the graph was read.
        average: the update is the plain mean over files of one copy from a worker that is not excluded, files
            without such a worker being dropped. Otherwise a majority vote a file and the robust rule.
        certified: bool ``[f, 2**r]`` or None. Where some file returns a value from exactly the slots of a
            mask that is True in its row, the update is the plain mean of those values and of nothing else;
            bit ``a`` of a mask is slot ``a`` of ``assignment.files[j]``. Where none does, the other fields
            decide.
        unanimous: before the robust rule, drop each file whose copies from ``honest`` workers do not all
            agree.
        kept: bool ``[f]`` or None: before the robust rule, drop each file that is False here.
        distorted: with ``kept``, the most of these files that are distorted if all copies have arrived.
    """

    honest: NDArray[np.bool_]
    outcome: Outcome
    average: bool = False
    certified: NDArray[np.bool_] | None = None
    unanimous: bool = False
    kept: NDArray[np.bool_] | None = None
    distorted: int | None = None


def as_published(verdict: Verdict, max_byzantine: int) -> Verdict:
    """The verdict with the plain mean only where exactly q workers are excluded; certified values keep theirs.

    With fewer, one copy a file from a worker that is not excluded goes to the robust rule, as in the training code of
    the authors of Aspis (``_draco_lite_aggregation``), and as published for Aspis+.
    """
    return replace(verdict, average=verdict.average and int((~verdict.honest).sum()) == max_byzantine)


@dataclass(frozen=True)
class DetectorTraits:
    """What a detector does, apart from its verdicts.

    Attributes:
        detects: whether it looks at the graph at all.
        windowed: whether it judges the graph of a window of steps, with a memory on the device.
        certifies: whether its verdicts carry certificates of values.
        selects: whether its verdicts name the files to keep.
        keeps_unanimous: whether an undecided graph leaves only files on which no two remaining workers disagree.
        accuses_only_liars: whether every worker that it excludes is Byzantine, whatever the lies.
        excludes_to_average: whether it excludes workers only in verdicts that ask for the plain mean.
    """

    detects: bool = True
    windowed: bool = False
    certifies: bool = False
    selects: bool = False
    keeps_unanimous: bool = False
    accuses_only_liars: bool = False
    excludes_to_average: bool = False


class Detector(Protocol):
    """A pure, deterministic function from an agreement graph to a verdict."""

    def __call__(self, agreement: NDArray[Any], *, max_byzantine: int, assignment: Assignment | None = None) -> Verdict:
        """Judge the graph ``[K, K]`` on the assumption of at most ``max_byzantine`` Byzantine workers."""


def disagreement_of(agreement: NDArray[Any], max_byzantine: int) -> NDArray[np.bool_]:
    """Return the disagreement graph, bool ``[K, K]`` without loops, of a checked agreement graph.

    Raises:
        InputError: the graph is not square and symmetric, or ``max_byzantine`` is negative.
    """
    import numpy as np

    graph = np.asarray(agreement, dtype=bool)
    if graph.ndim != 2 or graph.shape[0] != graph.shape[1]:
        raise InputError(f"an agreement graph is a square array, not one of shape {graph.shape}")
    if not np.array_equal(graph, graph.T):
        raise InputError("an agreement graph is symmetric: workers i and j agree exactly if j and i do")
    if max_byzantine < 0:
        raise InputError(f"the number of Byzantine workers cannot be {max_byzantine}; it is 0 or more")
    disagreement = ~graph
    np.fill_diagonal(disagreement, False)
    return disagreement
