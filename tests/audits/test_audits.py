"""What audits promise: honest workers stay, disputes are few, and lies that nobody contradicts are rare."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.assignment import build
from aspis_sim.audits import AUDIT_POLICIES, audit_policy
from aspis_sim.detection.agreement import Agreement
from aspis_sim.evidence import evidence
from aspis_sim.game.audits import play_audits
from aspis_sim.simulation.server.memory import Auditor, docket_of, no_evidence
from tests.audited_tokens import NOT_FINITE, run
from tests.audits.servers import server_of


def drawn_lies(assignment, q, seed, steps):
    """Every step another mixture of truth, common lies, lies of one's own and values that are not finite."""
    generator = np.random.default_rng(seed)
    byzantine = np.isin(np.arange(assignment.workers), generator.permutation(assignment.workers)[:q])
    held = byzantine[assignment.files]

    def lies(step):
        often = generator.choice([0.02, 0.3, 1.0])
        lying = held & (generator.random((len(held), 1)) < often) & (generator.random(held.shape) < 0.8)
        own = generator.choice([1, 2, 3, NOT_FINITE], held.shape, p=[0.7, 0.1, 0.1, 0.1])
        return np.where(lying, own, 0)

    return byzantine, lies


@pytest.mark.parametrize(("workers", "redundancy", "q"), [(7, 1, 3), (7, 3, 3), (9, 3, 4), (11, 5, 5)])
@pytest.mark.parametrize("audits", [1, 3])
def test_honest_workers_stay_and_disputes_cost_at_most_q_audits(workers, redundancy, q, audits):
    assignment = build("subset", workers=workers, redundancy=redundancy)
    server = server_of(assignment, q, audits)
    for seed in range(4):
        byzantine, lies = drawn_lies(assignment, q, seed, 25)
        known, steps = run(server, lies, 25, seed)
        assert not any((one.excluded & ~byzantine).any() for one in steps)
        convicted = np.array([one.convicted for one in steps])
        assert not (convicted & ~byzantine).any()
        assert (convicted[1:] >= convicted[:-1]).all()  # nobody is acquitted
        assert (redundancy > 1) <= int(known.disputes) <= convicted[-1].sum() <= q


def test_with_more_copies_than_liars_nothing_is_ever_distorted():
    assignment = build("subset", workers=7, redundancy=5)
    server = server_of(assignment, 3)
    for seed in range(5):
        _, lies = drawn_lies(assignment, 3, seed, 15)
        _, steps = run(server, lies, 15, seed)
        assert sum(one.distorted for one in steps) == 0


@pytest.mark.parametrize(("redundancy", "runs", "steps"), [(1, 80, 60), (3, 30, 150)])
def test_lies_that_nobody_contradicts_stay_below_the_bound_and_are_worth_what_the_game_says(redundancy, runs, steps):
    """All liars lie about all that they hold alone, the best lies of all where no file is worth sparing."""
    q, assignment = 3, build("subset", workers=7, redundancy=redundancy)
    silent = np.all(assignment.files < q, axis=1)
    tokens = np.where(silent[:, None], 1, np.zeros(assignment.files.shape, int))
    server = server_of(assignment, q)
    counts = [sum(one.distorted for one in run(server, lambda _: tokens, steps, seed)[1]) for seed in range(runs)]
    game = play_audits(assignment, q, 1, steps)[0]
    spread = np.std(counts) / runs**0.5
    assert game.bound == (q - redundancy + 1) * len(assignment.files)
    assert np.mean(counts) <= game.bound
    assert abs(np.mean(counts) - game.distorted) < 4 * spread


def test_a_file_that_is_not_disputed_is_as_likely_to_be_audited_as_any_other():
    assignment = build("subset", workers=7, redundancy=3)
    server, known = server_of(assignment, 3), no_evidence(7)
    honest = np.zeros(assignment.files.shape, int)
    keys = jax.random.split(jax.random.key(0), 3500)
    audited = jax.vmap(lambda key: server._looked(known, jnp.asarray(honest), key)[1])(keys).sum(0)
    assert audited.sum() == 3500
    assert ((audited - 100) ** 2 / 100).sum() < 75  # chi-square with 34 degrees of freedom: 1 of 20,000


def test_what_is_audited_first():
    agree = jnp.asarray(np.ones((4, 3, 3), bool)).at[0, 0, 1].set(False).at[0, 1, 0].set(False)
    live = jnp.asarray([[True, True, True], [True, True, True], [True, True, False], [False] * 3])
    docket = docket_of(agree, live, jnp.asarray(2))
    assert [np.flatnonzero(part).tolist() for part in docket] == [[0], [2], [3]]
    ranks = audit_policy("disputed-first")(docket)
    assert np.argsort(-ranks).tolist() == [0, 2, 3, 1]
    assert len(set(audit_policy("random")(docket).tolist())) == 1


def test_a_worker_that_is_convicted_disputes_nothing_any_more():
    agree = jnp.asarray([[[True, False], [False, True]], [[False, False], [False, True]]])
    live = jnp.asarray([[True, False], [True, True]])
    assert docket_of(agree, live, jnp.asarray(0)).disputed.tolist() == [False, True]  # the second is not finite


@pytest.mark.parametrize("policy", list(AUDIT_POLICIES))
def test_an_audit_convicts_exactly_those_who_returned_something_else(policy):
    assignment = build("subset", workers=5, redundancy=3)
    tokens = np.zeros(assignment.files.shape, int)
    tokens[:, 0] = 1
    server = server_of(assignment, 2, audits=len(tokens), policy=policy)
    known, audited, _ = server._look(no_evidence(5), jnp.asarray(tokens), jax.random.key(1))
    assert audited.all()
    assert np.flatnonzero(known.convicted).tolist() == sorted(set(assignment.files[:, 0].tolist()))


def test_a_gradient_that_is_not_finite_at_the_server_either_convicts_nobody():
    """That of an honest worker is then not finite: the weights have diverged."""
    files = jnp.asarray([[0, 1, 2]])
    agree, nothing = jnp.zeros((1, 3, 3), bool), lambda: jnp.zeros((1, 3), bool)
    agreement = Agreement(agree, lambda slot: slot, refuted=nothing, finite=lambda: jnp.zeros(1, bool))
    auditor = Auditor(evidence("run"), audit_policy("disputed-first"), 1)
    known, audited = auditor.audit(no_evidence(3), agreement, files, jnp.asarray(1), jax.random.key(0))
    assert audited.all()
    assert not known.convicted.any()
    assert not agreement.corrected(audited).agree.any()
