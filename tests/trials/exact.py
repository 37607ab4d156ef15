"""The exact distribution of what a trial shows, by playing every course that it can take, with its probability."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, permutations, product
from math import factorial, prod

from tests.detection.brute_force import DEFINITIONS, Edges, Files, Values, Workers, disagreements

LEAST_LIARS = {"none": 10**6, "weak": 1, "strong": 2, "majority": 2, "stealth": 3}
"""Byzantine workers of a file of three that it takes for all of them to lie about it."""


@dataclass(frozen=True)
class Course:
    """One trial: its probability, who is Byzantine, and the files and values of each iteration."""

    probability: Fraction
    byzantine: Workers
    rounds: tuple[tuple[Files, Values], ...]


def with_values(files: Files, byzantine: Workers, attack: str, lie: Fraction) -> Iterator[tuple[Fraction, Values]]:
    """All values that the Byzantine workers may return for files of three workers, with their probabilities."""
    if attack != "random":
        liars = [[worker in byzantine for worker in group] for group in files]
        yield Fraction(1), [[int(one and sum(row) >= LEAST_LIARS[attack]) for one in row] for row in liars]
        return
    choices = [
        [((lie, 1), (1 - lie, 0)) if worker in byzantine else ((Fraction(1), 0),) for worker in group]
        for group in files
    ]
    for chosen in product(*(product(*row) for row in choices)):
        chance = prod((p for row in chosen for p, _ in row), start=Fraction(1))
        yield chance, [[value for _, value in row] for row in chosen]


def courses(
    files: Files,
    workers: int,
    q: int,
    attack: str,
    *,
    lie: Fraction = Fraction(1, 2),
    window: int = 1,
    fixed: Workers | None = None,
    permute: bool = False,
) -> Iterator[Course]:
    """All courses of a trial by q random workers, or by the ``fixed`` ones, where places change or do not."""
    sets = [fixed] if fixed is not None else [frozenset(some) for some in combinations(range(workers), q)]
    places = list(permutations(range(workers))) if permute else [tuple(range(workers))]
    for byzantine in sets:
        once = [
            (chance / (factorial(workers) if permute else 1), (moved, values))
            for place in places
            for moved in [[sorted(place[worker] for worker in group) for group in files]]
            for chance, values in with_values(moved, byzantine, attack, lie)
        ]
        for rounds in product(once, repeat=window):
            chance = prod((p for p, _ in rounds), start=Fraction(1)) / len(sets)
            yield Course(chance, byzantine, tuple(one for _, one in rounds))


@dataclass
class Figure:
    """The distribution of one number of a trial: value -> probability."""

    chances: dict[Fraction, Fraction] = field(default_factory=dict)

    def add(self, value: Fraction | int, chance: Fraction) -> None:
        self.chances[Fraction(value)] = self.chances.get(Fraction(value), Fraction(0)) + chance

    @property
    def total(self) -> Fraction:
        return sum(self.chances.values(), Fraction(0))

    @property
    def mean(self) -> Fraction:
        return sum((value * chance for value, chance in self.chances.items()), Fraction(0)) / self.total

    @property
    def variance(self) -> Fraction:
        mean = self.mean
        return sum(((value - mean) ** 2 * chance for value, chance in self.chances.items()), Fraction(0)) / self.total

    @property
    def reach(self) -> Fraction:
        """How far a value can be from the mean."""
        return max(abs(value - self.mean) for value in self.chances)


def figures(all_courses: list[Course], workers: int, q: int, detector: str) -> dict[str, Figure]:
    """The distributions of a detector's figures, by the names of the columns of a row."""
    names = ("found", "accusing", "accused", "distorted_files", "distorted_most", "lost_files", "iterations")
    outcomes = ("unique", "partial", "ambiguous", "over_budget", "skipped")
    made = {name: Figure() for name in names + outcomes}
    assert sum(course.probability for course in all_courses) == 1
    for course in all_courses:
        edges: Edges = frozenset()
        found: list[int] = []
        accused, distorted, lost = [], [], []
        outcome = ""
        for number, (files, values) in enumerate(course.rounds, start=1):
            edges |= disagreements(files, values)
            expected = DEFINITIONS[detector](edges, files, values, workers, q)
            outcome = expected.outcome
            found += [number] if course.byzantine <= expected.excluded else []
            accused.append(len(expected.excluded - course.byzantine))
            distorted.append(sum(expected.used.values()))
            lost.append(len(files) - len(expected.used))
        shown: dict[str, Fraction | int] = {
            "found": bool(found),
            "accusing": any(accused),
            "accused": Fraction(sum(accused), len(accused)),
            "distorted_files": Fraction(sum(distorted), len(distorted)),
            "distorted_most": max(distorted),
            "lost_files": Fraction(sum(lost), len(lost)),
        }
        shown.update({name: int(name == outcome) for name in outcomes})
        if found:
            shown["iterations"] = found[0]
        for name, value in shown.items():
            made[name].add(value, course.probability)
    return made
