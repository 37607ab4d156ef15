"""The farsighted payload against all others: no lower loss after any round, as a judge of its own counts it."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.adversary.payloads import PAYLOADS, Prospect, Reach, payload
from aspis_sim.adversary.payloads.attempts import Search
from aspis_sim.adversary.payloads.farsighted import families
from aspis_sim.adversary.payloads.lookahead import worst
from aspis_sim.aggregation import Rule, accepts, rule
from tests.quick import quick

KEY = jax.random.key(3)
FILES, SAMPLES, LIES = 11, 2, 3
INPUTS, CLASSES = 4, 3
RATE, MOMENTUM, CLIP = 0.7, 0.5, 2.0
RULES = ("median", "trimmed_mean", "krum", "geometric_median")
AIMLESS = ("farsighted", "backdoor")
"""What is not compared: itself, and a payload that needs images."""

OTHERS: dict[str, dict[str, Any]] = {
    **{name: {"name": name} for name in PAYLOADS if name not in AIMLESS},
    "fang against krum": {"name": "fang", "against": "krum", "aggregator": "krum", "f": LIES},
    "mimic along": {"name": "mimic", "direction": "variance"},
    "alie of Baruch": {"name": "alie", "strength": None, "workers": FILES, "byzantine": LIES},
}


class Course(NamedTuple):
    weights: Any
    velocity: Any
    step: Any


class World(NamedTuple):
    """A small training: a softmax regression, its samples ``[steps, files, samples]``, and where it is."""

    weights: Any
    velocity: Any
    inputs: Any
    labels: Any
    judged: Any
    named: Any

    def prospect(self, left=1):
        """What an adversary can work out, in so many steps."""
        gradients = jax.vmap(jax.grad(loss), (None, 0, 0))

        def rows(course):
            return gradients(course.weights, self.inputs[course.step], self.labels[course.step]), course

        def poisoned(course, poisons):
            files = (self.inputs[course.step], self.labels[course.step])
            return gradients(course.weights, *jax.vmap(lambda *of_file: poisons(*of_file, Classes()))(*files))

        def moved(course, update):
            length = jnp.linalg.norm(update)
            velocity = MOMENTUM * course.velocity + jnp.where(length > CLIP, update * (CLIP / length), update)
            return Course(course.weights - RATE * velocity, velocity, course.step + 1)

        return Prospect(
            course=Course(self.weights, self.velocity, jnp.int32(0)),
            moved=moved,
            rows=rows,
            key=lambda course: jax.random.fold_in(KEY, course.step),
            poisoned=poisoned,
            past=lambda course: (1 - MOMENTUM) * course.velocity,
            received=lambda rows: rows,
            weights=lambda course: course.weights,
            loss=lambda weights, samples: loss(weights, self.judged[:samples], self.named[:samples]),
            byzantine=jnp.arange(FILES) < LIES,
            left=jnp.int32(left),
        )


class Classes:
    classes = CLASSES
    white = 1.0


def loss(weights, inputs, labels):
    """Mean cross-entropy of weights ``[INPUTS * CLASSES]``."""
    scores = inputs @ weights.reshape(INPUTS, CLASSES)
    return jnp.mean(jax.nn.logsumexp(scores, axis=1) - jnp.take_along_axis(scores, labels[:, None], 1)[:, 0])


def world(seed, steps=1):
    random = np.random.default_rng(seed)
    centres = 2 * random.normal(size=(CLASSES, INPUTS))
    labels = random.integers(CLASSES, size=(steps, FILES, SAMPLES))
    named = random.integers(CLASSES, size=40)
    size = random.choice([0.1, 1.0, 3.0])
    return World(
        weights=jnp.asarray(size * random.normal(size=INPUTS * CLASSES), jnp.float32),
        velocity=jnp.asarray(0.1 * size * random.normal(size=INPUTS * CLASSES), jnp.float32),
        inputs=jnp.asarray(centres[labels] + random.normal(size=(*labels.shape, INPUTS)), jnp.float32),
        labels=jnp.asarray(labels),
        judged=jnp.asarray(centres[named] + random.normal(size=(40, INPUTS)), jnp.float32),
        named=jnp.asarray(named),
    )


def reach(seed, finite=False):
    lies = np.random.default_rng([seed, 1]).permutation(np.arange(FILES) < LIES)
    return Reach(jnp.asarray(lies), None, None, LIES, finite)


def one_of(which):
    """The rule of this place in `RULES`, a number that may be traced."""
    made = [rule(name, **({"f": LIES} if accepts(name, "f") else {})) for name in RULES]
    return Rule(lambda rows, kept: jax.lax.switch(which, [functools.partial(_by, one) for one in made], rows))


def _by(made, rows):
    return made(rows)


@functools.cache
def search(ahead=1, turns=1, ascent=0):
    lying = families("krum", None, {"f": LIES})
    how = Search(ahead, evaluations=4, turns=turns, ascent=ascent, samples=None)

    @quick
    def lies(which, where, reach, left):
        seen = where.prospect(left)
        return worst(seen.rows(seen.course)[0], one_of(which), reach, seen, lying, how)

    return lies


def lies_of(name, course, rows, seen, reach, which):
    """What a payload returns on a course; ``optimised`` is told the rule."""
    given = dict(OTHERS[name])
    if name == "optimised":
        given |= {"evaluations": 4}
    made = payload(**given)
    if name == "optimised":
        from aspis_sim.adversary.payloads.families import starts
        from aspis_sim.adversary.payloads.optimised import search

        return search(rows, seen.key(course), one_of(which), reach, starts(), 4)
    made = made.aimed_at(reach).knowing(seen.past(course))
    poisoned = None if made.poisons is None else seen.poisoned(course, made.poisons)
    return jnp.broadcast_to(made.of_files(rows, seen.key(course), poisoned), rows.shape)


@functools.cache
def losses(steps, names):
    """The loss after a training of so many steps under each of these payloads."""

    @quick
    def found(which, where, reach):
        seen = where.prospect(steps)
        return {
            name: _trained(steps, lambda *given: lies_of(*given, which), name, seen, reach, which) for name in names
        }

    return found


def _trained(steps, told, name, seen, reach, which):
    course = seen.course
    for _ in range(steps):
        rows, course = seen.rows(course)
        lies = told(name, course, rows, seen, reach)
        course = seen.moved(course, one_of(which)(jnp.where(reach.lies[:, None], lies, rows)))
    return seen.loss(course.weights, None), jnp.isfinite(course.weights).all()


def harm(found):
    loss, finite = found
    return float(loss) if np.isfinite(loss) and finite else np.inf


def of_step(which, where, reach, lies):
    """The harm of lies in one step."""
    seen = where.prospect()
    rows, course = seen.rows(seen.course)
    course = seen.moved(course, one_of(which)(jnp.where(reach.lies[:, None], lies, rows)))
    return seen.loss(course.weights, None), jnp.isfinite(course.weights).all()


judge = quick(of_step)


@pytest.mark.parametrize("name", RULES)
def test_no_payload_leaves_a_higher_loss(name):
    which = RULES.index(name)
    gains = []
    for seed in range(10):
        where, seen = world(seed), reach(seed)
        own = harm(judge(which, where, seen, search()(which, where, seen, 1)))
        others = {one: harm(found) for one, found in losses(1, tuple(OTHERS))(which, where, seen).items()}
        assert own >= max(others.values()) * (1 - 1e-5), others
        gains.append(own / max(others.values()))
    assert max(gains) > 1.001
