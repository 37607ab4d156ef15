"""Branch and bound against trying every selection."""

import itertools

import numpy as np
import pytest

from aspis_sim.game.selection import best_selection


@pytest.mark.parametrize("seed", range(150))
def test_it_finds_the_best_selection(seed: int) -> None:
    generator = np.random.default_rng(seed)
    by_file = [int(n) for n in generator.integers(1, 5, size=generator.integers(1, 7))]
    files = [file for file, options in enumerate(by_file) for _ in range(options)]
    values = generator.integers(-3, 4, size=len(files)).tolist()
    edges = (generator.integers(64, size=len(files)) & generator.integers(64, size=len(files))).tolist()
    graph = 0
    for option in generator.choice(len(files), size=3).tolist():
        graph |= edges[option]
    inside = [option for option in range(len(files)) if not edges[option] & ~graph]
    files, values, edges = ([column[o] for o in inside] for column in (files, values, edges))
    choices = [[o for o, other in enumerate(files) if other == file] for file in sorted(set(files))]
    worths = []
    for chosen in itertools.product(*choices):
        union = 0
        for option in chosen:
            union |= edges[option]
        if union == graph:
            worths.append(sum(values[option] for option in chosen))
    selected = best_selection(files, values, edges, graph, -1000)
    if not worths:
        assert selected is None
        return
    assert selected is not None
    assert sorted(files[option] for option in selected) == sorted(set(files))
    union = 0
    for option in selected:
        union |= edges[option]
    assert union == graph
    assert sum(values[option] for option in selected) == max(worths)
    assert best_selection(files, values, edges, graph, max(worths)) is None
    assert best_selection(files, values, edges, graph, max(worths) - 1) is not None
