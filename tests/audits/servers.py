"""Servers for tests: with a policy, a number of audits and a memory."""

from aspis_sim.audits import audit_policy
from aspis_sim.evidence import evidence
from aspis_sim.simulation.server.memory import Auditor
from tests.audited_tokens import Server


def server_of(assignment, q, audits=1, policy="disputed-first", memory="run"):
    return Server(assignment, q, Auditor(evidence(memory), audit_policy(policy), audits))
