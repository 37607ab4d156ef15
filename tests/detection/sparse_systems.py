"""Assignments in which many pairs of workers share no file, and random values of their copies."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment import Assignment, build


def random_regular(seed: int, workers: int, redundancy: int, load: int) -> Assignment:
    """Every worker in ``load`` files of ``redundancy`` different workers, otherwise at random; files may be alike."""
    rng = np.random.default_rng(seed)
    places = np.repeat(np.arange(workers), load)
    while True:
        files = np.sort(rng.permutation(places).reshape(-1, redundancy), axis=1)
        if (np.diff(files, axis=1) > 0).all():
            return Assignment("custom", workers, files.astype(np.int32))


def apart(assignment: Assignment) -> int:
    """Pairs of workers that share no file, counted pair by pair."""
    held = [
        {file for file, group in enumerate(assignment.files.tolist()) if w in group} for w in range(assignment.workers)
    ]
    return sum(not held[u] & held[v] for u in range(assignment.workers) for v in range(u))


SYSTEMS = {
    "custom 6, 3, l=1": random_regular(0, 6, 3, 1),
    "custom 6, 3, l=2": random_regular(1, 6, 3, 2),
    "custom 7, 3, l=3": random_regular(2, 7, 3, 3),
    "custom 8, 1, l=2": random_regular(3, 8, 1, 2),
    "custom 9, 3, l=2": random_regular(4, 9, 3, 2),
    "custom 10, 5, l=1": random_regular(5, 10, 5, 1),
    "baseline 7": build("baseline", workers=7, redundancy=1),
    "repetition 9, 3": build("repetition", workers=9, redundancy=3),
    "cyclic 8, 3": build("cyclic", workers=8, redundancy=3),
    "cyclic 10, 5": build("cyclic", workers=10, redundancy=5),
    "mols 12, 3": build("mols", workers=12, redundancy=3),
}


def random_values(
    seed: int, assignment: Assignment, q: int, count: int
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.int64]]]:
    """Who lies, bool ``[K]``, and the values of all copies, int ``[f, r]`` (0: honest).

    Mostly q workers lie, sometimes fewer, and sometimes more than the detectors are told of.
    """
    rng = np.random.default_rng(seed)
    workers, shape = assignment.workers, assignment.files.shape
    for _ in range(count):
        most = workers if rng.random() < 0.15 else q
        liars = rng.permutation(workers) < (q if rng.random() < 0.6 else rng.integers(most + 1))
        lies = liars[assignment.files] & (rng.random(shape) < rng.choice([0.2, 0.5, 1.0]))
        if rng.random() < 0.3:  # against few honest workers
            framed = liars | (rng.random(workers) < 0.3)
            lies = liars[assignment.files] & framed[assignment.files].all(1, keepdims=True)
        values = rng.integers(1, 1 + rng.integers(1, 4), size=shape)
        yield liars, np.where(lies, values, 0)
