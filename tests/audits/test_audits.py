"""What audits promise: honest workers stay, disputes are few, and lies that nobody contradicts are rare."""

import re
from itertools import product
from math import comb
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aspis_sim
from aspis_sim.assignment import build
from aspis_sim.audits import AUDIT_POLICIES, audit_policy
from aspis_sim.detection.agreement import Agreement
from aspis_sim.errors import InputError
from aspis_sim.evidence import evidence
from aspis_sim.game.audits import play_audits
from aspis_sim.simulation.memory import Auditor, docket_of, no_evidence
from tests.audited_tokens import NOT_FINITE, Server, run


def server_of(assignment, q, audits=1, policy="disputed-first", memory="run"):
    return Server(assignment, q, Auditor(evidence(memory), audit_policy(policy), audits))


def drawn_lies(assignment, q, seed, steps):
    """Every step another mixture of truth, common lies, lies of one's own and values that are not finite."""
    generator = np.random.default_rng(seed)
    byzantine = np.isin(np.arange(assignment.workers), generator.permutation(assignment.workers)[:q])
    held = byzantine[assignment.files]

    def lies(step, convicted):
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
    for seed in range(5):
        _, lies = drawn_lies(assignment, 3, seed, 15)
        _, steps = run(server_of(assignment, 3), lies, 15, seed)
        assert sum(one.distorted for one in steps) == 0


@pytest.mark.parametrize(("redundancy", "runs", "steps"), [(1, 80, 60), (3, 30, 150)])
def test_lies_that_nobody_contradicts_stay_below_the_bound_and_are_worth_what_the_game_says(redundancy, runs, steps):
    """All liars lie about all that they hold alone, the best lies of all where no file is worth sparing."""
    q, assignment = 3, build("subset", workers=7, redundancy=redundancy)
    silent = np.all(assignment.files < q, axis=1)
    tokens = np.where(silent[:, None], 1, np.zeros(assignment.files.shape, int))
    server = server_of(assignment, q)
    counts = [sum(one.distorted for one in run(server, lambda *_: tokens, steps, seed)[1]) for seed in range(runs)]
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


class TestGame:
    """The game, against trees of everything that can happen, with the detector and the votes that runs have."""

    @pytest.mark.parametrize(("workers", "q", "steps"), [(3, 1, 3), (5, 2, 1), (5, 2, 2)])
    @pytest.mark.parametrize("audits", [1, 2])
    def test_without_redundancy(self, workers, q, steps, audits):
        assignment = build("subset", workers=workers, redundancy=1)
        words = [(0, 1, NOT_FINITE) if worker < q else (0,) for worker in range(workers)]
        said = [np.array(one)[:, None] for one in product(*words)]
        exact = play_audits(assignment, q, audits, steps)[0]
        assert exact.exact
        assert exact.distorted == pytest.approx(tree(assignment, q, audits, said, steps))

    def test_with_three_copies(self):
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
    def test_no_lies_exceed_the_bound_and_the_best_order_leaves_less(self, workers, redundancy, q):
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

    def test_more_audits_leave_less(self):
        assignment = build("subset", workers=7, redundancy=1)
        worst = [play_audits(assignment, 3, audits, 50)[0] for audits in (1, 2, 3)]
        assert worst[0].distorted > worst[1].distorted > worst[2].distorted
        assert [one.bound for one in worst] == [21, 10.5, 7]

    def test_a_lie_of_one_worker_among_three_is_worth_two_thirds_then_the_rest(self):
        """By hand: m=1, f=3, one liar; it is free with a chance of 2/3 after every step, and has lied once more."""
        assignment = build("subset", workers=3, redundancy=1)
        values = [play_audits(assignment, 1, 1, steps)[0].distorted for steps in (1, 2, 3)]
        assert values == pytest.approx([2 / 3, 2 / 3 + 4 / 9, 2 / 3 + 4 / 9 + 8 / 27])


def tree(assignment, q, audits, said, steps):
    """The most distorted file-steps that any choice of ``said`` reaches, with every audit that may be drawn."""
    server = server_of(assignment, q, 1)
    files = jnp.asarray(assignment.files)
    worth: dict[tuple, float] = {}

    def value(known, left):
        if not left:
            return 0.0
        name = (left, np.asarray(known.agrees).tobytes(), np.asarray(known.convicted).tobytes())
        if name not in worth:
            worth[name] = max(expected(known, tokens, left) for tokens in said)
        return worth[name]

    def expected(known, tokens, left):
        agree = np.asarray(server._agree(jnp.asarray(tokens)))
        _, _, graph = server._look(known, jnp.asarray(tokens), jax.random.key(0))
        total = 0.0
        for chance, audited, convicted in audit_all(agree, tokens, np.asarray(known.convicted), audits):
            after = known._replace(convicted=jnp.asarray(convicted))
            ruling = server._ruled(np.asarray(after.shown(graph)))
            distorted = float(server._update(jnp.asarray(tokens), jnp.asarray(audited), ruling))
            total += chance * (distorted + value(after.after(graph), left - 1))
        return total

    def audit_all(agree, tokens, convicted, left, audited=None):
        audited = np.zeros(len(tokens), bool) if audited is None else audited
        if not left:
            yield 1.0, audited, convicted
            return
        docket = docket_of(agree, ~convicted[np.asarray(files)], q - convicted.sum())
        ranks = np.where(audited, -1, np.asarray(audit_policy("disputed-first")(docket)))
        first = np.flatnonzero(ranks == ranks.max())
        for file in first:
            guilty = convicted.copy()
            guilty[assignment.files[file][tokens[file] != 0]] = True
            seen = audited | (np.arange(len(tokens)) == file)
            for chance, *rest in audit_all(agree, tokens, guilty, left - 1, seen):
                yield chance / len(first), *rest

    return value(no_evidence(assignment.workers), steps)


SMALL: dict[str, Any] = {
    "dataset": "digits",
    "model": "softmax",
    "samples_per_file": 1,
    "protocol": "files",
    "workers": 7,
    "q": 3,
}


class TestRuns:
    """Audits in training."""

    @pytest.mark.parametrize("scheme", ["aspis-audited", "audited"])
    @pytest.mark.parametrize("payload", ["alie", "reversed", "nan"])
    def test_every_liar_that_matters_is_convicted_and_the_rest_of_the_run_is_clean(self, scheme, payload):
        run = aspis_sim.train(scheme=scheme, attack="weak", payload=payload, steps=60, seed=1, **SMALL)
        assert run.row.convicted == 3
        assert run.row.disputes_audited <= 3
        assert run.row.false_accusation_rate == 0
        assert run.row.server_computed == 60
        ended = int(np.flatnonzero(run.trace.excluded_byzantine == 3)[0])
        assert run.trace.distorted[ended:].sum() == 0

    def test_without_liars_nobody_is_convicted(self):
        row = aspis_sim.train(scheme="aspis-audited", attack="none", steps=20, **SMALL).row
        assert (row.convicted, row.disputes_audited, row.distortion_measured, row.lost_measured) == (0, 0, 0, 0)

    def test_audits_have_a_stream_of_their_own(self):
        """Without lies, nothing that is audited changes anything."""
        one, other = (
            aspis_sim.train(scheme="aspis-certified", attack="none", steps=10, audits=audits, **SMALL).row
            for audits in (0, 2)
        )
        assert one.loss == other.loss
        assert (one.convicted, other.convicted) == (None, 0)
        assert (one.server_computed, other.server_computed) == (None, 20)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"scheme": "median", "audits": 1}, "`audits=1` with detector none of scheme median, which reads no graph"),
            ({"scheme": "aspis+", "evidence": "run", "attack": "weak"}, "which remembers by itself, over its windows"),
            ({"scheme": "aspis-audited", "audits": 36}, "has 35 files, and each is audited once a step at most"),
            ({"scheme": "aspis-audited", "audits": -1}, "`audits` -1 is negative"),
            ({"scheme": "audited", "evidence": "window:length=0"}, "a window has 1 or more steps"),
            ({"scheme": "audited", "audit_policy": "disputed-frist"}, "disputed-first"),
        ],
    )
    def test_bad_input(self, settings, message):
        given = {**SMALL, "attack": "strong", **settings}
        with pytest.raises(InputError, match=re.escape(message)):
            aspis_sim.train(**given)

    @pytest.mark.parametrize("attack", ["weak", "strong", "stealth"])
    def test_three_copies_in_groups_and_two_audits_are_exact_for_two_liars(self, attack):
        """r = q + 1 copies and q computations of the server, as Hofmeister, Maßny, Yaakobi and Bitar have them."""
        given = {**SMALL, "workers": 9, "q": 2, "assignment": "repetition", "redundancy": 3, "evidence": "step"}
        given |= {"scheme": "aspis-audited", "audits": 2, "attack": attack, "payload": "reversed", "steps": 15}
        row = aspis_sim.train(**given).row
        assert (row.distortion_measured, row.lost_measured, row.false_accusation_rate) == (0, 0, 0)
