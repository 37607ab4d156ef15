"""The game, against trees of everything that can happen, with the detector and the votes that runs have."""

from itertools import product
from math import comb

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim.assignment import build
from aspis_sim.audits import audit_policy
from aspis_sim.game.audits import play_audits
from aspis_sim.simulation.server.memory import docket_of, no_evidence
from tests.audited_tokens import NOT_FINITE
from tests.audits.servers import server_of


@pytest.mark.parametrize(("workers", "q", "steps"), [(3, 1, 3), (5, 2, 1), (5, 2, 2)])
@pytest.mark.parametrize("audits", [1, 2])
def test_without_redundancy(workers, q, steps, audits):
    assignment = build("subset", workers=workers, redundancy=1)
    words = [(0, 1, NOT_FINITE) if worker < q else (0,) for worker in range(workers)]
    said = [np.array(one)[:, None] for one in product(*words)]
    exact = play_audits(assignment, q, audits, steps)[0]
    assert exact.exact
    assert exact.distorted == pytest.approx(tree(assignment, q, audits, said, steps))


def test_with_three_copies():
    assignment = build("subset", workers=7, redundancy=3)
    names = [frozenset(row) for row in assignment.files.tolist()]
    touched = [names.index(frozenset(one)) for one in ((0, 1, 2), (0, 1, 3), (2, 5, 6))]
    said = []
    for bits in product((0, 1), repeat=6):
        tokens = np.zeros(assignment.files.shape, int)
        tokens[touched[0]] = bits[:3]
        tokens[touched[1], :2] = bits[3:5]
        tokens[touched[2], 0] = bits[5]
        said.append(tokens)
    for steps in (1, 2):
        exact = play_audits(assignment, 3, 1, steps)[0]
        assert exact.distorted == pytest.approx(tree(assignment, 3, 1, said, steps))


@pytest.mark.parametrize(("workers", "redundancy", "q"), [(5, 1, 2), (7, 1, 3), (7, 3, 3), (15, 1, 7), (15, 3, 7)])
def test_no_lies_exceed_the_bound_and_the_best_order_leaves_less(workers, redundancy, q):
    assignment = build("subset", workers=workers, redundancy=redundancy)
    for steps in (1, 30, 400):
        for result in play_audits(assignment, q, 1, steps):
            left = max(0, q - result.convicted - redundancy + 1)
            assert result.bound == left * comb(workers, redundancy)
            assert result.distorted <= result.bound
            assert result.best_policy is not None
            assert 0 <= result.best_policy <= result.distorted + 1e-9
            assert (result.best_audit is None) == (result.bound == 0)
            assert result.distorted <= result.silent * steps
            assert result.share == result.distorted / (steps * comb(workers, redundancy))


def test_more_audits_leave_less():
    assignment = build("subset", workers=7, redundancy=1)
    worst = [play_audits(assignment, 3, audits, 50)[0] for audits in (1, 2, 3)]
    assert worst[0].distorted > worst[1].distorted > worst[2].distorted
    assert [one.bound for one in worst] == [21, 10.5, 7]


def test_a_lie_of_one_worker_among_three_is_worth_two_thirds_then_the_rest():
    """By hand: m=1, f=3, one liar; it is free with a chance of 2/3 after every step, and has lied once more."""
    assignment = build("subset", workers=3, redundancy=1)
    values = [play_audits(assignment, 1, 1, steps)[0].distorted for steps in (1, 2, 3)]
    assert values == pytest.approx([2 / 3, 2 / 3 + 4 / 9, 2 / 3 + 4 / 9 + 8 / 27])


def tree(assignment, q, audits, said, steps):
    """The most distorted file-steps that any choice of ``said`` reaches, with every audit that may be drawn."""
    server, policy = server_of(assignment, q, 1), audit_policy("disputed-first")
    ranked = jax.jit(lambda agree, live, spare: policy(docket_of(agree, live, spare)))
    seen_with = jax.jit(lambda known, graph: (known.shown(graph), known.after(graph)))
    agrees = [np.asarray(server._agree(jnp.asarray(tokens))) for tokens in said]
    graphs = [server._look(no_evidence(assignment.workers), tokens, jax.random.key(0))[2] for tokens in said]
    worth: dict[tuple, float] = {}

    def value(known, left):
        if not left:
            return 0.0
        name = (left, np.asarray(known.agrees).tobytes(), np.asarray(known.convicted).tobytes())
        if name not in worth:
            worth[name] = max(expected(known, choice, left) for choice in range(len(said)))
        return worth[name]

    def expected(known, choice, left):
        total = 0.0
        for chance, audited, convicted in audit_all(agrees[choice], said[choice], np.asarray(known.convicted), audits):
            shown, after = seen_with(known._replace(convicted=convicted), graphs[choice])
            distorted = float(server._update(said[choice], audited, server._ruled(np.asarray(shown))))
            total += chance * (distorted + value(after, left - 1))
        return total

    def audit_all(agree, tokens, convicted, left, audited=None):
        audited = np.zeros(len(tokens), bool) if audited is None else audited
        if not left:
            yield 1.0, audited, convicted
            return
        ranks = np.where(audited, -1, np.asarray(ranked(agree, ~convicted[assignment.files], q - convicted.sum())))
        first = np.flatnonzero(ranks == ranks.max())
        for file in first:
            guilty = convicted.copy()
            guilty[assignment.files[file][tokens[file] != 0]] = True
            seen = audited | (np.arange(len(tokens)) == file)
            for chance, *rest in audit_all(agree, tokens, guilty, left - 1, seen):
                yield chance / len(first), *rest

    return value(no_evidence(assignment.workers), steps)
