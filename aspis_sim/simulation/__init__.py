"""One round, one training run, and the devices that simulate the workers."""

from aspis_sim.simulation.run import Numbers, Program, Run, Score, Trace, program
from aspis_sim.simulation.shape import RunShape

__all__ = ["Numbers", "Program", "Run", "RunShape", "Score", "Trace", "program"]
