"""The optimised payload against the fixed ones: no less harm in any round, as a judge of its own counts it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.adversary.payloads import PAYLOADS, Reach, payload
from aspis_sim.adversary.payloads.optimised import starts
from aspis_sim.aggregation import RULES, accepts, rule
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.grid import Grid
from tests.quick import quick

KEY = jax.random.key(3)
FIXED = [name for name in PAYLOADS if name not in ("optimised", "label_flip")]
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


def server(name, convention=None, **options):
    """The rule as a run calls it where nobody is excluded: from rows to the update."""
    made = rule(name, convention=convention, **options)
    return quick(lambda rows: made(rows) if made.bounded is None else made.bounded(rows, None, LIES))


def harm(rows, replaced, lies, aggregate, objective="descent"):
    """What the lies ``[n or 1, d]`` do, by NumPy but for the rule."""
    update = np.asarray(aggregate(np.where(replaced[:, None], np.asarray(lies), rows)))
    if not np.isfinite(update).all():
        return np.inf
    update, mean = update.astype(float), rows.astype(float).mean(0)
    return float(-(update @ mean) / np.linalg.norm(mean) if objective == "descent" else np.linalg.norm(update - mean))


def searching(name, evaluations=4, **options):
    aimed = payload("optimised", aggregator=name, evaluations=evaluations, **options).aimed
    assert aimed is not None
    return quick(aimed)


@functools.cache
def fixed(convention):
    """Every fixed payload of a convention, by its name."""
    return {one: quick(payload(one, convention=convention).of_files) for one in FIXED}


@pytest.mark.parametrize(
    ("name", "objective", "convention"),
    [
        *((name, "descent", None) for name in RULES),
        *((name, "distance", None) for name in ("trimmed_mean", "geometric_median")),
        ("krum", "descent", "byzfl"),
        ("nnm+median", "descent", None),
    ],
)
def test_no_fixed_payload_does_more_harm(name, objective, convention):
    options = {"f": LIES} if accepts(name, "f") else {}
    aggregate = server(name, convention, **options)
    search = searching(name, objective=objective, convention=convention, **options)
    for rows, replaced in rounds():
        found = harm(rows, replaced, search(rows, KEY, reach(replaced)), aggregate, objective)
        others = {
            one: harm(rows, replaced, lies(rows, KEY), aggregate, objective) for one, lies in fixed(convention).items()
        }
        assert found >= max(others.values()) - 1e-5 * np.abs(rows).max(), others


def test_every_fixed_payload_is_a_start():
    """All that can be had from honest gradients, with their own strengths and their convention's."""
    assert len(starts()) == len(FIXED) + 1
    strengths = [start.strengths for start in starts("byzfl")]
    assert (1.0, 1.5) in strengths
    assert (2.0, 100.0) in strengths


@pytest.mark.parametrize("name", ["median", "trimmed_mean"])
def test_no_finite_lie_hinders_the_descent_more_under_a_rule_by_coordinate(name):
    """The worst that a coordinate can be given is a lie beyond all rows on the side that the mean is not on."""
    options = {"f": LIES} if accepts(name, "f") else {}
    aggregate, search = server(name, **options), searching(name, **options)
    for rows, replaced in rounds():
        worst = -np.sign(rows.mean(0)) * 1e6
        found = harm(rows, replaced, search(rows, KEY, reach(replaced)), aggregate)
        size = float(np.abs(rows).max())
        assert found == pytest.approx(harm(rows, replaced, worst, aggregate), rel=1e-4, abs=1e-5 * size)


def test_ascent_goes_where_no_strength_leads():
    aggregate, gains = server("centered_clipping", tau=1.0), []
    along, free = (searching("centered_clipping", tau=1.0, objective="distance", ascent=steps) for steps in (0, 12))
    for rows, replaced in rounds(4):
        rows = rows / np.abs(rows).max()
        done = [
            harm(rows, replaced, search(rows, KEY, reach(replaced)), aggregate, "distance") for search in (along, free)
        ]
        gains.append(done[1] / done[0])
    assert min(gains) >= 1 - 1e-6
    assert max(gains) > 1.02


def test_what_loses_its_votes_is_not_returned():
    """One NaN ends a training that averages; where files have several copies it does not get there."""
    rows, replaced = next(rounds())
    search = searching("average")
    assert not np.isfinite(search(rows, KEY, reach(replaced))).all()
    assert np.isfinite(search(rows, KEY, reach(replaced, finite=True))).all()


def test_files_that_are_dropped_and_files_that_are_averaged_count():
    """Without the rows that are dropped, the lies are all that the median sees; in a mean the largest one is best."""
    rows, replaced = next(rounds())
    mean, away = rows.mean(0), lambda lies: -float(np.asarray(lies)[replaced][0] @ rows.mean(0))
    search = searching("median")
    alone = search(rows, KEY, reach(replaced, kept=jnp.asarray(replaced), finite=True))
    assert away(alone) >= 100 * float(mean @ mean)
    averaged = search(rows, KEY, reach(replaced, averaged=jnp.ones(ROWS, bool), finite=True))
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
