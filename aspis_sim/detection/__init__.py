"""Who lied: from the agreement graph of the workers to a verdict, one detector a file.

``DETECTORS["clique"](agreement, max_byzantine=q, assignment=assignment)`` is a `Verdict`. Nothing here
imports jax; the kernels that build the graph on the device are in `aspis_sim.detection.equality` and its
neighbour.
"""

from aspis_sim.detection.clique import detect_by_clique
from aspis_sim.detection.verdict import Detector, Outcome, Verdict
from aspis_sim.registry import Registry

DETECTORS = Registry(
    "detector",
    {
        "clique": "aspis_sim.detection.clique:detect_by_clique",
        "sound": "aspis_sim.detection.sound:detect_by_forced_workers",
        "certified": "aspis_sim.detection.certified:certify_values",
        "unanimous": "aspis_sim.detection.unanimous:keep_unanimous_files",
        "degree": "aspis_sim.detection.degree:detect_by_degree",
        "none": "aspis_sim.detection.none:detect_nothing",
    },
)


def detector(name: str) -> Detector:
    """Return the detector ``name``, a function ``(agreement, *, max_byzantine, assignment) -> Verdict``.

    Raises:
        InputError: unknown name (the nearest is named).
    """
    return DETECTORS[name]


__all__ = ["DETECTORS", "Detector", "Outcome", "Verdict", "detect_by_clique", "detector"]
