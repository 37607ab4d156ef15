"""Who lied: from the agreement graph of the workers to a verdict, one detector a file.

``DETECTORS["clique"](agreement, max_byzantine=q, assignment=assignment)`` is a `Verdict`. Nothing here
imports jax but `aspis_sim.detection.equality` and `aspis_sim.detection.agreement`, the kernels that build the
graph on the device.
"""

from aspis_sim.detection.clique import detect_by_clique
from aspis_sim.detection.verdict import Detector, DetectorTraits, Outcome, Verdict
from aspis_sim.registry import Registry

DETECTORS = Registry(
    "detector",
    {
        "clique": "aspis_sim.detection.clique:detect_by_clique",
        "sound": "aspis_sim.detection.sound:detect_by_forced_workers",
        "certified": "aspis_sim.detection.certified:certify_values",
        "unanimous": "aspis_sim.detection.unanimous:keep_unanimous_files",
        "minimax": "aspis_sim.detection.minimax:keep_least_forgeable",
        "degree": "aspis_sim.detection.degree:detect_by_degree",
        "none": "aspis_sim.detection.none:detect_nothing",
    },
    DetectorTraits(),
    {
        "clique": DetectorTraits(excludes_to_average=True),
        "sound": DetectorTraits(accuses_only_liars=True),
        "certified": DetectorTraits(certifies=True, keeps_unanimous=True, accuses_only_liars=True),
        "unanimous": DetectorTraits(keeps_unanimous=True, accuses_only_liars=True),
        "minimax": DetectorTraits(certifies=True, selects=True, keeps_unanimous=True, accuses_only_liars=True),
        "degree": DetectorTraits(windowed=True, accuses_only_liars=True),
        "none": DetectorTraits(detects=False),
    },
)


def detector(name: str) -> Detector:
    """Return the detector ``name``, a function ``(agreement, *, max_byzantine, assignment) -> Verdict``.

    Raises:
        InputError: unknown name (the nearest is named).
    """
    return DETECTORS[name]


__all__ = ["DETECTORS", "Detector", "DetectorTraits", "Outcome", "Verdict", "detect_by_clique", "detector"]
