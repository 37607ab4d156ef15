"""Every detector and what its verdict makes of the copies, against the definitions by listing all sets of workers."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from aspis_sim.detection import DETECTORS, Outcome
from aspis_sim.detection.reference import agreement_graph, apply_verdict
from tests.detection import brute_force
from tests.detection.brute_force import DEFINITIONS
from tests.detection.graphs import from_edges, random_graph
from tests.detection.sparse_systems import SYSTEMS, apart, random_regular, random_values


def test_many_pairs_of_these_systems_share_no_file() -> None:
    shares = {name: apart(system) / (system.workers * (system.workers - 1) / 2) for name, system in SYSTEMS.items()}
    assert min(shares.values()) > 0.1
    assert sum(share > 0.4 for share in shares.values()) >= 6


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", DEFINITIONS)
def test_updates_are_those_of_the_definitions(name: str, system: str) -> None:
    assignment = SYSTEMS[system]
    workers, files = assignment.workers, assignment.files.tolist()
    budgets = range((workers + 1) // 2)
    for q in budgets:
        for _, values in random_values(17 * q + len(system), assignment, q, 60 // len(budgets)):
            graph = agreement_graph(assignment, values)
            edges = brute_force.disagreements(files, values.tolist())
            assert np.array_equal(~graph, from_edges(workers, edges))
            verdict = DETECTORS[name](graph, max_byzantine=q, assignment=assignment)
            update = apply_verdict(verdict, assignment, values)
            expected = DEFINITIONS[name](edges, files, values.tolist(), workers, q)
            case = (q, values.tolist())
            assert str(verdict.outcome) == expected.outcome, case
            assert frozenset(np.flatnonzero(~verdict.honest).tolist()) == expected.excluded, case
            kept = np.flatnonzero(update.kept).tolist()
            assert dict(zip(kept, update.tokens[update.kept].tolist(), strict=True)) == expected.used, case
            assert expected.plain_mean in (None, update.plain_mean), case


def test_the_attacks_reach_every_outcome_of_every_detector() -> None:
    seen: dict[str, Counter[str]] = {name: Counter() for name in DEFINITIONS}
    certifying = 0
    for assignment in SYSTEMS.values():
        for q in range((assignment.workers + 1) // 2):
            for _, values in random_values(q, assignment, q, 12):
                files, rows = assignment.files.tolist(), values.tolist()
                given = (brute_force.disagreements(files, rows), files, rows, assignment.workers, q)
                found = {name: define(*given) for name, define in DEFINITIONS.items()}
                certifying += bool(found["certified"].plain_mean) and found["certified"].outcome != "unique"
                for name, one in found.items():
                    seen[name][one.outcome] += 1
    assert certifying > 10
    for name, outcomes in seen.items():
        every = {"unique", "ambiguous", "over_budget"} | (set() if name == "clique" else {"partial"})
        every = {"skipped"} if name == "none" else every
        assert set(outcomes) == every
        assert min(outcomes.values()) > 3


@pytest.mark.parametrize("workers", range(2, 9))
def test_verdicts_on_random_graphs(workers: int) -> None:
    """Any graph, also one that no values make: the verdict rests on the graph alone."""
    generator = np.random.default_rng(workers)
    assignment = random_regular(workers, workers, 3, 3) if workers > 3 else random_regular(workers, workers, 1, 1)
    pairs = list(combinations(range(workers), 2))
    for _ in range(40):
        graph = random_graph(generator, workers)
        edges = frozenset(pair for pair in pairs if graph[pair])
        for q in range((workers + 1) // 2):
            explain = brute_force.hypotheses(edges, workers, q)
            outcome, guilty = brute_force.forced(explain)
            for name in ("sound", "unanimous", "minimax", "certified"):
                verdict = DETECTORS[name](~graph, max_byzantine=q, assignment=assignment)
                assert str(verdict.outcome) == outcome
                assert frozenset(np.flatnonzero(~verdict.honest).tolist()) == guilty
            assert verdict.certified is not None
            for file, mask in np.ndindex(verdict.certified.shape):
                group = {int(w) for slot, w in enumerate(assignment.files[file]) if mask >> slot & 1}
                assert verdict.certified[file, mask] == bool(explain and not any(group <= one for one in explain))
            cliques = brute_force.maximum_cliques(edges, workers)
            alone = len(cliques) == 1 and len(cliques[0]) >= workers - q
            verdict = DETECTORS["clique"](~graph, max_byzantine=q)
            assert (verdict.outcome is Outcome.UNIQUE) == alone
            trusted = cliques[0] if alone else range(workers)
            assert np.flatnonzero(verdict.honest).tolist() == sorted(trusted)
            flagged = [w for w in range(workers) if (workers - 1 - graph[w].sum()) < workers - q - 1]
            verdict = DETECTORS["degree"](~graph, max_byzantine=q)
            assert np.flatnonzero(~verdict.honest).tolist() == (flagged if len(flagged) <= q else [])


@pytest.mark.parametrize("system", SYSTEMS)
def test_claims_hold_where_workers_share_no_file(system: str) -> None:
    """No honest worker is forced out, no certified value is a lie, no distorted unanimous file has an honest worker."""
    assignment = SYSTEMS[system]
    files = assignment.files
    for q in range(1, (assignment.workers + 1) // 2):
        for liars, values in random_values(q, assignment, q, 30):
            if liars.sum() > q:
                continue
            for name in ("sound", "certified", "unanimous", "minimax", "degree"):
                verdict = DETECTORS[name](agreement_graph(assignment, values), max_byzantine=q, assignment=assignment)
                update = apply_verdict(verdict, assignment, values)
                distorted = update.kept & (update.tokens != 0)
                assert liars[~verdict.honest].all()
                if name in ("certified", "unanimous", "minimax"):
                    assert liars[files[distorted]].all()
                    assert not (update.plain_mean and distorted.any())
