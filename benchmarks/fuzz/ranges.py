"""Ranges and lists of numbers, ``1..7``, ``0.5..2:0.5``, ``1,3..5``, from parts that are numbers or nearly so."""

import random

from aspis_sim.spec.grid import AXES
from benchmarks.fuzz import hostile
from benchmarks.fuzz.ground import Ground
from benchmarks.fuzz.inputs import Input

SETTINGS = tuple(one.flag_of_several for one in AXES.values() if not tuple(one.kind.names()))
"""Flags of the settings that are numbers."""

BESIDE = {
    "detect": ("--workers", "7", "--trials", "2"),
    "distortion": ("--workers", "7", "--time-limit", "0.05"),
    "worst-case": ("--workers", "5", "--effort", "20"),
}


def draw(draws: random.Random, ground: Ground) -> Input:
    """A dry run with some ranges, or another command that takes a range of q."""
    if draws.random() < 0.2:
        command = draws.choice(list(BESIDE))
        return Input((command, "--q", _range(draws), *BESIDE[command]))
    words = ["sweep", "--dry-run"]
    for flag in draws.sample(SETTINGS, draws.choice((1, 1, 2))):
        words += [f"--{flag}", _range(draws)]
    return Input(tuple(words))


def _range(draws: random.Random) -> str:
    if draws.random() < 0.25:  # one that nobody would refuse: few of the others are accepted
        return f"{draws.choice((1, 2))}..{draws.choice((2, 3))}"
    parts = [_number(draws) if draws.random() < 0.4 else _span(draws) for _ in range(draws.choice((1, 1, 2, 3)))]
    text = draws.choice((",", ",", ",", ", ", ";", "")).join(parts)
    return hostile.text(draws, text) if draws.random() < 0.1 else text


def _span(draws: random.Random) -> str:
    if draws.random() < 0.4:
        start = draws.choice((0, 1, 1, 2, 3))
        return f"{start}..{start + draws.randint(0, 6)}{draws.choice(('', '', ':1', ':2', ':0.5'))}"
    step = f":{_number(draws)}" if draws.random() < 0.4 else ""
    return f"{_number(draws)}{draws.choice(('..', '..', '..', '...', '-'))}{_number(draws)}{step}"


def _number(draws: random.Random) -> str:
    if draws.random() < 0.15:
        return draws.choice(hostile.NUMBERS)
    if draws.random() < 0.4:
        return draws.choice(("1", "2", "3", "5", "15", "0.1", "0.5"))
    digits = "".join(draws.choices("0123456789", k=draws.choice((1, 1, 1, 2, 5, 12, 40))))
    point = f".{draws.randrange(1000)}" if draws.random() < 0.3 else ""
    exponent = f"e{draws.choice(('', '-', '+'))}{draws.choice((0, 1, 3, 9, 30, 308, 400, 10**9))}"
    sign = draws.choice(("", "", "", "", "-", "+"))
    return f"{sign}{digits}{point}{exponent if draws.random() < 0.2 else ''}"
