"""The farsighted payload: it searches for the lies after which the validation loss is highest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from aspis_sim.adversary.payloads import payload
from aspis_sim.adversary.payloads.alie import deviation
from aspis_sim.adversary.payloads.attempts import Family, Scene, Search
from aspis_sim.adversary.payloads.base import Payload, Prospect, Reach
from aspis_sim.adversary.payloads.families import length, starts
from aspis_sim.adversary.payloads.lookahead import worst
from aspis_sim.adversary.payloads.optimised import search
from aspis_sim.aggregation import rule as build_rule
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.errors import InputError


def of_payload(build: Callable[[Array], Payload], strength: Array, scene: Scene) -> Array:
    """The lies of a payload that is told all that it wants to know."""
    made = build(strength).aimed_at(scene.reach).knowing(scene.past)
    poisoned = None if made.poisons is None else scene.poisoned(made.poisons)
    return made.of_files(scene.rows, scene.key, poisoned)


def baruch(_: Array, scene: Scene) -> Array:
    """ALIE with the strength of Baruch et al. for K and q, see `aspis_sim.adversary.payloads.alie.baruch_strength`."""
    workers, liars = len(scene.byzantine), scene.byzantine.sum()
    supporters, honest = workers // 2 + 1 - liars, workers - liars
    there = (supporters > 0) & (supporters < honest)
    share = jnp.where(there, (honest - supporters) / honest, 0.5)
    strength = jax.scipy.special.ndtri(share.astype(scene.rows.dtype))
    return (mean_over_rows(scene.rows) + strength * deviation(scene.rows, 0))[None]


def by_signs(strength: Array, scene: Scene) -> Array:
    """mean + strength · sign(towards) · std."""
    return (mean_over_rows(scene.rows) + strength * jnp.sign(scene.towards) * deviation(scene.rows, 0))[None]


def along(strength: Array, scene: Scene) -> Array:
    """mean + strength · towards, as long as the honest gradients are far from their mean."""
    towards, tiny = scene.towards, jnp.finfo(scene.rows.dtype).tiny
    spread = length(deviation(scene.rows, 0)) / jnp.maximum(length(towards), tiny)
    return (mean_over_rows(scene.rows) + strength * spread * towards)[None]


def families(aggregator: str, convention: str | None, parameters: dict[str, Any], evaluations: int) -> list[Family]:
    """`by_signs` and `along`, and after them all registered payloads but those of a backdoor and this one."""
    found = [Family(by_signs, (1.0, 100.0), directed=True), Family(along, (1.0,), directed=True)]
    found += [Family(partial(of_payload, start.build), start.strengths) for start in starts(convention)]
    found += [Family(baruch)]
    told = {"convention": convention, "aggregator": aggregator, **parameters}
    rop = lambda strength: payload("rop", convention=convention, strength=strength)  # noqa: E731
    found.append(Family(partial(of_payload, rop), (1.0,)))
    made = [payload("fang", against="krum", **told), payload("fang"), payload("mimic", direction="variance")]
    made += [payload("label_flip"), payload("optimised", evaluations=evaluations, **told)]
    return [*found, *(Family(partial(of_payload, partial(_same, one))) for one in made)]


def _same(made: Payload, strength: Array) -> Payload:
    return made


def farsighted(
    aggregator: str = "median",
    byzantine: int = 1,
    ahead: int = 1,
    evaluations: int = 16,
    turns: int = 2,
    ascent: int = 0,
    samples: int = 512,
    convention: str | None = None,
    **parameters: Any,
) -> Payload:
    """The lies after which the loss on validation data is highest, in this step or some steps ahead.

    The attacker knows what that of `optimised` knows and, beside it, the weights, the validation data, the learning
    rate, clipping and momentum of the server, and with ``ahead`` the samples of the steps to come. It never sees test
    data. In a run every candidate is put through the rule and the server's step, and the loss there is what counts; an
    update that is not finite does infinite harm, unless what is not finite loses its votes. The candidates are all
    other payloads but ``backdoor``, with their own strengths and those of a grid, ALIE with the strength of Baruch et
    al. for K and q, and lies against the gradient of the validation loss, by its signs and along it, which are aimed
    anew ``turns`` times from where the best lies lead.

    With ``ahead`` the loss counts so many steps later, or at the end of the run. Strengths are searched as if all
    updates until then were the same. Then every candidate with its own strength, in both senses, is a policy that is
    played until then with the honest gradients of the steps to come, and the best lies of every candidate are played
    with the best policy after them. So with ``ahead`` up to the end, no policy ends a run with a higher loss, as far as
    the round is foreseen: Byzantine workers and the votes and verdicts of later steps are taken to be as in this one,
    the order into which a rule shuffles rows is not known, and the running statistics of batch norms stay as they are.
    This is the rollout of dynamic programming (Bertsekas): the best policy of some, chosen anew in every step. Lies
    that are the worst for the next step alone are far from the worst for a run.

    Without a model, outside of a run, it is `optimised`. A data set that is drawn anew by every run is judged on its
    training samples.

    Args:
        aggregator: the rule as the command line takes it, ``"nnm+krum"`` too; a run fills in its own, with its options.
        byzantine: rows that lie, the first ones, where the payload is called outside of a run; in a run they are those
            that the liars win.
        ahead: steps after which the loss counts, 1 or more.
        evaluations: strengths per payload, and again around the best, 2 or more; those of `optimised`, which is one of
            the candidates, too.
        turns: how often the lies are aimed anew.
        ascent: steps of gradient ascent through the rule at the end, as if all updates ahead were the same.
        samples: validation samples that are used at most, evenly chosen.
        convention: of the rule and of the payloads from which the search starts.
        parameters: of the rule.

    Raises:
        InputError: a number out of its range, or options that the rule does not take.
    """
    for name, value, least in (
        ("byzantine", byzantine, 1),
        ("ahead", ahead, 1),
        ("evaluations", evaluations, 2),
        ("turns", turns, 0),
        ("ascent", ascent, 0),
        ("samples", samples, 1),
    ):
        if isinstance(value, bool) or value < least:
            raise InputError(f"payload farsighted: {name}={value}; it is a whole number, {least} or more")
    rule = build_rule(aggregator, convention=convention, **parameters)
    lying = families(aggregator, convention, parameters, evaluations)
    how = Search(ahead, evaluations, turns, ascent, samples)

    def foreseen(rows: Array, key: Array | None, reach: Reach, prospect: Prospect) -> Array:
        return worst(rows, rule, reach, prospect, lying, how)

    def aimed(rows: Array, key: Array | None, reach: Reach) -> Array:
        if key is None:
            raise InputError("the farsighted payload starts from random ones too and needs a key")
        return search(rows, key, rule, reach, starts(convention), evaluations, ascent)

    def lie(rows: Array, key: Array | None = None) -> Array:
        first = jnp.arange(len(rows)) < byzantine
        return aimed(rows, key, Reach(first, None, None, byzantine, finite=False))

    return Payload(lie, scope="files", coordinatewise=False, aimed=aimed, planned=foreseen)
