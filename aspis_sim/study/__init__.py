"""A study: what was asked for, and every run that has ended, each committed whole and known by its content."""

from aspis_sim.run.machine import Machine
from aspis_sim.study.fingerprint import Origin
from aspis_sim.study.records import Curve, StoredRun, StoredTrace
from aspis_sim.study.study import Study

__all__ = ["Curve", "Machine", "Origin", "StoredRun", "StoredTrace", "Study"]
