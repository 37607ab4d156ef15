"""Detection over many trials against the exact distribution of one, on random assignments and with a fixed seed.

The bound on each figure is Bernstein's inequality with the exact variance, at a level of 1e-3 for all figures of a
test together.
"""

from fractions import Fraction
from math import log, sqrt
from typing import Any

import numpy as np
import pytest

from aspis_sim.detection import DETECTORS
from aspis_sim.trials.adversary import Adversary
from aspis_sim.trials.monte_carlo import Row, agreement_from_tokens, count_update, run_trials
from tests.detection.brute_force import DEFINITIONS, disagreements
from tests.detection.sparse_systems import random_regular, random_values
from tests.trials.exact import Figure, courses, figures

LEVEL, TRIALS = 1e-3, 2400

SETTINGS: dict[str, tuple[tuple[int, int], int, dict[str, Any], int]] = {
    "random lies": ((6, 3), 2, {"attack": "random", "membership": "random", "lie_probability": 0.5}, 1),
    "rare lies": ((6, 2), 2, {"attack": "random", "membership": "random", "lie_probability": 0.125}, 1),
    "fixed workers": ((6, 3), 2, {"attack": "random", "lie_probability": 0.75}, 1),
    "a window": ((6, 1), 2, {"attack": "random", "membership": "random", "lie_probability": 0.25}, 2),
    "three iterations": ((6, 2), 1, {"attack": "random", "membership": "random", "lie_probability": 0.25}, 3),
    "weak": ((9, 2), 4, {"attack": "weak", "membership": "random"}, 1),
    "strong": ((7, 3), 3, {"attack": "strong", "membership": "random"}, 1),
    "stealth": ((9, 1), 4, {"attack": "stealth", "membership": "random"}, 1),
    "permuted": ((6, 2), 2, {"attack": "majority", "permute": True}, 1),
}
"""K and l of an assignment with r = 3, q, the adversary, and the iterations of a trial."""


def bernstein(figure: Figure, trials: int, level: float) -> float:
    """How far the mean of so many trials may be from the exact one, but for a probability of ``level``."""
    weight = log(2 / level) / trials
    reach = float(figure.reach) * weight / 3
    return reach + sqrt(reach**2 + 2 * float(figure.variance) * weight)


def compare(row: Row, exact: dict[str, Figure], level: float) -> None:
    """Every figure of the row against its distribution; what cannot vary is equal."""
    for name, figure in exact.items():
        shown = getattr(row, name)
        if name == "distorted_most":
            likely = [value for value, chance in figure.chances.items() if (1 - chance) ** row.trials < level]
            assert max(likely, default=0) <= shown <= max(figure.chances), name
        elif name == "iterations":
            assert row.found is not None
            trials = round(row.found * row.trials)
            assert (shown is None) == (trials == 0)
            if shown is not None:
                assert shown == pytest.approx(float(figure.mean), abs=bernstein(figure, trials, level) + 1e-12), name
        else:
            assert shown == pytest.approx(float(figure.mean), abs=bernstein(figure, row.trials, level) + 1e-12), name


@pytest.mark.parametrize("name", SETTINGS)
def test_rates_are_those_of_the_exact_distribution(name: str) -> None:
    (workers, load), q, setting, window = SETTINGS[name]
    assignment = random_regular(len(name), workers, 3, load)
    adversary = Adversary(assignment, q, **setting)
    every = list(
        courses(
            assignment.files.tolist(),
            workers,
            q,
            adversary.attack,
            lie=Fraction(adversary.lie_probability),
            window=window,
            fixed=None if adversary.membership == "random" else frozenset(np.flatnonzero(adversary.chosen.byzantine)),
            permute=adversary.permute,
        )
    )
    assert len(every) > 20
    rows = run_trials(adversary, list(DEFINITIONS), trials=TRIALS, seed=7, window=window)
    for detector, row in zip(DEFINITIONS, rows, strict=True):
        exact = figures(every, workers, q, detector)
        compare(row, exact, LEVEL / (len(DEFINITIONS) * len(exact)))


@pytest.mark.parametrize("detector", DEFINITIONS)
def test_files_are_counted_as_the_definitions_use_and_drop_them(detector: str) -> None:
    """Attack by attack, also where excluded workers hold a file alone that nobody lied about."""
    systems = [random_regular(seed, workers, 3, load) for seed, (workers, load) in enumerate([(7, 3), (8, 6), (9, 2)])]
    dropped_truths = 0
    for assignment in systems:
        files, workers = assignment.files.tolist(), assignment.workers
        q = (workers - 1) // 2
        for number, (liars, values) in enumerate(random_values(q, assignment, q, 120)):
            lies = values != 0
            if number % 2:  # about files that only liars hold, none of them lies
                lies &= ~liars[assignment.files].all(axis=1, keepdims=True)
            edges = disagreements(files, lies.tolist())
            verdict = DETECTORS[detector](
                agreement_from_tokens(assignment, lies), max_byzantine=q, assignment=assignment
            )
            expected = DEFINITIONS[detector](edges, files, lies.tolist(), workers, q)
            count = int(sum(expected.used.values())), len(files) - len(expected.used)
            assert count_update(verdict, assignment, lies) == count
            told = [row for file, row in enumerate(lies.tolist()) if file not in expected.used]
            dropped_truths += sum(not any(row) for row in told)
    assert (dropped_truths > 0) == (detector != "none")


def test_the_bound_is_narrow_enough_to_tell_another_probability() -> None:
    """Trials of liars of 0.5 are not those of liars of 0.35."""
    assignment = random_regular(3, 6, 3, 2)
    (row,) = run_trials(Adversary(assignment, 2, "random", "random", lie_probability=0.5), ["sound"], trials=TRIALS)
    for probability, fits in ((0.5, True), (0.35, False)):
        every = list(courses(assignment.files.tolist(), 6, 2, "random", lie=Fraction(probability)))
        exact = figures(every, 6, 2, "sound")
        differ = [
            name
            for name in ("found", "ambiguous", "distorted_files", "partial")
            if abs(getattr(row, name) - float(exact[name].mean)) > bernstein(exact[name], TRIALS, LEVEL / 4)
        ]
        assert (not differ) == fits
