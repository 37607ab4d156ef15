"""One round, one training run, and the devices that simulate the workers."""

from aspis_sim.gradients.network import Network, Score, network
from aspis_sim.simulation.program import Program, compilations, compiled
from aspis_sim.simulation.run import Run
from aspis_sim.simulation.shape import RunShape
from aspis_sim.simulation.state import Feed, State, Trace

__all__ = [
    "Feed",
    "Network",
    "Program",
    "Run",
    "RunShape",
    "Score",
    "State",
    "Trace",
    "compilations",
    "compiled",
    "network",
]
