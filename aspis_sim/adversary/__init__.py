"""Who lies, about which files, and with what."""

from aspis_sim.adversary.payloads import PAYLOADS, Payload, payload

__all__ = ["PAYLOADS", "Payload", "payload"]
