"""The worst lies against a detector, searched over all that the workers can say: exact where the system is
small.

``play(assignment, q, "clique").count`` is the most distorted files that enter one update.
"""

from aspis_sim.game.play import play
from aspis_sim.game.result import OBJECTIVES, Result

__all__ = ["OBJECTIVES", "Result", "play"]
