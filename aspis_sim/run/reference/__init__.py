"""A training run in the obvious way, to be read, and for tests to hold the fast one against.

Every copy of every gradient is an array; copies are compared in pairs, a verdict is applied copy by copy, and the
update is a mean or a rule of whole rows. What the fast path is about (views, tiles, layers, devices, compiled tables of
verdicts) is not here, nor are batch norms, augmentation and codes that are decoded.
"""

from aspis_sim.run.reference.round import RoundRecord
from aspis_sim.run.reference.run import reference_run

__all__ = ["RoundRecord", "reference_run"]
