"""The optimised payload against the fixed ones: no less harm in any round, as a judge of its own counts it."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.adversary.payloads import PAYLOADS, Reach, payload
from aspis_sim.adversary.payloads import optimised as module
from aspis_sim.adversary.payloads.families import STARTS, starts
from aspis_sim.aggregation import RULES, Rule, accepts, rule
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.grid import Grid

KEY = jax.random.key(3)
ROWS, LIES, WIDTH = 11, 2, 6


def rounds(number=20):
    """Honest rows of many sizes, spreads and means, some of them equal, and which of them the lies replace."""
    for seed in range(number):
        random = np.random.default_rng(seed)
        rows = random.normal(size=(ROWS, WIDTH)) + random.choice([0.1, 0.5, 3.0]) * random.normal(size=WIDTH)
        if seed % 4 == 1:
            rows[random.integers(ROWS, size=3)] = rows[0]
        rows = (rows * 10.0 ** random.integers(-3, 3)).astype(np.float32)
        yield rows, random.permutation(np.arange(ROWS) < LIES)


def reach(lies, kept=None, averaged=None, distortable=LIES, finite=False):
    return Reach(jnp.asarray(lies), kept, averaged, distortable, finite)


def of_rule(made, rows, kept=None, distortable=LIES):
    """The update of a rule as a run asks for it."""
    return made(rows, kept) if made.bounded is None else made.bounded(rows, kept, distortable)


def options(name):
    return {"f": LIES} if accepts(name, "f") else {}


def harm(rows, replaced, lies, aggregate, objective="descent"):
    """What the lies ``[n or 1, d]`` do, by NumPy but for the rule."""
    update = np.asarray(aggregate(np.where(replaced[:, None], np.asarray(lies), rows)))
    if not np.isfinite(update).all():
        return np.inf
    update, mean = update.astype(float), rows.astype(float).mean(0)
    return float(-(update @ mean) / np.linalg.norm(mean) if objective == "descent" else np.linalg.norm(update - mean))


def optimised(name, evaluations=4, **given):
    aimed = payload("optimised", aggregator=name, evaluations=evaluations, **given).aimed
    assert aimed is not None
    return aimed


def one_of(rules, which):
    """The rule of this place among ``rules``, a number that may be traced."""
    branches = [functools.partial(of_rule, made) for made in rules]
    return Rule(
        lambda rows, kept: jax.lax.switch(which, branches, rows, kept, LIES),
        bounded=lambda rows, kept, limit: jax.lax.switch(which, branches, rows, kept, limit),
    )


class Aimed(NamedTuple):
    """The payload aimed at some rules, and the server with them, in one program each: a rule is chosen by its name."""

    names: tuple[str, ...]
    search: Callable[..., jax.Array]
    update: Callable[..., jax.Array]

    def at(self, name):
        which = self.names.index(name)
        return functools.partial(self.search, which), functools.partial(self.update, which)


@functools.cache
def aimed_at(names, objective, convention):
    """Every payload is built with its own rule; the search that it asks for is compiled for all of them at once."""
    rows, key, seen = jnp.zeros((ROWS, WIDTH)), KEY, reach(np.arange(ROWS) < LIES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "search", lambda *given: given)
        given = {"objective": objective, "convention": convention}
        asked: list[Any] = [optimised(name, **given, **options(name))(rows, key, seen) for name in names]
    for own in asked:
        assert own[0] is rows
        assert own[1] is key
        assert own[3] is seen
        assert [start.strengths for start in own[4]] == [start.strengths for start in starts(convention)]
        assert own[5:] == (4, 0, objective)
    rules, (*_, families, evaluations, ascent, _) = [own[2] for own in asked], asked[0]
    judged = [rule(name, convention=convention, **options(name)) for name in names]

    def search(which, rows, key, reach):
        return module.search(rows, key, one_of(rules, which), reach, families, evaluations, ascent, objective)

    return Aimed(names, jax.jit(search), jax.jit(lambda which, rows: of_rule(one_of(judged, which), rows)))


@functools.cache
def fixed_lies(convention):
    """What every fixed payload of a convention returns in each of the rounds, by its name."""
    lies = jax.jit(lambda rows: {one: payload(one, convention=convention).of_files(rows, KEY) for one in STARTS})
    return [jax.tree.map(np.asarray, lies(rows)) for rows, _ in rounds()]


EVERY = (*RULES, "nnm+median")
BY_DISTANCE = ("trimmed_mean", "geometric_median")


@pytest.mark.parametrize(
    ("name", "objective", "convention"),
    [
        *((name, "descent", None) for name in EVERY),
        *((name, "distance", None) for name in BY_DISTANCE),
        ("krum", "descent", "byzfl"),
    ],
)
def test_no_fixed_payload_does_more_harm(name, objective, convention):
    together = ("krum",) if convention else EVERY if objective == "descent" else BY_DISTANCE
    search, aggregate = aimed_at(together, objective, convention).at(name)
    for (rows, replaced), fixed in zip(rounds(), fixed_lies(convention), strict=True):
        found = harm(rows, replaced, search(rows, KEY, reach(replaced)), aggregate, objective)
        others = {one: harm(rows, replaced, lies, aggregate, objective) for one, lies in fixed.items()}
        assert found >= max(others.values()) - 1e-5 * np.abs(rows).max(), others


def test_fixed_payloads_are_starts():
    """With their own strengths and their convention's; what is no start is so on purpose."""
    assert len(starts()) == len(STARTS) + 1
    assert set(PAYLOADS) - set(STARTS) == {"backdoor", "fang", "farsighted", "label_flip", "optimised", "rop"}
    strengths = [start.strengths for start in starts("byzfl")]
    assert (1.0, 1.5) in strengths
    assert (2.0, 100.0) in strengths


@pytest.mark.parametrize("name", ["median", "trimmed_mean"])
def test_no_finite_lie_hinders_the_descent_more_under_a_rule_by_coordinate(name):
    """The worst that a coordinate can be given is a lie beyond all rows on the side that the mean is not on."""
    search, aggregate = aimed_at(EVERY, "descent", None).at(name)
    for rows, replaced in rounds():
        worst = -np.sign(rows.mean(0)) * 1e6
        found = harm(rows, replaced, search(rows, KEY, reach(replaced)), aggregate)
        size = float(np.abs(rows).max())
        assert found == pytest.approx(harm(rows, replaced, worst, aggregate), rel=1e-4, abs=1e-5 * size)


def test_ascent_goes_where_no_strength_leads():
    made, gains = rule("centered_clipping", tau=1.0), []
    searches = [optimised("centered_clipping", tau=1.0, objective="distance", ascent=steps) for steps in (0, 12)]
    aggregate, both = jax.jit(made.__call__), jax.jit(lambda *given: [search(*given) for search in searches])
    for rows, replaced in rounds(4):
        rows = rows / np.abs(rows).max()
        done = [harm(rows, replaced, lies, aggregate, "distance") for lies in both(rows, KEY, reach(replaced))]
        gains.append(done[1] / done[0])
    assert min(gains) >= 1 - 1e-6
    assert max(gains) > 1.02


def test_what_loses_its_votes_is_not_returned():
    """One NaN ends a training that averages; where files have several copies it does not get there."""
    rows, replaced = next(rounds())
    search, _ = aimed_at(EVERY, "descent", None).at("average")
    assert not np.isfinite(search(rows, KEY, reach(replaced))).all()
    assert np.isfinite(search(rows, KEY, reach(replaced, finite=True))).all()


def test_files_that_are_dropped_and_files_that_are_averaged_count():
    """Without the rows that are dropped, the lies are all that the median sees; in a mean the largest one is best."""
    rows, replaced = next(rounds())
    mean, away = rows.mean(0), lambda lies: -float(np.asarray(lies)[replaced][0] @ rows.mean(0))
    search, every, none = jax.jit(optimised("median")), jnp.ones(ROWS, bool), jnp.zeros(ROWS, bool)
    alone = search(rows, KEY, reach(replaced, kept=jnp.asarray(replaced), averaged=none, finite=True))
    assert away(alone) >= 100 * float(mean @ mean)
    averaged = search(rows, KEY, reach(replaced, kept=every, averaged=every, finite=True))
    assert away(averaged) >= 100 * float(mean @ mean)


def cell(**settings):
    given = {"scheme": "byzshield", "attack": "strong", "steps": 60, "payload": "optimised", **settings}
    return Grid.of(**given).groups()[0].first


def test_one_program_serves_every_number_of_byzantine_workers():
    assert resolve(cell(q=2)).shape == resolve(cell(q=4)).shape


def test_the_rule_of_the_run_is_what_is_searched():
    told = dict(resolve(cell(q=3, rule="krum:beyond=2")).payload_parameters)
    assert (told["aggregator"], told["beyond"], told["f"]) == ("krum", 2, 3)
    assert dict(resolve(cell(payload="optimised:aggregator=median", rule="krum")).payload_parameters) == {
        "aggregator": "median"
    }
