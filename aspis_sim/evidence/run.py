"""Nothing is forgotten: for workers that are Byzantine throughout."""

from __future__ import annotations

from aspis_sim.evidence.base import Fresh


def run() -> Fresh:
    """Keep all disagreements and convictions until the run ends.

    While the same q workers are Byzantine they cover the disagreements of all steps together, as they do those of one:
    what `sound`, `certified` and `unanimous` prove of a step holds of all that was seen. More disagreements leave fewer
    hypotheses, so whoever is excluded stays excluded, and what is certified stays certified. Where other workers become
    Byzantine the assumption breaks, and honest workers are accused of what their places did before: take `window`. The
    same happens to honest copies that do not compare equal once: they are held against their workers for good.
    """
    return lambda step: step == 0
