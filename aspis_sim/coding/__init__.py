"""Codes of DRACO: what workers return instead of plain gradients, and how the server gets the exact sum back.

DRACO's repetition code needs nothing from here: workers return plain gradients, and its decoder is the majority vote
over groups, `assignment.repetition` with `aggregation.vote`.
"""

from aspis_sim.coding.cyclic import CyclicCode, Decoded, cyclic_code
from aspis_sim.coding.location import Located

__all__ = ["CyclicCode", "Decoded", "Located", "cyclic_code"]
