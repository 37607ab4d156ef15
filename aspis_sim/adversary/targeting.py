"""The targetings by name, and what is known of each apart from the workers and copies that it chooses."""

from dataclasses import dataclass
from typing import Literal

from aspis_sim.adversary.choices import Attack
from aspis_sim.assignment import Assignment
from aspis_sim.registry import Registry

Lies = Literal["nowhere", "everywhere", "majority", "alone"]
"""Of the files that a worker holds, those on which it lies: none, all, those with a Byzantine majority, or those that
Byzantine workers hold alone."""


@dataclass(frozen=True)
class TargetingTraits:
    """What is known of a targeting apart from the attack that it chooses.

    Attributes:
        lies: on which files workers lie who were not chosen by it, but drawn at random or moved to other places.
        by_membership: whether it always is so, whoever is Byzantine: it does not choose its workers.
        of_copies: whether it chooses which copies of a file disagree, and so makes no sense where there are none.
        permutable: whether it makes sense where workers change places at every step.
        published: what is published about it: "nothing distorted"; the "files held" by Byzantine workers, which are
            lost where a detector works; the "worst case" of the vote; None for an attack that nobody published.
    """

    lies: Lies = "majority"
    by_membership: bool = False
    of_copies: bool = False
    permutable: bool = False
    published: Literal["nothing distorted", "files held", "worst case"] | None = None


TARGETINGS = Registry(
    "attack",
    {
        "none": "aspis_sim.adversary.choices:none",
        "weak": "aspis_sim.adversary.choices:weak",
        "strong": "aspis_sim.adversary.choices:strong",
        "majority": "aspis_sim.adversary.choices:majority_held",
        "frame-up": "aspis_sim.adversary.choices:frame_up",
        "stealth": "aspis_sim.adversary.choices:stealth",
        "blocks": "aspis_sim.adversary.choices:blocks",
        "decoy": "aspis_sim.adversary.choices:decoy",
        "strongest": "aspis_sim.adversary.strongest:strongest",
    },
    TargetingTraits(),
    {
        "none": TargetingTraits("nowhere", by_membership=True, permutable=True, published="nothing distorted"),
        "weak": TargetingTraits("everywhere", by_membership=True, permutable=True, published="files held"),
        "strong": TargetingTraits(permutable=True, published="worst case"),
        "majority": TargetingTraits(by_membership=True, permutable=True, published="worst case"),
        "frame-up": TargetingTraits(of_copies=True),
        "stealth": TargetingTraits("alone", of_copies=True),
        "blocks": TargetingTraits(of_copies=True),
        "decoy": TargetingTraits(of_copies=True),
    },
    filled=("assignment", "q"),
)


def target(name: str, assignment: Assignment, q: int, **parameters: int | float | str | None) -> Attack:
    """Choose Byzantine workers and distorted copies by the targeting ``name``.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter it does not take.
    """
    return TARGETINGS.build(name, assignment=assignment, q=q, **parameters)
