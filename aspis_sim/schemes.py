"""Schemes: an assignment, a detector and a robust rule under the name that the field knows them by."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from aspis_sim.registry import unknown_name


@dataclass(frozen=True)
class Scheme:
    """A preset of parts; each can be overridden in a cell.

    Attributes:
        name: as on the command line.
        assignment: registered name.
        detector: registered name, "none" for no detection.
        rule: registered name of the robust rule over the votes.
        after_detection: "average" or "rule", see `aspis_sim.simulation.RunShape`.
        permute: whether the workers change places in the assignment at every step.
        coding: "cyclic" for mixtures of gradients that are decoded instead of voted on, else "none".
        summary: one line of help with the source.
    """

    name: str
    assignment: str
    detector: str
    rule: str
    summary: str
    after_detection: Literal["average", "rule"] = "average"
    permute: bool = False
    coding: Literal["none", "cyclic"] = "none"


SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme
    for scheme in (
        Scheme(
            "aspis",
            "subset",
            "clique",
            "median",
            "Aspis as published: subset assignment, unique maximum clique, else vote and median "
            "(Konstantinidis, Ramamoorthy, Vaswani 2023)",
        ),
        Scheme(
            "aspis-certified",
            "subset",
            "certified",
            "median_of_means",
            "the mean of the values that no set of q workers can have forged; if there are none, the files whose "
            "remaining copies all agree, by the median of bucket means (found for this project)",
        ),
        Scheme(
            "aspis-sound",
            "subset",
            "sound",
            "median_of_means:per_lie=2",
            "excludes only workers whose guilt follows from the graph, then vote and median of bucket means "
            "(found for this project)",
        ),
        Scheme(
            "aspis-unanimous",
            "subset",
            "unanimous",
            "median_of_means",
            "excludes as aspis-sound does and keeps the files whose remaining copies all agree, by the median of "
            "bucket means (found for this project)",
        ),
        Scheme(
            "aspis+",
            "bibd",
            "degree",
            "median",
            "Aspis+ as published: block design with its points permuted at every step, degree detection over windows, "
            "else vote and median (Konstantinidis, Ramamoorthy, Vaswani 2023)",
            permute=True,
        ),
        Scheme(
            "byzshield",
            "mols",
            "none",
            "median",
            "ByzShield: orthogonal Latin squares, vote and median (Konstantinidis, Ramamoorthy 2021)",
        ),
        Scheme(
            "detox",
            "repetition",
            "none",
            "median",
            "DETOX: repetition groups, vote and median (Rajput, Wang, Charles, Papailiopoulos 2019)",
        ),
        Scheme(
            "draco-repetition",
            "repetition",
            "none",
            "average",
            "DRACO with the repetition code: the vote of every group, then the mean; exact for q up to (r - 1) / 2 "
            "(Chen, Wang, Charles, Papailiopoulos 2018)",
        ),
        Scheme(
            "draco-cyclic",
            "cyclic",
            "none",
            "average",
            "DRACO with the cyclic code: mixtures of gradients, decoded exactly for q up to (r - 1) / 2; beyond, the "
            "step is dropped when decoding fails (Chen, Wang, Charles, Papailiopoulos 2018)",
            coding="cyclic",
        ),
        Scheme("median", "baseline", "none", "median", "no redundancy, coordinate-wise median"),
        Scheme("multi_krum", "baseline", "none", "multi_krum", "no redundancy, Multi-Krum; needs K >= 2q + 3"),
        Scheme("bulyan", "baseline", "none", "bulyan", "no redundancy, Bulyan; needs K >= 4q + 3"),
        Scheme("signsgd", "baseline", "none", "sign_majority", "no redundancy, majority of the signs"),
        Scheme("average", "baseline", "none", "average", "no redundancy, no defence: the plain mean"),
    )
}


def scheme(name: str) -> Scheme:
    """Return the preset ``name``.

    Raises:
        InputError: unknown name (the nearest is named).
    """
    if name not in SCHEMES:
        raise unknown_name("scheme", name, SCHEMES)
    return SCHEMES[name]


def schemes(names: Iterable[str]) -> tuple[Scheme, ...]:
    """Return the presets of these names, each once, in the order given."""
    return tuple(scheme(name) for name in dict.fromkeys(names))
