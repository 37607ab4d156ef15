"""Which files the server computes itself, to hold the workers' copies against the truth: one policy a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aspis_sim.registry import Registry

if TYPE_CHECKING:
    from aspis_sim.audits.base import Policy

AUDIT_POLICIES: Registry[None] = Registry(
    "audit policy",
    {
        "disputed-first": "aspis_sim.audits.disputed_first:disputed_first",
        "random": "aspis_sim.audits.random:random",
    },
)


def audit_policy(name: str, **parameters: Any) -> Policy:
    """Build the policy ``name``: from what the server knows of the files to the order in which it audits them.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter that it does not take or cannot have.
    """
    return AUDIT_POLICIES.build(name, **parameters)


__all__ = ["AUDIT_POLICIES", "audit_policy"]
