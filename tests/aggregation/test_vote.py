"""The votes on the device against the reference on tokens, for every detector."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.aggregation.vote import Ruling, vote
from aspis_sim.assignment import build
from aspis_sim.detection import DETECTORS
from aspis_sim.detection.reference import agreement_graph, apply_verdict
from aspis_sim.simulation.server.verdicts import OUTCOMES

ballot_of = jax.jit(vote)


def ruling_of(verdict):
    certified = None if verdict.certified is None else jnp.asarray(verdict.certified)
    return Ruling(
        jnp.asarray(verdict.honest),
        jnp.asarray(verdict.average),
        jnp.asarray(verdict.unanimous),
        certified,
        jnp.int8(OUTCOMES.index(verdict.outcome)),
        jnp.int32(0),
        None if verdict.kept is None else jnp.asarray(verdict.kept),
    )


@pytest.mark.parametrize("name", [name for name in DETECTORS if name != "none"])
@pytest.mark.parametrize(("workers", "redundancy", "q"), [(7, 3, 2), (7, 3, 3), (8, 5, 3)])
def test_the_device_keeps_the_files_and_values_of_the_reference(name, workers, redundancy, q):
    groups = build("subset", workers=workers, redundancy=redundancy)
    f, r = groups.files.shape
    rng = np.random.default_rng([workers, redundancy, q])
    outcomes = set()
    for _ in range(40):
        order = rng.permutation(workers)
        byzantine, near = np.isin(groups.files, order[:q]), order[: q + rng.integers(q + 1)]
        targeted = np.isin(groups.files, near).all(1, keepdims=True) | (rng.random() < 0.5)
        lies = byzantine & targeted & (rng.random((f, r)) < rng.choice([0.02, 0.2, 1.0, 1.0]))
        tokens = np.where(lies, rng.integers(1, 3, (f, 1)) if rng.random() < 0.5 else rng.integers(1, 4, (f, r)), 0)
        silent = np.isin(np.arange(workers), order[q : q + rng.integers(3)])
        verdict = DETECTORS[name](agreement_graph(groups, tokens, silent), max_byzantine=q, assignment=groups)
        outcomes.add(verdict.outcome)
        audited = rng.random(f) < rng.choice([0, 0.1])
        tokens = np.where(audited[:, None], 0, tokens)
        expected = apply_verdict(verdict, groups, tokens, audited, silent)
        arrived = ~silent[groups.files] | audited[:, None]
        agree = (tokens[:, :, None] == tokens[:, None, :]) & arrived[:, :, None] & arrived[:, None, :]
        given = (jnp.asarray(audited), jnp.asarray(silent))
        ballot = ballot_of(jnp.asarray(agree), jnp.asarray(groups.files), ruling_of(verdict), *given)
        assert np.array_equal(ballot.kept, expected.kept)
        chosen = tokens[np.arange(f), np.asarray(ballot.slot)]
        assert np.array_equal(chosen[expected.kept], expected.tokens[expected.kept])
        assert bool(ballot.average) == expected.plain_mean
    assert len(outcomes) > 1


def test_a_copy_that_equals_nothing_loses_to_any_other_and_the_lowest_slot_breaks_ties():
    agree = np.zeros((3, 3, 3), bool)
    agree[0, 2, 2] = True  # slots 0 and 1 are not finite
    agree[1] = np.eye(3, dtype=bool)  # three different values
    everyone = Ruling(jnp.ones(3, bool), jnp.asarray(False), jnp.asarray(False), None, jnp.int8(0), jnp.int32(0))
    ballot = ballot_of(jnp.asarray(agree), jnp.zeros((3, 3), int) + jnp.arange(3), everyone)
    assert ballot.slot.tolist() == [2, 0, 0]
    assert ballot.kept.all()
    unanimous = ballot_of(
        jnp.asarray(agree), jnp.zeros((3, 3), int) + jnp.arange(3), everyone._replace(unanimous=jnp.asarray(True))
    )
    assert not unanimous.kept.any()


@pytest.mark.parametrize("certified", [None, True])
def test_of_copies_that_are_equal_one_of_a_worker_that_is_not_excluded_is_used(certified):
    """With a tolerance equal copies need not be identical."""
    honest = jnp.asarray([False, True, True])
    sure = None if certified is None else jnp.ones((1, 8), bool)
    ruling = Ruling(honest, jnp.asarray(False), jnp.asarray(False), sure, jnp.int8(0), jnp.int32(0))
    ballot = ballot_of(jnp.ones((1, 3, 3), bool), jnp.asarray([[0, 1, 2]]), ruling)
    assert ballot.slot.tolist() == [1]
    assert ballot.kept.tolist() == [True]
