"""Files with the groups of an assignment, as text, CSV and JSON: right ones, other shapes and types, damaged bytes."""

import json
import random
from typing import Any

from aspis_sim.assignment import build
from benchmarks.fuzz import hostile
from benchmarks.fuzz.ground import Ground
from benchmarks.fuzz.inputs import Input

COMMANDS = (
    ("detect", "--q", "1", "--trials", "2"),
    ("distortion", "--time-limit", "0.05"),
    ("distortion", "--q", "1,2", "--time-limit", "0.05"),
    ("detect", "--workers", "7", "--redundancy", "3", "--q", "1", "--trials", "1"),
)
VALUES: tuple[Any, ...] = (
    *(-1, 0, 1, 7, 10**9, 10**30, 1.5, 1e308, True, None, "0", "x", [], [0], {}, {"files": []}, [[0]], "\x1b[2J"),
    *(float("nan"), float("inf"), "9" * 300, 2**31, 2**63, -(2**63), "\ud800"),
)


def draw(draws: random.Random, ground: Ground) -> Input:
    """A command that reads groups, with a file of them."""
    groups: Any = _groups(draws)
    for _ in range(draws.choice((0, 0, 1, 2))):
        _spoil(draws, groups)
    name = draws.choice(("groups.json", "groups.json", "groups.csv", "groups.txt", "groups"))
    if name.endswith(".json"):
        shapes = (groups, {"files": groups}, {"groups": groups}, [groups], *VALUES)
        content = json.dumps(shapes[0 if draws.random() < 0.7 else draws.randrange(len(shapes))]).encode()
    else:
        sign = draws.choice((",", " ", ";", "\t"))
        lines = [sign.join(map(str, group if isinstance(group, list) else [group])) for group in groups]
        content = "\n".join(lines).encode("utf-8", "surrogatepass")
    if draws.random() < 0.4:
        content = hostile.changed(draws, content)
    if draws.random() < 0.02:
        content = draws.choice((b"[" * 200_000, b'{"files": ' * 50_000, b"0 1 2\n" * 50_000, b"9" * 1_000_000))
    return Input((*draws.choice(COMMANDS), "--groups", name), {name: content})


def _groups(draws: random.Random) -> list[Any]:
    name, workers = draws.choice((("subset", 7), ("subset", 5), ("mols", 15), ("repetition", 9)))
    found: list[Any] = build(name, workers=workers, redundancy=3).files.tolist()
    return found


def _spoil(draws: random.Random, groups: list[Any]) -> None:
    if not groups:
        return
    place = draws.randrange(len(groups))
    group = groups[place]
    way = draws.randrange(5)
    if way == 0:
        groups[place] = draws.choice(VALUES)
    elif way == 1:
        del groups[place : place + draws.choice((1, 3, 100))]
    elif way == 2:
        groups.insert(place, group)
    elif isinstance(group, list) and group:
        group[draws.randrange(len(group))] = draws.choice(VALUES)
        if way == 3:
            group.append(draws.choice(VALUES))
