"""How many files an adversary can distort: closed forms, proven worst cases, bounds and tables."""

from aspis_sim.distortion.worst_case import WorstCase, worst_case

__all__ = ["WorstCase", "worst_case"]
