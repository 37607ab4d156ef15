"""The optimizers of the server against their papers' formulas, step by step in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim import plugin
from aspis_sim.errors import InputError, PluginError
from aspis_sim.optimizers import OPTIMIZERS, optimizer
from aspis_sim.optimizers.base import as_long_as
from aspis_sim.run.resolve import resolve
from aspis_sim.run.trying import prepared
from aspis_sim.simulation.server.moving import Mover
from aspis_sim.spec.grid import Grid

STEPS, D, RATE, MU = 6, 7, 0.1, 0.6
RANDOM = np.random.default_rng(5)
FIRST, UPDATES = RANDOM.normal(size=D), RANDOM.normal(size=(STEPS, D))


def moved(name, clip=None, **options):
    """The weights after every step, and what the server last moved along."""
    with jax.enable_x64(True):
        mover = Mover(optimizer(name, MU, **options), clip)
        weights, state = jnp.asarray(FIRST), mover.begin(jnp.asarray(FIRST))
        assert not mover.past(state).any()
        found, past = [], []
        for update in UPDATES:
            weights, state = mover.moved(weights, state, jnp.asarray(update), jnp.asarray(RATE))
            found.append(np.asarray(weights))
            past.append(np.asarray(mover.past(state)))
    return np.array(found), np.array(past)


def by(directions):
    """The weights after every step along these directions, which may look at the weights."""
    weights, found = FIRST, []
    for direction in directions:
        weights = weights - RATE * (direction(weights) if callable(direction) else direction)
        found.append(weights)
    return np.array(found)


def means(values, decay):
    """Decaying means that begin at 0."""
    mean, found = np.zeros(D), []
    for value in values:
        mean = decay * mean + (1 - decay) * value
        found.append(mean)
    return np.array(found)


def velocities():
    return means(UPDATES, MU) / (1 - MU)


def corrected(decay):
    return (1 - decay ** np.arange(1, STEPS + 1))[:, None]


def adam(b1=0.9, b2=0.999, eps=1e-8):
    return means(UPDATES, b1) / corrected(b1) / (np.sqrt(means(UPDATES**2, b2) / corrected(b2)) + eps)


DIRECTIONS = [
    ("sgd", {}, velocities()),
    ("sgd", {"nesterov": True}, UPDATES + MU * velocities()),
    ("adam", {}, adam()),
    ("adam", {"b1": 0.5, "b2": 0.9, "eps": 0.1}, adam(0.5, 0.9, 0.1)),
    ("adam", {"weight_decay": 0.2}, [lambda w, one=one: one + 0.2 * w for one in adam()]),
    ("adagrad", {}, UPDATES / np.sqrt(np.cumsum(UPDATES**2, axis=0) + 1e-7)),
    ("adagrad", {"initial": 2.0, "eps": 0.3}, UPDATES / np.sqrt(np.cumsum(UPDATES**2, axis=0) + 2.3)),
    ("rmsprop", {"decay": 0.7}, UPDATES / np.sqrt(means(UPDATES**2, 0.7) + 1e-8)),
    ("signum", {}, np.sign(means(UPDATES, MU))),
]


@pytest.mark.parametrize(("name", "options", "directions"), DIRECTIONS)
def test_the_weights_are_those_of_the_formula(name, options, directions):
    found, past = moved(name, **options)
    np.testing.assert_allclose(found, by(directions), rtol=1e-10)
    if name == "sgd":
        np.testing.assert_allclose(past, (1 - MU) * velocities(), rtol=1e-12)
    else:
        steps = np.diff(np.vstack([FIRST, found]), axis=0) / -RATE
        lengths = np.linalg.norm(UPDATES, axis=1) / np.linalg.norm(steps, axis=1)
        np.testing.assert_allclose(past, steps * lengths[:, None], rtol=1e-6)


def test_all_of_them_were_tried():
    assert {name for name, _, _ in DIRECTIONS} == set(OPTIMIZERS)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_what_it_last_moved_along_is_as_long_as_the_update_whatever_that_is(size):
    update, direction = size * jnp.float32([3, 0, 4]), jnp.float32([0, 1, 0])
    np.testing.assert_allclose(as_long_as(update, direction), [0, 5 * size, 0], rtol=1e-6)
    np.testing.assert_allclose(as_long_as(direction, update), [0.6, 0, 0.8], rtol=1e-6)
    assert not as_long_as(update, jnp.zeros(3)).any()
    nan = jnp.float32([np.nan, 0, 1])
    assert np.isnan(as_long_as(nan, direction)[1])
    assert np.isnan(as_long_as(update, nan)).all()


def test_the_update_is_clipped_before():
    found, _ = moved("sgd", clip=0.5)
    short = UPDATES * np.minimum(1, 0.5 / np.linalg.norm(UPDATES, axis=1))[:, None]
    np.testing.assert_allclose(found, by(means(short, MU) / (1 - MU)), rtol=1e-10)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_is_not_finite_is_not_hidden(name, bad):
    """Nothing makes a NaN into a number; an infinite entry stays infinite, becomes NaN, or has a sign."""
    mover = Mover(optimizer(name, MU))
    weights, state = jnp.ones(3), mover.begin(jnp.ones(3))
    update = jnp.array([1.0, bad, -1.0])
    after, _ = mover.moved(weights, state, update, jnp.float32(RATE))
    assert np.isfinite(np.asarray(after)[[0, 2]]).all()
    if name != "signum" or np.isnan(bad):
        assert not np.isfinite(after[1])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"optimizer": "adan"}, "unknown optimizer 'adan'; did you mean adam"),
        ({"optimizer": "adam:b1=1.0"}, "adam: b1=1.0; it is a number from 0 to 1 (1 excluded)"),
        ({"optimizer": "adam:eps=0"}, "adam: eps=0; it is a positive number"),
        ({"optimizer": "adam:weight_decay=-1"}, "adam: weight_decay=-1; it is a number of 0 or more"),
        ({"optimizer": "adam:decay=1"}, "optimizer 'adam': got an unexpected keyword argument 'decay'"),
        ({"optimizer": "sgd:momentum=0.5"}, "optimizer 'sgd': momentum is filled in from the settings"),
        ({"optimizer": "adam", "momentum": 0.5}, "optimizer adam takes no `momentum`, which is 0.5; leave it out"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(given, message):
    with pytest.raises(InputError) as refused:
        prepared(Grid.of(scheme="median", **given))
    assert message in str(refused.value)


def test_the_usual_momentum_stands_for_none_given():
    group = Grid.of(scheme="median", optimizer="rmsprop").groups()[0]
    assert group.first.momentum == 0.9
    resolve(group.first).build_optimizer()


def test_a_part_of_ones_own_that_is_no_pair_is_refused():
    plugin.optimizer("still")(lambda: lambda update: update)
    with pytest.raises(PluginError, match="optimizer 'still' returned a function, not a pair of init and update"):
        optimizer("still", MU)
