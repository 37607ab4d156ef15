"""The farsighted payload against all others: no lower loss after any round, as a judge of its own counts it."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.adversary.payloads import PAYLOADS, Prospect, Reach, payload
from aspis_sim.adversary.payloads.attempts import BEST, Family, Search, past_factors, plan_of
from aspis_sim.adversary.payloads.families import starts
from aspis_sim.adversary.payloads.farsighted import families
from aspis_sim.adversary.payloads.lookahead import worst
from aspis_sim.adversary.payloads.optimised import search as optimised
from aspis_sim.aggregation import Rule, accepts, rule
from aspis_sim.errors import InputError
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.grid import Grid

KEY = jax.random.key(3)
FILES, SAMPLES, LIES = 11, 2, 3
INPUTS, CLASSES = 4, 3
RATE, MOMENTUM, CLIP = 0.7, 0.5, 2.0
RULES = ("median", "trimmed_mean", "krum", "geometric_median")
AIMLESS = ("farsighted", "backdoor")
"""What is not compared: itself, and a payload that needs images."""

VECTORS = 3
"""The first families are of one vector for all files: aimed by signs, aimed along, and against the signs."""

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

    step: Any = 0

    def later(self, course):
        """The training on a course."""
        return self._replace(weights=course.weights, velocity=course.velocity, step=course.step)

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
            course=Course(self.weights, self.velocity, jnp.int32(self.step)),
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


def one_of(which, rules=RULES):
    """The rule of this place among ``rules``, a number that may be traced."""
    made = [rule(name, f=LIES) if accepts(name, "f") else rule(name) for name in rules]
    return Rule(lambda rows, kept: jax.lax.switch(which, [one.__call__ for one in made], rows))


@functools.cache
def search(ahead=1, turns=1, ascent=0, rules=RULES, families_tried=None):
    how = Search(ahead, evaluations=4, turns=turns, ascent=ascent, samples=None)

    @jax.jit
    def lies(which, where, reach, left):
        seen, made = where.prospect(left), one_of(which, rules)
        told = lambda _, scene: optimised(scene.rows, scene.key, made, scene.reach, starts(), 4)  # noqa: E731
        lying = [*families("krum", None, {"f": LIES}, how.evaluations)[:-1], Family(told)]
        return worst(seen.rows(seen.course)[0], made, reach, seen, lying[:families_tried], how)

    return lies


def lies_of(name, rows, course, seen, reach, which):
    """What a payload returns on a course; ``optimised`` is told the rule."""
    if name == "optimised":
        return optimised(rows, seen.key(course), one_of(which), reach, starts(), 4)
    made = payload(**OTHERS[name]).aimed_at(reach).knowing(seen.past(course))
    poisoned = None if made.poisons is None else seen.poisoned(course, made.poisons)
    return jnp.broadcast_to(made.of_files(rows, seen.key(course), poisoned), rows.shape)


@jax.jit
def after(which, where, reach, lies):
    """The course after a step with these lies."""
    seen = where.prospect()
    rows, course = seen.rows(seen.course)
    return seen.moved(course, one_of(which)(jnp.where(reach.lies[:, None], lies, rows)))


@jax.jit
def trained(which, number, where, reach, steps):
    """The course after so many steps with the payload of this number among `OTHERS`."""
    seen = where.prospect()

    def step(_, course):
        rows, course = seen.rows(course)
        told = [functools.partial(lies_of, name, seen=seen, reach=reach, which=which) for name in OTHERS]
        lies = jax.lax.switch(number, told, rows, course)
        return seen.moved(course, one_of(which)(jnp.where(reach.lies[:, None], lies, rows)))

    return jax.lax.fori_loop(0, steps, step, seen.course)


def harm(where, course):
    """The validation loss on a course, infinite if the weights are not finite."""
    found = float(loss(course.weights, where.judged, where.named))
    return found if np.isfinite(found) and np.isfinite(course.weights).all() else np.inf


def of_others(which, where, reach, steps=1):
    return {name: harm(where, trained(which, number, where, reach, steps)) for number, name in enumerate(OTHERS)}


@pytest.mark.parametrize("name", RULES)
def test_no_payload_leaves_a_higher_loss(name):
    which, gains = RULES.index(name), []
    for seed in range(10):
        where, seen = world(seed), reach(seed)
        own = harm(where, after(which, where, seen, search()(which, where, seen, 1)))
        others = of_others(which, where, seen)
        assert own >= max(others.values()) * (1 - 1e-5), others
        gains.append(own / max(others.values()))
    assert max(gains) > 1.05


@pytest.mark.parametrize("name", RULES)
def test_no_payload_leaves_a_higher_loss_after_several_steps(name):
    """The lies of a payload in all steps are a policy, and no policy is better than the lies that are told."""
    which, steps = RULES.index(name), 4
    for seed in range(5):
        where, seen = world(seed, steps), reach(seed)
        there = where
        for step in range(steps):
            lies = search(steps)(which, there, seen, steps - step)
            course = after(which, there, seen, lies)
            there = there.later(course)
        own, others = harm(where, course), of_others(which, where, seen, steps)
        assert own >= max(others.values()) * (1 - 1e-4), others


def test_a_lie_that_loses_its_votes_is_not_returned():
    where = world(0)
    assert np.isfinite(search()(RULES.index("median"), where, reach(0, finite=True), 1)).all()


def test_ascent_does_no_less():
    """Under a rule that weighs rows, the lie of every file by itself does more than any one vector."""
    rules = ("geometric_median",)
    searches = [search(ascent=steps, rules=rules, families_tried=VECTORS) for steps in (0, 6)]
    which, gains = RULES.index(*rules), []
    for seed in range(5):
        where, seen = world(seed), reach(seed)
        done = [harm(where, after(which, where, seen, lies(0, where, seen, 1))) for lies in searches]
        gains.append(done[1] / done[0])
    assert min(gains) >= 1 - 1e-5
    assert max(gains) > 1.001


def test_what_is_left_out_after_lies_without_a_strength_are_the_factors_alone():
    lying = [Family(_never, (1.0, 100.0), directed=True), Family(_never, (2.0,)), Family(_never)]
    for how in (Search(evaluations=3, turns=2), Search(ahead=4, evaluations=2, turns=0)):
        plan = plan_of(lying, how)
        past = past_factors(plan)
        at, seen = 0, []
        while at < len(plan.mode):
            seen.append(at)
            at = int(past[at + 1])
        assert seen == np.flatnonzero(plan.mode != BEST).tolist()
        assert (past >= np.arange(len(plan.mode) + 1)).all()
        assert past[-1] == len(plan.mode)


def _never(*_):
    raise AssertionError


def test_the_rule_of_the_run_is_what_is_played():
    given = {"scheme": "median", "attack": "strong", "steps": 60, "q": 3, "payload": "farsighted:ahead=5"}
    told = dict(resolve(Grid.of(**given, rule="krum:beyond=2").groups()[0].first).payload_parameters)
    assert told == {"aggregator": "krum", "beyond": 2, "f": 3, "ahead": 5}


@pytest.mark.parametrize("wrong", ["ahead", "evaluations", "samples", "byzantine"])
def test_an_option_out_of_its_range(wrong):
    with pytest.raises(InputError, match=f"{wrong}=0; it is a whole number, [12] or more"):
        PAYLOADS.build("farsighted", **{wrong: 0})
