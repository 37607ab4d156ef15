"""The adversary of a trial without a model: which workers are Byzantine, and on which copies they lie."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from aspis_sim.adversary.targeting import TARGETINGS, Attack, target
from aspis_sim.assignment import Assignment
from aspis_sim.distortion.result import check_byzantine
from aspis_sim.errors import InputError
from aspis_sim.registry import unknown_name

RANDOM = "random"
"""A membership; and a targeting that only exists here: each copy of a Byzantine worker is a lie with a given
probability."""

MEMBERSHIPS = ("chosen", RANDOM)


@dataclass(frozen=True, eq=False)
class Adversary:
    """Who lies where, in any number of trials.

    With membership ``chosen`` the workers are those of the targeting; with ``random`` they are drawn for each
    trial. On the subset assignment, where all sets of q workers are alike, the targeting then works on
    randomly relabelled workers. Elsewhere it uses the set it is given: ``weak`` lies everywhere, ``stealth``
    on the files that only Byzantines hold, ``none`` nowhere, all others where Byzantines have a majority.

    Attributes:
        assignment: who holds which file.
        q: Byzantine workers, 0 <= q < K/2.
        attack: a registered targeting or `RANDOM`.
        membership: ``chosen`` or ``random``.
        lie_probability: of `RANDOM`, 0..1.
        parameters: further arguments of the targeting (``framed``, ``detector``).

    Raises:
        InputError: on creation, if any of these is impossible; where a random membership meets a targeting
            that looks for its workers itself (``strongest``).
    """

    assignment: Assignment
    q: int
    attack: str
    membership: str = "chosen"
    lie_probability: float = 0.5
    parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_byzantine(self.assignment.workers, self.q)
        check_attack(self.attack, self.membership, self.lie_probability)

    @property
    def varies(self) -> bool:
        """Whether one trial can differ from another."""
        return RANDOM in (self.attack, self.membership)

    @cached_property
    def chosen(self) -> Attack:
        """The attack of the targeting itself; for `RANDOM` that of ``weak``."""
        if self.attack == RANDOM:
            return target("weak", self.assignment, self.q)
        return target(self.attack, self.assignment, self.q, **self.parameters)

    def rounds(self, rng: np.random.Generator) -> Iterator[Attack]:
        """Yield the attacks of one trial, iteration by iteration without end, all by the same workers."""
        if self.attack == RANDOM:
            workers = self.assignment.workers
            byzantine = rng.permutation(workers) < self.q if self.membership == RANDOM else self.chosen.byzantine
            held = byzantine[self.assignment.files]
            while True:
                yield Attack(byzantine, held & (rng.random(held.shape) < self.lie_probability))
        attack = self._by_random_members(rng) if self.membership == RANDOM else self.chosen
        while True:
            yield attack

    def _by_random_members(self, rng: np.random.Generator) -> Attack:
        assignment = self.assignment
        label = rng.permutation(assignment.workers).astype(np.int32)
        if assignment.name == "subset":
            relabelled = Assignment(assignment.name, assignment.workers, label[assignment.files])
            attack = target(self.attack, relabelled, self.q, **self.parameters)
            return Attack(attack.byzantine[label], attack.distorts)
        byzantine = label < self.q
        held = byzantine[assignment.files]
        least = {"weak": 0, "stealth": assignment.redundancy, "none": assignment.redundancy + 1}
        enough = held.sum(axis=1) >= least.get(self.attack, assignment.majority)
        return Attack(byzantine, held & enough[:, None])


def check_attack(attack: str, membership: str, lie_probability: float = 0.5) -> None:
    """Refuse what `Adversary` cannot play, without the assignment.

    Raises:
        InputError: says what is wrong and what would work.
    """
    if attack != RANDOM and attack not in TARGETINGS:
        raise unknown_name("attack", attack, [*TARGETINGS, RANDOM])
    if membership not in MEMBERSHIPS:
        raise unknown_name("membership", membership, MEMBERSHIPS)
    if not 0 <= lie_probability <= 1:
        raise InputError(f"a copy cannot lie with probability {lie_probability:g}; it is 0 to 1")
    if membership == RANDOM and attack != RANDOM and TARGETINGS.accepts(attack, "detector"):
        raise InputError(f"the attack {attack!r} chooses its workers itself; leave the membership chosen")
