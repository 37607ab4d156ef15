"""What the server remembers of earlier steps, and the audits that add to it, as explicit state."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import jax
import jax.numpy as jnp
from jax import Array

from aspis_sim.audits import audit_policy
from aspis_sim.audits.base import Docket, Policy
from aspis_sim.detection.agreement import Agreement
from aspis_sim.evidence import evidence
from aspis_sim.evidence.base import Fresh
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.part import parse_part


class Evidence(NamedTuple):
    """What has been seen since the memory began.

    Attributes:
        agrees: bool ``[K, K]``, pairs that have never disagreed.
        convicted: bool ``[K]``, workers of which an audit has shown a copy to be false.
        disputes: int, disputed files that were audited, over the whole run.
    """

    agrees: Array
    convicted: Array
    disputes: Array

    def after(self, graph: Array) -> Self:
        """With the agreement graph of a step."""
        return self._replace(agrees=self.agrees & graph)

    def shown(self, graph: Array) -> Array:
        """What a detector is shown of a step with this agreement graph ``[K, K]``: that of all that has been seen.

        A convicted worker agrees with nobody. Without K - 1 >= 2q edges it is in every cover of the disagreements by at
        most q workers, so that every detector excludes it, and reads the rest as one with that many fewer of them.
        """
        innocent = ~self.convicted
        seen = self.agrees & graph & innocent[:, None] & innocent[None, :]
        return seen | jnp.eye(len(innocent), dtype=bool)


def no_evidence(workers: int) -> Evidence:
    """The memory before the first step."""
    return Evidence(jnp.ones((workers, workers), bool), jnp.zeros(workers, bool), jnp.int32(0))


def docket_of(agree: Array, live: Array, spare: Array) -> Docket:
    """What is known of the files before an audit.

    Args:
        agree: bool ``[f, r, r]``, which copies of a file are equal.
        live: bool ``[f, r]``, copies that have arrived, of workers that are not convicted.
        spare: int, Byzantine workers at most that are not convicted yet.
    """
    owners = live.sum(1)
    both = live[:, :, None] & live[:, None, :]
    disputed = (both & ~agree).any((1, 2))
    return Docket(disputed, ~disputed & (owners > 0) & (owners <= spare), owners == 0)


@dataclass(frozen=True)
class Auditor:
    """How the server remembers, and what it computes itself.

    Attributes:
        fresh: whether it forgets, before a step, what it has seen.
        policy: the order in which it audits files.
        count: m, audits a step; at most f.
    """

    fresh: Fresh
    policy: Policy
    count: int

    def recall(self, known: Evidence, step: Array) -> Evidence:
        """What is still known before a step; of what is forgotten, the count of disputes alone goes on."""
        fresh = jnp.asarray(self.fresh(step))
        return known._replace(agrees=known.agrees | fresh, convicted=known.convicted & ~fresh)

    def audit(
        self,
        known: Evidence,
        agreement: Agreement,
        files: Array,
        told: Array,
        key: Array,
        silent: Array | None = None,
    ) -> tuple[Evidence, Array]:
        """Compute files of a step at the server, one after another, and convict whoever returned something else.

        Args:
            known: before this step.
            agreement: of its copies.
            files: int ``[f, r]``, the workers of each file.
            told: q, Byzantine workers at most.
            key: of the draw among files of equal rank.
            silent: bool ``[K]``, workers of whom nothing has arrived in it; None for none.

        Returns:
            The evidence with those convicted, and which files were audited, bool ``[f]``.

        Each audit is chosen after the one before it has been read: what a convicted worker disputed is no dispute any
        more. A file whose own gradient is not finite convicts nobody.
        """
        refuted = agreement.refuted()
        draws = jax.random.uniform(key, (self.count, len(files)))

        def one(number: Array, so_far: tuple[Evidence, Array]) -> tuple[Evidence, Array]:
            seen, audited = so_far
            out = seen.convicted if silent is None else seen.convicted | silent
            docket = docket_of(agreement.agree, ~out[files], told - seen.convicted.sum())
            file = jnp.argmax(jnp.where(audited, -1.0, self.policy(docket) + draws[number]))
            convicted = seen.convicted.at[files[file]].max(refuted[file])
            disputes = seen.disputes + docket.disputed[file]
            return seen._replace(convicted=convicted, disputes=disputes), audited.at[file].set(True)

        return jax.lax.fori_loop(0, self.count, one, (known, jnp.zeros(len(files), bool)))


def auditor_of(settings: Cell) -> Auditor:
    """The auditor that a cell asks for."""
    memory, order = parse_part(settings.evidence), parse_part(settings.audit_policy)
    return Auditor(evidence(memory.name, **memory.options), audit_policy(order.name, **order.options), settings.audits)
