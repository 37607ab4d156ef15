"""The adversary of a trial without a model: which workers are Byzantine, and on which copies they lie."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aspis_sim.adversary.choices import Attack
from aspis_sim.adversary.membership import distorted_copies
from aspis_sim.adversary.targeting import TARGETINGS, target
from aspis_sim.assignment import ASSIGNMENTS, Assignment
from aspis_sim.detection import DETECTORS
from aspis_sim.distortion.result import check_byzantine
from aspis_sim.errors import InputError
from aspis_sim.registry import unknown_name

RANDOM = "random"
"""A membership; and a targeting that only exists here: each copy of a Byzantine worker is a lie with a given
probability."""

MEMBERSHIPS = ("chosen", RANDOM)


class Played(NamedTuple):
    """One iteration of a trial.

    Attributes:
        assignment: who holds which file in it.
        attack: who lies, and where.
    """

    assignment: Assignment
    attack: Attack


@dataclass(frozen=True, eq=False)
class Adversary:
    """Who lies where, in any number of trials.

    With membership ``chosen`` the workers are those of the targeting; with ``random`` they are drawn for each
    trial. On the subset assignment, where all sets of q workers are alike, the targeting then works on
    randomly relabelled workers. Elsewhere, and wherever workers are permuted, it uses the set it is given:
    ``weak`` lies everywhere, ``stealth`` on the files that only Byzantines hold, ``none`` nowhere, all others
    where Byzantines have a majority.

    Attributes:
        assignment: who holds which file.
        q: Byzantine workers, 0 <= q < K/2.
        attack: a registered targeting or `RANDOM`.
        membership: ``chosen`` or ``random``.
        lie_probability: of `RANDOM`, 0..1.
        permute: the places of the assignment are given to the workers anew in every iteration, as in Aspis+.
        parameters: further arguments of the targeting (``framed``, ``detector``).

    Raises:
        InputError: on creation, if any of these is impossible; where a random membership meets a targeting
            that looks for its workers itself (``strongest``); where permuting would change nothing (`subset`).
    """

    assignment: Assignment
    q: int
    attack: str
    membership: str = "chosen"
    lie_probability: float = 0.5
    permute: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_adversaries(
            self.assignment.workers,
            self.assignment.name,
            [self.attack],
            [self.q],
            framed=self.parameters.get("framed"),
            membership=self.membership,
            lie_probability=self.lie_probability,
            permute=self.permute,
        )

    @property
    def varies(self) -> bool:
        """Whether one trial can differ from another."""
        return self.permute or RANDOM in (self.attack, self.membership)

    @cached_property
    def chosen(self) -> Attack:
        """The attack of the targeting itself; for `RANDOM` that of ``weak``."""
        name = "weak" if self.attack == RANDOM else self.attack
        return target(name, self.assignment, self.q, **self.parameters)

    def rounds(self, rng: np.random.Generator) -> Iterator[Played]:
        """Yield the iterations of one trial without end, all with the same Byzantine workers."""
        assignment, workers = self.assignment, self.assignment.workers
        label = rng.permutation(workers).astype(np.int32)
        if self.permute or self.attack == RANDOM:
            byzantine = label < self.q if self.membership == RANDOM else self.chosen.byzantine
            while True:
                yield self._against(self._permuted(rng) if self.permute else assignment, byzantine, rng)
        if self.membership == "chosen":
            played = Played(assignment, self.chosen)
        elif assignment.complete:
            relabelled = replace(assignment, files=label[assignment.files])
            attack = target(self.attack, relabelled, self.q, **self.parameters)
            played = Played(assignment, Attack(attack.byzantine[label], attack.distorts))
        else:
            played = self._against(assignment, label < self.q, rng)
        while True:
            yield played

    def _permuted(self, rng: np.random.Generator) -> Assignment:
        places = rng.permutation(self.assignment.workers).astype(np.int32)
        files = np.sort(places[self.assignment.files], axis=1)
        return replace(self.assignment, files=files)

    def _against(self, assignment: Assignment, byzantine: NDArray[np.bool_], rng: np.random.Generator) -> Played:
        """What the given workers do, who cannot choose their places."""
        held = byzantine[assignment.files]
        if self.attack == RANDOM:
            return Played(assignment, Attack(byzantine, held & (rng.random(held.shape) < self.lie_probability)))
        return Played(assignment, Attack(byzantine, distorted_copies(TARGETINGS.traits(self.attack).lies, held)))


def check_adversaries(
    workers: int,
    assignment: str,
    attacks: Sequence[str],
    budgets: Sequence[int],
    *,
    framed: int | None = None,
    membership: str = "chosen",
    lie_probability: float = 0.5,
    permute: bool = False,
) -> None:
    """Refuse what `adversaries` cannot make, without building the assignment.

    Raises:
        InputError: says what is wrong and what would work.
    """
    for attack in attacks:
        if attack not in (known := [*TARGETINGS, RANDOM]):
            raise unknown_name("attack", attack, known)
        if membership == RANDOM and adapts(attack):
            raise InputError(f"the attack {attack!r} chooses its workers itself; leave the membership chosen")
        if permute and adapts(attack):
            raise InputError(f"the attack {attack!r} is made for fixed places; leave out permuting")
    for q in budgets:
        check_byzantine(workers, q)
        if framed is not None and not 0 <= framed < max(q, 1):
            raise InputError(f"{framed} framed workers with q={q}: a frame-up frames 0 to {q - 1} (fewer than q)")
    if framed is not None and not any(frames(attack) for attack in attacks):
        raise InputError(f"{framed} framed workers belong to the attack frame-up; add it")
    if membership not in MEMBERSHIPS:
        raise unknown_name("membership", membership, MEMBERSHIPS)
    if not 0 <= lie_probability <= 1:
        raise InputError(f"a copy cannot lie with probability {lie_probability:g}; it is 0 to 1")
    if permute and ASSIGNMENTS.traits(assignment).complete:
        raise InputError("permuting the subset assignment changes nothing; try the assignment bibd")


def frames(attack: str) -> bool:
    """Whether the targeting frames a number of honest workers, which it takes as a parameter."""
    return attack != RANDOM and TARGETINGS.accepts(attack, "framed")


def knows_detector(attack: str) -> bool:
    """Whether the targeting depends on the detector, which it then takes as a parameter."""
    return attack != RANDOM and TARGETINGS.accepts(attack, "detector")


def adapts(attack: str) -> bool:
    """Whether the targeting, its workers and all, is chosen against one detector."""
    return knows_detector(attack) and not TARGETINGS.traits(attack).permutable


def _met(attack: str, detectors: Sequence[str]) -> list[list[str]]:
    """The detectors in groups that meet the same attack."""
    if adapts(attack):
        return [[one] for one in detectors]
    if not knows_detector(attack):
        return [list(detectors)]
    looking, votes = ([one for one in detectors if DETECTORS.traits(one).detects is looks] for looks in (True, False))
    return [group for group in (looking, votes) if group]


def adversaries(
    assignment: Assignment,
    attacks: Sequence[str],
    budgets: Sequence[int],
    detectors: Sequence[str],
    *,
    framed: int | None = None,
    **setting: Any,
) -> list[tuple[Adversary, list[str]]]:
    """The adversaries of all attacks and q, each with the detectors that it meets.

    That is one where it adapts, and the bare vote apart where the targeting differs against it.

    Args:
        assignment: who holds which file.
        attacks: names, as `Adversary` takes them.
        budgets: values of q.
        detectors: registered names.
        framed: of the frame-up, see `aspis_sim.adversary.targeting.frame_up`; None for its default.
        setting: further arguments of every `Adversary`.
    """
    found = []
    for attack in attacks:
        parameters = {"framed": framed} if frames(attack) and framed is not None else {}
        for q in budgets:
            for judges in _met(attack, detectors):
                takes = {"detector": judges[0]} if knows_detector(attack) else parameters
                found.append((Adversary(assignment, q, attack, parameters=takes, **setting), judges))
    return found
