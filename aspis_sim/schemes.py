"""Schemes: an assignment, a detector and a robust rule under the name that the field knows them by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aspis_sim.registry import unknown_name


@dataclass(frozen=True)
class Scheme:
    """A preset of settings; each can be overridden.

    Attributes:
        name: as it is asked for.
        family: shared by the schemes that are variants of one another, and so no rivals.
        look: number of its colour and marker in figures, the same whatever other schemes there are; None for any.
        summary: one line of help with the source.
        fills: setting -> value, for those settings of a cell that the scheme decides unless a value is given.
    """

    name: str
    family: str
    summary: str
    look: int | None = None
    fills: Mapping[str, Any] = field(default_factory=dict)

    @property
    def assignment(self) -> str:
        """Name of its assignment, which every scheme has."""
        return str(self.fills["assignment"])


def _scheme(
    look: int, name: str, assignment: str, detector: str, rule: str, summary: str, family: str = "", **fills: Any
) -> Scheme:
    parts = {"assignment": assignment, "detector": detector, "rule": rule}
    return Scheme(name, family or name, summary, look, parts | fills)


SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme
    for scheme in (
        _scheme(
            0,
            "aspis",
            "subset",
            "clique",
            "median",
            "Aspis as published: subset assignment, unique maximum clique, else vote and median "
            "(Konstantinidis, Ramamoorthy, Vaswani 2023)",
            after_detection="published",
        ),
        _scheme(
            1,
            "aspis-certified",
            "subset",
            "certified",
            "median_of_means",
            "the mean of the values that no set of q workers can have forged; if there are none, the files whose "
            "remaining copies all agree, by the median of bucket means (found for this project)",
            family="aspis",
        ),
        _scheme(
            2,
            "aspis-sound",
            "subset",
            "sound",
            "median_of_means:per_lie=2",
            "excludes only workers whose guilt follows from the graph, then vote and median of bucket means "
            "(found for this project)",
            family="aspis",
        ),
        _scheme(
            3,
            "aspis-unanimous",
            "subset",
            "unanimous",
            "median_of_means",
            "excludes as aspis-sound does and keeps the files whose remaining copies all agree, by the median of "
            "bucket means (found for this project)",
            family="aspis",
        ),
        _scheme(
            17,
            "aspis-minimax",
            "subset",
            "minimax",
            "median_of_means",
            "as aspis-certified, but if nothing is certified, the files of which q workers can have forged the least "
            "share, by the median of bucket means (found for this project)",
            family="aspis",
        ),
        _scheme(
            4,
            "aspis+",
            "bibd",
            "degree",
            "median",
            "Aspis+ as published: block design with its points permuted at every step, degree detection over windows, "
            "else vote and median (Konstantinidis, Ramamoorthy, Vaswani 2023)",
            family="aspis",
            permute=True,
            after_detection="published",
        ),
        _scheme(
            5,
            "byzshield",
            "mols",
            "none",
            "median",
            "ByzShield: orthogonal Latin squares, vote and median (Konstantinidis, Ramamoorthy 2021)",
        ),
        _scheme(
            6,
            "detox",
            "repetition",
            "none",
            "median",
            "DETOX: repetition groups, vote and median (Rajput, Wang, Charles, Papailiopoulos 2019)",
        ),
        _scheme(
            7,
            "draco-repetition",
            "repetition",
            "none",
            "average",
            "DRACO with the repetition code: the vote of every group, then the mean; exact for q up to (r - 1) / 2 "
            "(Chen, Wang, Charles, Papailiopoulos 2018)",
            family="draco",
        ),
        _scheme(
            8,
            "draco-cyclic",
            "cyclic",
            "none",
            "average",
            "DRACO with the cyclic code: mixtures of gradients, decoded exactly for q up to (r - 1) / 2; beyond, the "
            "step is dropped when decoding fails (Chen, Wang, Charles, Papailiopoulos 2018)",
            family="draco",
            coding="cyclic",
        ),
        _scheme(
            14,
            "aspis-audited",
            "subset",
            "certified",
            "median_of_means",
            "aspis-certified, with one file a step computed by the server too: whoever returned another gradient is "
            "convicted and stays out (found for this project, after Gupta and Vaidya 2019)",
            family="aspis",
            evidence="run",
            audits=1,
        ),
        _scheme(
            15,
            "audited",
            "baseline",
            "certified",
            "median_of_means",
            "no redundancy: one file a step computed by the server too, workers whose gradient is another are "
            "convicted and stay out, the median of bucket means of the others (after Gupta and Vaidya 2019)",
            evidence="run",
            audits=1,
        ),
        _scheme(
            16,
            "coded-mean",
            "subset",
            "none",
            "nnm+trimmed_mean",
            "each worker returns one vector, the mean of its files' gradients; a robust rule instead of a vote (after "
            "CRA-DL, Li, Xiao, Skoglund 2025, and LAD, Li, Allouah, Guerraoui, Skoglund, Xiao 2026)",
            coding="mean",
        ),
        _scheme(9, "median", "baseline", "none", "median", "no redundancy, coordinate-wise median"),
        _scheme(10, "multi_krum", "baseline", "none", "multi_krum", "no redundancy, Multi-Krum; needs K >= 2q + 3"),
        _scheme(11, "bulyan", "baseline", "none", "bulyan", "no redundancy, Bulyan; needs K >= 4q + 3"),
        _scheme(12, "signsgd", "baseline", "none", "sign_majority", "no redundancy, majority of the signs"),
        _scheme(13, "average", "baseline", "none", "average", "no redundancy, no defence: the plain mean"),
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


def family(name: str) -> str:
    """The family of a scheme; a scheme that is not registered here is one of its own."""
    return SCHEMES[name].family if name in SCHEMES else name
