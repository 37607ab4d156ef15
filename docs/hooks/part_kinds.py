"""The kinds of parts that have pages: where these lie, what stands on top, and how a part is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.adversary.timing import TIMINGS
from aspis_sim.aggregation import PREAGGREGATIONS, RULES
from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.audits import AUDIT_POLICIES
from aspis_sim.augmentations import AUGMENTATIONS
from aspis_sim.clusters import CLUSTERS
from aspis_sim.data import DATASETS
from aspis_sim.detection import DETECTORS
from aspis_sim.evidence import EVIDENCE
from aspis_sim.models import MODELS
from aspis_sim.optimizers import OPTIMIZERS
from aspis_sim.partitions import PARTITIONS
from aspis_sim.registry import Registry
from aspis_sim.schedules import SCHEDULES
from aspis_sim.schemes import SCHEMES, Scheme
from aspis_sim.silence import SILENCES


@dataclass(frozen=True)
class Kind:
    """A kind of part.

    Attributes:
        folder: of its pages.
        title: in the table of contents.
        parts: its registry.
        about: what the kind is, in a sentence.
        command: how a part is named on the command line, with {name} in its place.
        instead: name -> the command of a part that needs something more.
    """

    folder: str
    title: str
    parts: Registry | dict[str, Scheme]
    about: str
    command: str
    instead: Mapping[str, str] = field(default_factory=dict)

    def command_of(self, name: str) -> str:
        """How the part is named on the command line."""
        return self.instead.get(name, self.command).format(name=name)


KINDS = (
    Kind(
        "schemes",
        "Schemes",
        SCHEMES,
        "A scheme is an assignment, a detector and a robust rule under the name that the field knows them by.",
        "aspis-sim sweep --q 1..3 --attack strong --scheme {name}",
    ),
    Kind(
        "attacks",
        "Attacks",
        TARGETINGS,
        "An attack chooses who is Byzantine, and about which files they lie.",
        "aspis-sim sweep --q 1..3 --attack {name}",
    ),
    Kind(
        "timings",
        "Timing of lies",
        TIMINGS,
        "A timing says in which steps the Byzantine workers lie.",
        "aspis-sim sweep --q 1..3 --attack strong --timing {name}",
    ),
    Kind(
        "payloads",
        "Payloads",
        PAYLOADS,
        "A payload is what a distorted copy holds instead of the gradient.",
        "aspis-sim sweep --q 1..3 --attack strong --payload {name}",
    ),
    Kind(
        "rules",
        "Rules",
        RULES,
        "A rule makes one update of the values that the vote leaves.",
        "aspis-sim sweep --q 1..3 --attack strong --scheme median --aggregator {name}",
    ),
    Kind(
        "preaggregations",
        "Steps before a rule",
        PREAGGREGATIONS,
        "A step before a rule changes the rows that it sees.",
        "aspis-sim sweep --q 1..3 --attack strong --scheme median --aggregator {name}+median",
        {"bucketing": "aspis-sim sweep --q 1..3 --attack strong --scheme median --aggregator {name}+median:size=2"},
    ),
    Kind(
        "assignments",
        "Assignments",
        ASSIGNMENTS,
        "An assignment says which workers compute which file.",
        "aspis-sim distortion --workers 15 --assignment {name}",
    ),
    Kind(
        "detectors",
        "Detectors",
        DETECTORS,
        "A detector reads from the agreement graph of the workers who is Byzantine.",
        "aspis-sim detect --q 1..3 --attack weak,strong --detector {name}",
    ),
    Kind(
        "silences",
        "Silence",
        SILENCES,
        "Workers that have crashed or come too late return nothing; a silence says which honest workers those are.",
        "aspis-sim sweep --q 1..3 --attack strong --silent 2 --silence {name}",
    ),
    Kind(
        "evidence",
        "What the server remembers",
        EVIDENCE,
        "Disagreements and convictions of earlier steps count as long as the server remembers them.",
        "aspis-sim sweep --q 1..3 --attack strong --scheme aspis-certified --evidence {name}",
        {"window": "aspis-sim sweep --q 1..3 --attack strong --scheme aspis-certified --evidence {name}:length=50"},
    ),
    Kind(
        "audits",
        "Audit policies",
        AUDIT_POLICIES,
        "A policy says which files the server computes itself, to convict whoever returned something else.",
        "aspis-sim sweep --q 1..3 --attack strong --scheme aspis-audited --audit-policy {name}",
    ),
    Kind(
        "datasets",
        "Data sets",
        DATASETS,
        "A data set is split into train, validation and test, and checked against its sum.",
        "aspis-sim data verify {name}",
    ),
    Kind(
        "partitions",
        "Partitions",
        PARTITIONS,
        "A partition shares the training samples out over the files; those of all but iid hold different data.",
        "aspis-sim train --scheme median --q 1 --heterogeneity {name}",
    ),
    Kind(
        "models",
        "Models",
        MODELS,
        "A model maps inputs to scores.",
        "aspis-sim train --scheme median --q 1 --model {name}",
        dict.fromkeys(
            ("lenet", "resnet8", "resnet18"), "aspis-sim train --scheme median --q 1 --dataset cifar10 --model {name}"
        ),
    ),
    Kind(
        "optimizers",
        "Optimizers",
        OPTIMIZERS,
        "An optimizer says along what the server moves the weights, given the update of a step.",
        "aspis-sim train --scheme median --q 1 --optimizer {name}",
    ),
    Kind(
        "schedules",
        "Schedules",
        SCHEDULES,
        "A schedule says what the learning rate is multiplied by from step to step.",
        "aspis-sim train --scheme median --q 1 --schedule {name}",
    ),
    Kind(
        "augmentations",
        "Augmentations",
        AUGMENTATIONS,
        "An augmentation changes a training image before its gradient is taken.",
        "aspis-sim train --scheme median --q 1 --dataset cifar10 --model resnet8 --augment {name}",
    ),
    Kind(
        "clusters",
        "Clusters",
        CLUSTERS,
        "A cluster says how fast workers, server and network are; the time of a run on it is modelled.",
        "aspis-sim sweep --q 1..3 --attack strong --cluster {name}",
    ),
)


FOLDERS = {id(kind.parts): kind.folder for kind in KINDS}
"""Of the pages of a registry's parts, by its identity."""


def linked(parts: object, name: str, to: str, text: str = "") -> str:
    """A part's name as a link to its page, or as code where its kind has no pages.

    Args:
        parts: its registry.
        name: of the part.
        to: the folder with the folders of all kinds, as it is reached from the page with the link.
        text: that is shown; empty for the name.
    """
    folder = FOLDERS.get(id(parts))
    return f"[{text or name}]({to}{folder}/{name}.md)" if folder else f"`{text or name}`"
