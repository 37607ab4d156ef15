"""Schedules: their published formulas, what all of them have in common, and that a run follows them."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.errors import InputError
from aspis_sim.schedules import SCHEDULES, schedule
from aspis_sim.simulation import Run
from tests.shapes import changed, fed, shape

STEPS = 40


def factors(name, steps=STEPS, **options):
    return np.asarray(jax.jit(jax.vmap(schedule(name, steps, **options)))(jnp.arange(steps)))


def test_step_decay_is_the_published_formula():
    steps = np.arange(STEPS)
    np.testing.assert_allclose(factors("step", factor=0.95, every=7), 0.95 ** (steps // 7), rtol=1e-6)
    np.testing.assert_allclose(factors("step", factor=0.7, every=7, continuous=True), 0.7 ** (steps / 7), rtol=1e-6)


def test_a_cosine_ends_at_its_floor():
    found = np.asarray(jax.vmap(schedule("cosine", STEPS, floor=0.1))(jnp.arange(STEPS + 1)))
    expected = 0.1 + 0.9 * (1 + np.cos(np.pi * np.arange(STEPS + 1) / STEPS)) / 2
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert factors("cosine", steps=20)[-1] == pytest.approx((1 + np.cos(np.pi * 19 / 20)) / 2, rel=1e-5)
    np.testing.assert_allclose(factors("cosine", steps=20), factors("cosine")[::2], rtol=1e-5)


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_starts_at_the_base_rate_or_rises_to_it_and_never_exceeds_it(name):
    plain, warmed = factors(name), factors(name, warmup=5)
    assert plain[0] == 1
    np.testing.assert_allclose(warmed[:6], [0.2, 0.4, 0.6, 0.8, 1, 1], rtol=1e-6)
    for found in (plain, warmed):
        assert np.isfinite(found).all()
        assert ((found > 0) & (found <= 1)).all()
    if name != "cosine":
        np.testing.assert_allclose(warmed[5:], plain[:-5], rtol=1e-6)
    with pytest.raises(InputError, match=r"warmup=-1; it is a whole number of steps, 0 or more"):
        schedule(name, STEPS, warmup=-1)
    with pytest.raises(InputError, match=f"schedule '{name}': .* its parameters: "):
        schedule(name, STEPS, height=3)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("cosin", {}, "unknown schedule 'cosin'; did you mean cosine"),
        ("step", {"factor": 0}, "factor=0; it is a number above 0, 1 at most"),
        ("step", {"factor": "x"}, "factor=x"),
        ("step", {"every": 0}, "every=0; it is a whole number of steps, 1 or more"),
        ("step", {"every": 2.5}, "every=2.5"),
        ("cosine", {"floor": 2}, "floor=2; it is a number from 0 to 1"),
        ("cosine", {"warmup": STEPS}, "a warm-up of 40 steps leaves none of 40"),
    ],
)
def test_what_a_schedule_cannot_be(name, options, message):
    with pytest.raises(InputError, match=message):
        schedule(name, STEPS, **options)


def undecided(graph):
    raise AssertionError("without a detector nobody is asked")


def test_a_run_follows_its_schedule_and_the_rate_is_fed_to_it():
    plain = shape(rule="average", samples_per_file=4)
    halved = changed(plain, schedule="step:every=2:factor=0.5")

    def start(shape, rate):
        return Run.start(shape, fed(shape, "none", 1, rate=rate))

    by_hand = start(plain, 0.4)
    for stop, rate in ((2, 0.4), (4, 0.2), (6, 0.1)):
        by_hand = replace(by_hand, feed=by_hand.feed._replace(rate=np.float32(rate))).to(stop, undecided)
    by_schedule = start(halved, 0.4).to(6, undecided)
    np.testing.assert_allclose(by_schedule.state.weights, by_hand.state.weights, rtol=1e-5, atol=1e-7)
    other = start(halved, 0.1)
    assert other.program is by_schedule.program
    assert not np.allclose(other.to(6, undecided).state.weights, by_hand.state.weights, atol=1e-3)
