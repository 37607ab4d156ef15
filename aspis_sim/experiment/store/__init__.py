"""A study on disk: what was asked for, and every run that has ended, each committed whole and known by its content."""

from aspis_sim.experiment.machine import Machine
from aspis_sim.experiment.store.key import Origin
from aspis_sim.experiment.store.parts import Curve, Finished, Record, StoredTrace
from aspis_sim.experiment.store.store import Store

__all__ = ["Curve", "Finished", "Machine", "Origin", "Record", "Store", "StoredTrace"]
