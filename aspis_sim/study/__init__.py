"""A study on disk: what was asked for, and every run that has ended, each committed whole and known by its content."""

from aspis_sim.run.machine import Machine
from aspis_sim.study.fingerprint import Origin
from aspis_sim.study.records import Curve, Finished, Record, StoredTrace
from aspis_sim.study.store import Store

__all__ = ["Curve", "Finished", "Machine", "Origin", "Record", "Store", "StoredTrace"]
