"""Disputes first, since each convicts somebody; then files that may hold a lie that nobody contradicts."""

from __future__ import annotations

from jax import Array

from aspis_sim.audits.base import Docket, Policy


def disputed_first() -> Policy:
    """Audit disputed files, then doubtful ones, then those that nobody is left to compute, and what is certain last.

    An audit of a disputed file convicts at least one worker, so at most q audits of a whole run settle all disputes.
    Of the doubtful files every one is as likely to be audited as any other: a unanimous lie is found with a chance of
    at least m / f.
    """

    def rank(docket: Docket) -> Array:
        return 3 * docket.disputed + 2 * docket.doubtful + docket.ownerless

    return rank
