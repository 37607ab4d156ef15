"""What verdicts mean: the vectorised reference against the same rules written out file by file."""

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from aspis_sim.assignment import Assignment
from aspis_sim.detection import Outcome, Verdict
from aspis_sim.detection.reference import agreement_graph, apply_verdict
from tests.detection.random_attacks import random_attacks, system


def by_file(verdict: Verdict, assignment: Assignment, tokens: NDArray[np.int64]) -> dict[int, int]:
    """File -> value used, following the words of `apply_verdict`."""
    if verdict.certified is not None:
        sure: dict[int, int] = {}
        for file, row in enumerate(tokens.tolist()):
            for value in row:
                mask = sum(1 << slot for slot, other in enumerate(row) if other == value)
                if verdict.certified[file, mask]:
                    sure.setdefault(file, value)
        if sure:
            return sure
    used = {}
    for file, row in enumerate(tokens.tolist()):
        copies = [v for v, w in zip(row, assignment.files[file], strict=True) if verdict.honest[w]]
        if not copies or (verdict.unanimous and not verdict.average and len(set(copies)) > 1):
            continue
        if verdict.kept is not None and not verdict.average and not verdict.kept[file]:
            continue
        counts = Counter(copies)
        used[file] = copies[0] if verdict.average else max(copies, key=lambda value: counts[value])
    return used


@pytest.mark.parametrize("seed", range(6))
def test_reference_follows_its_words(seed: int) -> None:
    generator = np.random.default_rng(seed)
    for attack in random_attacks(seed + 100, 60):
        shape = (len(attack.tokens), 2**attack.assignment.redundancy)
        certified = generator.random(shape) < generator.choice([0.0, 0.01, 0.3])
        verdict = Verdict(
            generator.random(attack.assignment.workers) < generator.choice([0.3, 0.7, 1.0]),
            Outcome.PARTIAL,
            average=bool(generator.random() < 0.3),
            certified=certified if generator.random() < 0.5 else None,
            unanimous=bool(generator.random() < 0.5),
            kept=generator.random(len(attack.tokens)) < 0.7 if generator.random() < 0.5 else None,
        )
        update = apply_verdict(verdict, attack.assignment, attack.tokens)
        used = by_file(verdict, attack.assignment, attack.tokens)
        assert np.flatnonzero(update.kept).tolist() == sorted(used)
        assert update.tokens[update.kept].tolist() == [used[file] for file in sorted(used)]


def test_agreement_is_over_all_shared_files() -> None:
    for attack in random_attacks(7, 40):
        files, tokens = attack.assignment.files.tolist(), attack.tokens.tolist()
        agree = np.ones((attack.assignment.workers,) * 2, bool)
        for group, row in zip(files, tokens, strict=True):
            for u, a in zip(group, row, strict=True):
                for v, b in zip(group, row, strict=True):
                    agree[u, v] &= a == b
        assert np.array_equal(agreement_graph(attack.assignment, attack.tokens), agree)


def test_workers_that_share_no_file_agree() -> None:
    assignment = system("repetition", 9, 3)
    tokens = np.array([[1, 0, 0], [0, 2, 0], [0, 0, 3]])
    graph = agreement_graph(assignment, tokens)
    assert graph[0, 3]
    assert not graph[0, 1]
    assert graph[3, 5]


def test_a_tied_vote_goes_to_the_lowest_slot() -> None:
    assignment = system("subset", 3, 3)
    two_left = Verdict(np.array([True, False, True]), Outcome.PARTIAL)
    update = apply_verdict(two_left, assignment, np.array([[5, 9, 9]]))
    assert update.tokens.tolist() == [5]
    assert not update.plain_mean
