"""The game's exact answers: the known table, and every attack on systems small enough to try them all."""

import itertools

import numpy as np
import pytest

from aspis_sim.assignment import Assignment, build
from aspis_sim.detection import DETECTORS, Verdict
from aspis_sim.detection.reference import agreement_graph, apply_verdict
from aspis_sim.errors import InputError
from aspis_sim.game import Result, play
from aspis_sim.game.lies import lies_of


def fano_plane() -> Assignment:
    files = [[0, 1, 2], [0, 3, 4], [0, 5, 6], [1, 3, 5], [1, 4, 6], [2, 3, 6], [2, 4, 5]]
    return Assignment("fano", 7, np.array(files, np.int32))


def replayed(result: Result, assignment: Assignment, q: int) -> tuple[int, int]:
    """Distorted and kept files of the attack, from its values alone; only Byzantines may lie in it."""
    assert not (result.liars & ~result.byzantine[assignment.files]).any()
    assert int(result.byzantine.sum()) == q
    tokens = np.zeros(assignment.files.shape, np.int64)
    for file, slots in result.attack.items():
        tokens[file, list(slots)] = 1
    assert np.array_equal(tokens == 1, result.liars)
    decide = DETECTORS[result.detector]
    verdict = decide(agreement_graph(assignment, tokens), max_byzantine=q, assignment=assignment)
    update = apply_verdict(verdict, assignment, tokens)
    return int((update.kept & (update.tokens == 1)).sum()), int(update.kept.sum())


def worst_by_trying_all(assignment: Assignment, q: int, detector: str) -> tuple[int, float]:
    """Greatest count and greatest fraction over every Byzantine set and every combination of lies."""
    count, fraction = 0, 0.0
    for members in itertools.combinations(range(assignment.workers), q):
        lies = lies_of(assignment, np.isin(np.arange(assignment.workers), members))
        options = [np.flatnonzero(lies.file == file) for file in range(len(assignment.files))]
        verdicts: dict[bytes, Verdict] = {}
        for chosen in itertools.product(*options):
            tokens = lies.liars[list(chosen)].astype(np.int64)
            graph = agreement_graph(assignment, tokens)
            if graph.tobytes() not in verdicts:
                verdicts[graph.tobytes()] = DETECTORS[detector](graph, max_byzantine=q, assignment=assignment)
            update = apply_verdict(verdicts[graph.tobytes()], assignment, tokens)
            distorted, kept = int((update.kept & (update.tokens == 1)).sum()), int(update.kept.sum())
            count, fraction = max(count, distorted), max(fraction, distorted / max(kept, 1))
    return count, fraction


TABLE = [
    (5, 2, 26, {"clique": 2, "sound": 2, "certified": 0, "unanimous": 0}),
    (7, 3, 562, {"clique": 10, "sound": 10, "certified": 1, "unanimous": 1}),
    (9, 3, 2676, {"clique": 10, "sound": 10, "certified": 1, "unanimous": 1}),
    pytest.param(9, 4, 47418, {"clique": 34, "sound": 28, "certified": 4, "unanimous": 4}, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("workers", "q", "graphs", "worst"), TABLE)
def test_most_distorted_files(workers: int, q: int, graphs: int, worst: dict[str, int]) -> None:
    assignment = build("subset", workers=workers, redundancy=3)
    for detector, count in worst.items():
        result = play(assignment, q, detector)
        assert (result.count, result.graphs, result.exhaustive) == (count, graphs, True)
        assert replayed(result, assignment, q) == (result.count, result.kept)


FRACTIONS = [
    (5, 2, {"clique": (2, 10), "sound": (2, 10), "certified": (0, 10), "unanimous": (0, 10)}),
    (7, 3, {"clique": (10, 35), "sound": (10, 35), "certified": (1, 35), "unanimous": (1, 17)}),
    (9, 3, {"clique": (10, 84), "sound": (10, 84), "certified": (1, 84), "unanimous": (1, 66)}),
    pytest.param(
        9,
        4,
        {"clique": (34, 83), "unanimous": (4, 36)},
        marks=pytest.mark.slow,
    ),
]


@pytest.mark.parametrize(("workers", "q", "worst"), FRACTIONS)
def test_greatest_fraction(workers: int, q: int, worst: dict[str, tuple[int, int]]) -> None:
    assignment = build("subset", workers=workers, redundancy=3)
    for detector, (count, kept) in worst.items():
        result = play(assignment, q, detector, objective="fraction")
        assert (result.count, result.kept, result.exhaustive) == (count, kept, True)
        assert result.fraction == count / kept
        assert replayed(result, assignment, q) == (count, kept)


@pytest.mark.parametrize("detector", list(DETECTORS))
@pytest.mark.parametrize(
    ("assignment", "q"),
    [(build("subset", workers=4, redundancy=3), 1), (build("repetition", workers=6, redundancy=3), 2)],
    ids=["subset", "repetition"],
)
def test_every_attack_on_small_systems(assignment: Assignment, q: int, detector: str) -> None:
    check_all(assignment, q, detector)


@pytest.mark.parametrize("detector", ["clique", "sound", "certified"])
def test_every_attack_on_the_fano_plane(detector: str) -> None:
    check_all(fano_plane(), 2, detector)


@pytest.mark.parametrize("detector", ["clique", "unanimous"])
def test_every_attack_of_one_set_on_five_workers(detector: str) -> None:
    """All sets of two workers are alike, except for tied votes, which these detectors do not take."""
    assignment = build("subset", workers=5, redundancy=3)
    lies = lies_of(assignment, np.arange(5) < 2)
    options = [np.flatnonzero(lies.file == file) for file in range(len(assignment.files))]
    assert np.prod([len(choices) for choices in options]) == 4096
    counts = []
    for chosen in itertools.product(*options):
        tokens = lies.liars[list(chosen)].astype(np.int64)
        verdict = DETECTORS[detector](agreement_graph(assignment, tokens), max_byzantine=2)
        update = apply_verdict(verdict, assignment, tokens)
        counts.append(int((update.kept & (update.tokens == 1)).sum()))
    assert play(assignment, 2, detector).count == max(counts)


def check_all(assignment: Assignment, q: int, detector: str) -> None:
    count, fraction = worst_by_trying_all(assignment, q, detector)
    by_count = play(assignment, q, detector)
    by_fraction = play(assignment, q, detector, objective="fraction")
    assert by_count.exhaustive
    assert by_fraction.exhaustive
    assert by_count.count == count
    assert by_fraction.fraction == fraction
    for result in (by_count, by_fraction):
        assert replayed(result, assignment, q) == (result.count, result.kept)


def test_without_byzantines_nothing_is_distorted() -> None:
    for detector in DETECTORS:
        result = play(build("subset", workers=5, redundancy=3), 0, detector)
        assert (result.count, result.kept, result.exhaustive, result.graphs) == (0, 10, True, 1)


def test_bad_requests_are_refused() -> None:
    assignment = build("subset", workers=5, redundancy=3)
    with pytest.raises(InputError, match="unknown detector 'cliqe'; did you mean clique"):
        play(assignment, 1, "cliqe")
    with pytest.raises(InputError, match="unknown objective 'counts'; did you mean count"):
        play(assignment, 1, "clique", objective="counts")
    with pytest.raises(InputError, match=r"3 Byzantine workers of 5: .* q is 0 to 2"):
        play(assignment, 3, "clique")
    with pytest.raises(InputError, match="effort of 0"):
        play(assignment, 1, "clique", effort=0)
