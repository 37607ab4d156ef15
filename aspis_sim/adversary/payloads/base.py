"""What every payload is: a pure function from honest gradients to the vector that colluders return."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from jax import Array


Poisons = Callable[["Array", "Array", "Samples"], "tuple[Array, Array]"]
"""From the inputs and labels of a file, and the data set, to those of the lie."""

Scope = Literal["round", "file", "file and mean", "files", "samples"]


@dataclass(frozen=True)
class PayloadTraits:
    """What a payload does to the data, known without building it.

    Attributes:
        poisons: what it changes of the samples on which its lies are gradients.
    """

    poisons: Literal["nothing", "labels", "images"] = "nothing"


class Samples(Protocol):
    """What a payload may know of the data set whose samples it poisons."""

    @property
    def classes(self) -> int:
        """Number of classes, 0 for a regression."""

    @property
    def white(self) -> float:
        """The largest value of an input, as the data set holds it."""


class Trigger(NamedTuple):
    """What a poisoned model is asked with, and what it should answer.

    Attributes:
        stamp: from inputs ``[n, ...]`` as the data set holds them, and the data set, to the same with the trigger.
        target: the class that is wanted of them.
    """

    stamp: Callable[[Array, Samples], Array]
    target: int


class Reach(NamedTuple):
    """What the server will make of a round's lies, as an adversary that knows its detector can tell beforehand.

    Attributes:
        lies: bool ``[f]``, the files whose value at the server is the lie.
        kept: bool ``[f]``, the files that reach the robust rule; None if all do.
        averaged: bool ``[f]``, the files whose plain mean is the update, none where the robust rule decides; None if it
            always decides.
        distortable: int, the most distorted files that the server reckons with.
        finite: bool, a lie with a NaN or an Inf reaches nothing, since it loses its votes.
    """

    lies: Array
    kept: Array | None
    averaged: Array | None
    distortable: Array | int
    finite: Array | bool


class Prospect(NamedTuple):
    """What an adversary that knows data, model and server can work out of the steps to come.

    A course is what a run carries from step to step: the weights, the momentum of the server and that of the workers,
    the number of the step.

    Attributes:
        course: before this round.
        moved: from a course and an update ``[d]`` to the course after it, with the learning rate, the clipping and the
            momentum of the run.
        rows: from a course to the honest rows ``[n, d]`` of the step's samples, and the course with what the workers
            remember of them.
        key: from a course to the key of the step's payload.
        poisoned: from a course and what a payload ``poisons`` to the gradients ``[n, d]`` on those samples.
        past: from a course to what the server last moved the weights along ``[d]``, zeros before the first step.
        received: from rows ``[n, d]`` to those that the server has made of them before it compares and aggregates them.
        weights: of a course, ``[d]``.
        loss: of weights ``[d]``, on so many validation samples, evenly chosen; None for all.
        byzantine: bool ``[K]``, who lies.
        left: steps left in the run, this one among them.
    """

    course: Any
    moved: Callable[[Any, Array], Any]
    rows: Callable[[Any], tuple[Array, Any]]
    key: Callable[[Any], Array]
    poisoned: Callable[[Any, Poisons], Array]
    past: Callable[[Any], Array]
    received: Callable[[Array], Array]
    weights: Callable[[Any], Array]
    loss: Callable[[Array, int | None], Array]
    byzantine: Array
    left: Array


@dataclass(frozen=True)
class Payload:
    """A payload ``(n, d) -> (d,)`` with what the simulator must know about it.

    Attributes:
        function: ``function(rows, key)`` with ``rows`` float ``[n, d]`` of honest gradients and a PRNG key.
        scope: ``"round"``: called once a step with the honest gradients of all files, and every distorted
            copy is that one vector; ``"file"``: called for each file with that file's honest gradient as
            the only row, so that copies of a file are equal but those of different files are not.
            ``"file and mean"``: likewise, with the mean over the round's files as a second row.
            ``"files"``: called once a step, but returns a lie for each file, ``[n, d]``.
            ``"samples"``: called for each file with that file's honest gradient and, as the last row, its gradient on
            the samples that ``poisons`` makes of the file's, which the simulator computes itself.
        coordinatewise: the value at a coordinate depends on that column alone.
        reads_rows: whether the lie depends on the rows at all, and not on their width alone.
        largest: from a number that no entry of the rows exceeds in absolute value, to one that no entry of the lie
            exceeds (up to rounding); None if there is none such. With it a lie is known to be finite before it is
            formed.
        counted: ``counted(rows, number, key)`` of a payload to which row i counts ``number[i]`` times, int ``[n]``, the
            copies of file i that honest workers return; None for one to which every file counts once.
        aimed: ``aimed(rows, key, reach)`` for a payload that adapts to what becomes of its lies; None for one that
            does not.
        informed: ``informed(rows, key, past)`` for a payload that looks at what the server last moved the weights
            along, ``past`` float ``[d]``, zeros before the first step; None for one that does not. It does not work
            by coordinate, and is of scope "round".
        planned: ``planned(rows, key, reach, prospect)`` for a payload that weighs what its lies do to the training; it
            is ``aimed`` too, for where there is no prospect. None for one that does not.
        poisons: ``poisons(inputs, labels, data)`` of a payload of scope "samples": from the inputs ``[n, ...]`` and
            labels ``[n]`` of a file, as an honest worker would put them through the model, to those of the lie.
        trigger: of a payload that plants a backdoor.
        exact: the rows are seen in the type in which gradients are sent, and the lie is made in it to the last bit;
            else rows of 16 bits are seen in float32, and the lie is rounded to their type.
    """

    function: Callable[[Array, Array | None], Array]
    scope: Scope = "round"
    coordinatewise: bool = True
    reads_rows: bool = True
    largest: Callable[[Array], Array] | None = None
    counted: Callable[[Array, Array, Array | None], Array] | None = None
    aimed: Callable[[Array, Array | None, Reach], Array] | None = None
    informed: Callable[[Array, Array | None, Array], Array] | None = None
    planned: Callable[[Array, Array | None, Reach, Prospect], Array] | None = None
    poisons: Poisons | None = None
    trigger: Trigger | None = None
    exact: bool = False

    def __call__(self, rows: Array, key: Array | None = None) -> Array:
        """Return the lie ``[d]`` for honest ``rows`` ``[n, d]``, or a lie for each row ``[n, d]`` (scope "files")."""
        return self.function(rows, key)

    def of_files(self, rows: Array, key: Array | None = None, poisoned: Array | None = None) -> Array:
        """The lies of a round, ``[n, d]`` or ``[1, d]`` if all are the same, for the files' honest ``rows`` ``[n, d]``.

        Each file of a payload of scope "file", "file and mean" or "samples" has a key of its own. Those of "samples"
        are given the ``poisoned`` rows ``[n, d]`` too; without them the files are taken as they are.
        """
        import jax
        import jax.numpy as jnp

        from aspis_sim.aggregation.average import mean_over_rows

        if self.scope == "files":
            return self(rows, key)
        if self.scope == "round":
            return self(rows, key)[None]
        beside = mean_over_rows(rows)[None] if self.scope == "file and mean" else rows[:0]

        def of_file(row: Array, bad: Array, index: Array) -> Array:
            seen = jnp.stack([row, bad]) if self.scope == "samples" else jnp.vstack([row, beside])
            return self(seen, None if key is None else jax.random.fold_in(key, index))

        return jax.vmap(of_file)(rows, rows if poisoned is None else poisoned, jnp.arange(len(rows)))

    def of_copies(self, number: Array) -> Payload:
        """The payload in a round in which honest workers return ``number [f]`` copies of each file."""
        counted = self.counted
        return self if counted is None else replace(self, function=lambda rows, key: counted(rows, number, key))

    def aimed_at(self, reach: Reach) -> Payload:
        """The payload that knows what becomes of its lies; unchanged if it does not care."""
        aimed = self.aimed
        return self if aimed is None else replace(self, function=lambda rows, key: aimed(rows, key, reach))

    def ahead_of(self, reach: Reach, prospect: Prospect) -> Payload:
        """The payload that knows what becomes of its lies and of the training; unchanged if it does not care."""
        planned = self.planned
        if planned is None:
            return self
        return replace(self, function=lambda rows, key: planned(rows, key, reach, prospect))

    def knowing(self, past: Array) -> Payload:
        """The payload that knows what the server last moved the weights along; unchanged if it does not care."""
        informed = self.informed
        return self if informed is None else replace(self, function=lambda rows, key: informed(rows, key, past))
