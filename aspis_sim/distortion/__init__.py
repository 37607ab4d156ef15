"""How many files an adversary can distort: closed forms, proven worst cases, bounds and tables."""

from aspis_sim.distortion.result import Placement
from aspis_sim.distortion.spread_out import spread_out
from aspis_sim.distortion.worst_case import strong_attack, worst_case

__all__ = ["Placement", "spread_out", "strong_attack", "worst_case"]
