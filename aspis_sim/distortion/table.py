"""The table of distorted files: every scheme beside the others, for a range of q and kinds of attack."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aspis_sim.assignment import ASSIGNMENTS, Assignment, Shape, build
from aspis_sim.assignment import shape as assignment_shape
from aspis_sim.coding import CODINGS
from aspis_sim.distortion.bounds import second_eigenvalue, spectral_gamma
from aspis_sim.distortion.closed_forms import subset_weak
from aspis_sim.distortion.expectation import expected_distorted
from aspis_sim.distortion.result import check_byzantine
from aspis_sim.distortion.spread_out import spread_out
from aspis_sim.distortion.worst_case import strong_attack, strong_attack_on_subset, worst_case, worst_case_of_subset
from aspis_sim.errors import InputError
from aspis_sim.registry import unknown_name
from aspis_sim.schemes import scheme as registered

KINDS = {"strong": "published", "worst": "worst", "weak": "spread out", "random": "mean"}
"""What is counted under an attack: what the published strong attack distorts, the worst case of the scheme's detector,
workers spread out as thinly as can be, the mean over all sets.

The mean is that of a bare vote for every scheme: files with a Byzantine majority, whatever the detector makes of them.
"""
ATTACKS = tuple(KINDS)


@dataclass(frozen=True)
class Row:
    """One cell of the table; the fields up to ``proof`` are the columns of its CSV.

    Attributes:
        scheme: a registered scheme; the robust rule behind its vote does not matter here.
        assignment: the assignment's registered name.
        workers: K.
        redundancy: r, 1 for the baseline.
        files: f.
        load: l.
        q: Byzantine workers.
        attack: a name of `ATTACKS`.
        distorted_files: c; files lost under the weak attack on the subset assignment; an expectation under ``random``.
        distortion_fraction: c / f.
        proof: how c is known, as `worst_case` says it; ``"exact expectation"`` under ``random``.
        bound: what c is proven not to pass (from below, under ``weak``); c itself when it is exact.
        gamma: ByzShield's spectral bound on c under the strong attack, from the assignment's own second
            eigenvalue; None for other attacks, without redundancy, and on `subset`, which has its closed
            form.
        expected: files with a Byzantine majority on average over all sets of q workers, where ``weak`` spreads the
            workers out; None for other attacks, and where all sets are alike: on `subset`, and without redundancy.
    """

    scheme: str
    assignment: str
    workers: int
    redundancy: int
    files: int
    load: int
    q: int
    attack: str
    distorted_files: int | float
    distortion_fraction: float
    proof: str
    bound: int | float
    gamma: float | None
    expected: float | None = None


COLUMNS = (
    "scheme",
    "assignment",
    "workers",
    "redundancy",
    "files",
    "load",
    "q",
    "attack",
    "distorted_files",
    "distortion_fraction",
    "proof",
)


def distortion_rows(
    workers: int,
    redundancy: int,
    byzantine: Iterable[int],
    *,
    schemes: Iterable[str] = ("aspis", "byzshield", "detox", "median"),
    attacks: Iterable[str] = ("strong",),
    assignments: Mapping[str, str] | None = None,
    detectors: Mapping[str, str] | None = None,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    time_limit: float | None = None,
) -> Iterator[Row]:
    """Yield the rows of the distortion table, scheme by scheme, attack by attack, q by q, as they are found.

    Everything asked for is checked before the first row.

    Args:
        workers: K.
        redundancy: r; the baseline's is 1 whatever is asked.
        byzantine: the values of q.
        schemes: registered names.
        attacks: ``strong`` (as published, against the scheme's detector), ``worst`` (the most that any lies can bring
            past the scheme's detector, as far as known), ``weak`` (spread-out placement), ``random`` (files with a
            Byzantine majority, an exact expectation over all sets of q workers; the same for every set on `subset`).
        assignments: another assignment for a scheme, such as ``{"byzshield": "ramanujan-2"}``.
        detectors: another detector for a scheme, such as ``{"aspis": "sound"}``.
        parameters: further parameters of a scheme's assignment, such as ``{"aspis+": {"pair_files": 2}}``.
        time_limit: seconds for one search of a worst case.

    Raises:
        InputError: an unknown scheme or attack, a scheme without a vote, a q that is not below K/2, or an assignment
            that does not exist for this K and r.
    """
    schemes, attacks, byzantine = list(schemes), list(attacks), list(byzantine)
    for attack in attacks:
        if attack not in ATTACKS:
            raise unknown_name("attack", attack, ATTACKS)
    for q in byzantine:
        check_byzantine(workers, q)
    requests = []
    for scheme in schemes:
        coding = str(registered(scheme).fills.get("coding", "none"))
        if CODINGS.traits(coding).mixes:
            raise InputError(
                f"scheme {scheme} holds no vote: of its workers' K means q are distorted; take a scheme that compares "
                "copies"
            )
        name = (assignments or {}).get(scheme) or registered(scheme).assignment
        request = {
            "workers": workers,
            "redundancy": redundancy if ASSIGNMENTS.traits(name).redundant else 1,
            **(parameters or {}).get(scheme, {}),
        }
        detector = (detectors or {}).get(scheme) or str(registered(scheme).fills["detector"])
        requests.append((scheme, name, detector, request, assignment_shape(name, **request)))
    return _rows(requests, byzantine, attacks, time_limit)


def _rows(
    requests: list[tuple[str, str, str, dict[str, Any], Shape]],
    byzantine: list[int],
    attacks: list[str],
    time_limit: float | None,
) -> Iterator[Row]:
    for scheme, name, detector, request, (files, load) in requests:
        workers, redundancy = request["workers"], request["redundancy"]
        # the subset assignment has closed forms, and its table of groups may be large
        assignment = None if ASSIGNMENTS.traits(name).complete else build(name, **request)
        eigenvalue = None if assignment is None or redundancy < 3 else second_eigenvalue(assignment)
        for attack in attacks:
            for q in byzantine:
                count, bound, proof = _count(assignment, detector, files, workers, redundancy, q, attack, time_limit)
                gamma = None
                if KINDS[attack] == "published" and eigenvalue is not None:
                    gamma = spectral_gamma(q, load, redundancy, workers, eigenvalue)
                expected = None
                if KINDS[attack] == "spread out" and assignment is not None and redundancy > 1:
                    expected = float(expected_distorted(files, workers, redundancy, q))
                yield Row(
                    scheme, name, workers, redundancy, files, load, q, attack,
                    count, count / files, proof, bound, gamma, expected,
                )  # fmt: skip


def _count(
    assignment: Assignment | None,
    detector: str,
    files: int,
    workers: int,
    redundancy: int,
    q: int,
    attack: str,
    time_limit: float | None,
) -> tuple[int | float, int | float, str]:
    """c, what is proven of it, and how; no assignment stands for `subset`."""
    kind = KINDS[attack]
    if kind == "mean":
        mean = float(expected_distorted(files, workers, redundancy, q))
        return mean, mean, "exact expectation"
    if assignment is None and kind == "spread out":
        count = subset_weak(q, redundancy)
        return count, count, "closed form"
    if assignment is None:
        found = (worst_case_of_subset if kind == "worst" else strong_attack_on_subset)(workers, redundancy, q, detector)
    elif kind == "spread out":
        found = spread_out(assignment, q)
    else:
        found = (worst_case if kind == "worst" else strong_attack)(assignment, q, detector, time_limit)
    return found.count, found.bound, found.proof


def against(share: float) -> str:
    """A reduction 1 - ours / theirs in words: ``17% lower``, ``the same`` or ``9.1 times as high``."""
    if share == 0:
        return "the same"
    return f"{share:.1%} lower" if share > 0 else f"{1 - share:.3g} times as high"


@dataclass(frozen=True)
class Reduction:
    """By how much one scheme reduces ε against others: the extremes over q and rivals.

    Attributes:
        workers: K.
        redundancy: r.
        least: smallest 1 - ε(aspis) / ε(rival).
        least_at: its q and rival.
        most: largest 1 - ε(aspis) / ε(rival).
        most_at: its q and rival.
    """

    workers: int
    redundancy: int
    least: float
    least_at: tuple[int, str]
    most: float
    most_at: tuple[int, str]

    @property
    def sentence(self) -> str:
        """The range in one line; where a rival's fraction is no larger, Aspis reduces nothing and none is claimed."""
        if self.least <= 0:
            return (
                f"Against its rivals', Aspis's distortion fraction is {against(self.least)} "
                f"(q={self.least_at[0]}, against {self.least_at[1]}) to {against(self.most)} "
                f"(q={self.most_at[0]}, against {self.most_at[1]}) "
                f"at K={self.workers}, r={self.redundancy} under the strong attack."
            )
        return (
            f"Aspis reduces the distortion fraction by {self.least:.1%} "
            f"(q={self.least_at[0]}, against {self.least_at[1]}) to {self.most:.1%} "
            f"(q={self.most_at[0]}, against {self.most_at[1]}) "
            f"at K={self.workers}, r={self.redundancy} under the strong attack."
        )


def reduction(workers: int) -> Reduction:
    """Compare Aspis with its published rivals under the strong attack, for every q from 2 to below K/2 and r = 3.

    Raises:
        InputError: K is too small for q = 2, or an assignment does not exist for this K and r.
    """
    byzantine = range(2, (workers + 1) // 2)
    if not byzantine:
        raise InputError(f"workers {workers}: q = 2 needs at least 5 workers")
    redundancy, rivals = 3, ("byzshield", "detox", "median")
    fraction = {
        (row.scheme, row.q): row.distortion_fraction
        for row in distortion_rows(workers, redundancy, byzantine, schemes=["aspis", *rivals])
    }
    cuts = [
        (1 - fraction["aspis", q] / fraction[rival, q], (q, rival))
        for rival in rivals
        for q in byzantine
        if fraction[rival, q]
    ]
    (least, least_at), (most, most_at) = min(cuts), max(cuts)
    return Reduction(workers, redundancy, least, least_at, most, most_at)
