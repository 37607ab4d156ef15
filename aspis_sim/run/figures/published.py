"""The distortion fraction that was published for what a cell runs: the scheme's authors' own figure, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.adversary.timing import TIMINGS
from aspis_sim.coding import CODINGS
from aspis_sim.distortion import strong_attack
from aspis_sim.distortion.closed_forms import repetition_weak, subset_weak
from aspis_sim.spec.part import parse_part

if TYPE_CHECKING:
    from aspis_sim.run.resolve import Job

DETECTOR_OF = {
    "baseline": "none",
    "repetition": "none",
    "mols": "none",
    "ramanujan-1": "none",
    "ramanujan-2": "none",
    "subset": "clique",
    "bibd": "degree",
}
"""Assignment -> the detector beside which its distortion was published, for DETOX, DRACO, ByzShield, Aspis, Aspis+."""


def published_fraction(job: Job) -> float | None:
    """The published distortion fraction, None where nobody published one.

    Without lies it is 0, and so it is for a code within its guarantee of (r - 1) / 2 workers. Under ``strong`` and
    ``majority`` it is the worst case: Theorem 1 of Konstantinidis et al. (arXiv 2208.08085) on the subset assignment,
    else the most files in which q workers have a majority. Under ``weak`` it is published for three assignments: the
    C(q, r) files lost with the detected workers on the subset assignment, the majorities of workers spread over the
    groups of the repetition assignment, and q without redundancy. Nothing is published on other attacks, nor on a
    scheme's assignment under a detector that is not its own or is told another q, nor where means are returned,
    nor on lies that are told in some steps only.
    """
    cell, assignment = job.cell, job.assignment
    attack = parse_part(cell.attack)
    published = TARGETINGS.traits(attack.name).published
    if published == "nothing distorted" or cell.q == 0:
        return 0.0
    if cell.silent or not TIMINGS.traits(parse_part(cell.timing).name).every_step:
        return None
    code = CODINGS.traits(cell.coding)
    if code.mixes:
        return None
    if code.decodes:
        return 0.0 if 2 * cell.q < assignment.redundancy else None
    if cell.detector != "none" and job.believed_q != cell.q:
        return None
    if published is None or DETECTOR_OF.get(parse_part(cell.assignment).name) != cell.detector:
        return None
    q, redundancy, files = cell.q, assignment.redundancy, len(assignment.files)
    if published == "worst case":
        return strong_attack(assignment, q, cell.detector).fraction
    if assignment.complete:
        return subset_weak(q, redundancy) / files
    spread = attack.options.get("placement", "spread") == "spread" and cell.adversary_window is None
    if redundancy == 1 or (assignment.disjoint and spread and not cell.permute):
        return repetition_weak(assignment.workers, redundancy, q) / files
    return None
