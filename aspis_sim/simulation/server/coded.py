"""A round of DRACO's cyclic code: mixtures of gradients instead of gradients, decoded instead of voted on."""

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.coding.cyclic import CyclicCode
from aspis_sim.detection import Outcome
from aspis_sim.detection.agreement import Views
from aspis_sim.detection.equality import Comparison
from aspis_sim.devices.mesh import Axis
from aspis_sim.models.base import in_float32
from aspis_sim.simulation.exchange import RoundOutcome
from aspis_sim.simulation.server.verdicts import OUTCOMES

EXACT = 1e-3
"""Relative error above which a recovered gradient counts as distorted; decoding in float32 stays far below it."""
UNIQUE, OVER_BUDGET = OUTCOMES.index(Outcome.UNIQUE), OUTCOMES.index(Outcome.OVER_BUDGET)


def recover(
    code: CyclicCode,
    views: Views,
    key: Array,
    axis: Axis,
    parameters: int,
    silent: Array | None = None,
    missing: int = 0,
) -> RoundOutcome:
    """Encode the copies as the workers return them, and decode (Chen et al., ICML 2018).

    A worker with a distorted copy mixes the lie where the file's gradient should be; its return is then wrong as a
    whole. With s workers silent, up to (r - 1 - s) / 2 such workers are located and left out, and the exact mean comes
    back; more of them are reported as a failure, and the step changes nothing; unless more than (r - 1) / 2 holders of
    a file agree on one false gradient for it, or as many are silent as the code has checks, r - 1: neither can any
    decoder tell from the truth, and it shows as distorted files.

    Args:
        code: for the cyclic assignment of the round.
        views: this device's slice of the copies.
        key: of the random projections, which the adversary does not know.
        axis: the devices.
        parameters: d.
        silent: bool ``[K]``, workers of whom nothing arrives; None for none.
        missing: s, how many they are.

    Returns:
        The mean gradient with the located workers left out and the outcome "unique"; or no update, no file kept and
        "over_budget". All files count as distorted if the update is not their mean.
    """
    files = len(views.honest)
    honest, lies = in_float32(views.honest), in_float32(views.lies)  # mixtures are complex, of 32 bits a part at least
    copies = jnp.where(views.distorts[:, :, None], lies[:, None], honest[:, None])
    returned = axis.gather(code.encode(copies), parameters)
    found = code.decode(returned, key, silent, missing)
    update = jnp.where(found.ok, found.total / files, 0)
    exact = axis.gather(mean_over_rows(honest), parameters)
    same = Comparison(EXACT).rows(update[None], exact[None]).equal[0]
    return RoundOutcome(
        update=update,
        honest=~found.located | ~found.ok,
        kept=jnp.broadcast_to(found.ok, files),
        distorted=jnp.broadcast_to(found.ok & ~same, files),
        outcome=jnp.where(found.ok, UNIQUE, OVER_BUDGET).astype(jnp.int8),
    )
