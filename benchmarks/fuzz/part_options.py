"""Parts with options, ``name:option=value``: every registered part, options by its signature, values of all types."""

import inspect
import random
from collections.abc import Mapping
from typing import Any

from aspis_sim.registry import Registry
from aspis_sim.spec.grid import AXES
from aspis_sim.spec.kinds import Named
from benchmarks.fuzz import hostile
from benchmarks.fuzz.ground import Ground
from benchmarks.fuzz.inputs import Input

SETTINGS = {one.flag: one.kind for one in AXES.values() if isinstance(one.kind, Named)}
"""Flag -> its kind, of every setting that names parts."""

SIMPLE = ("0", "1", "2", "3", "5", "64", "-1", "0.5", "1.5", "1e-9", "true", "False", "none", "a", "median", "krum")


def draw(draws: random.Random, ground: Ground) -> Input:
    """A dry run with some parts that have options."""
    command = draws.choice(("train", "sweep"))
    words = [command, "--dry-run"]
    for flag in draws.sample(list(SETTINGS), draws.choice((1, 1, 2))):
        words += [f"--{flag}", _part(draws, SETTINGS[flag])]
    if draws.random() < 0.2:
        words += ["--workers", draws.choice(("7", "15", "21")), "--q", draws.choice(("1", "2", "3"))]
    if draws.random() < 0.1:
        words = ["data", "verify", _part(draws, SETTINGS["dataset"])]
    return Input(tuple(word.replace("\0", "") for word in words))


def _part(draws: random.Random, kind: Named) -> str:
    registry = kind.registry
    name = draws.choice(list(registry))
    taken = _options(registry, name)
    for other in kind.others:
        if draws.random() < 0.3:
            before = draws.choice(list(other))
            name, taken = f"{before}+{name}", [*taken, *_options(other, before)]
    options = draws.sample(taken, draws.randint(0, min(3, len(taken))))
    if draws.random() < 0.1:
        options.append(draws.choice(("f", "classes", "hidden", "x", "", *hostile.WORDS)))
    text = ":".join([name, *(f"{one}={_value(draws)}" for one in options)])
    if draws.random() < 0.1:
        text = f"{text}{draws.choice((':', ',', '+', '=', ',' + name, ':f=1:f=1'))}"
    return hostile.text(draws, text) if draws.random() < 0.1 else text


def _value(draws: random.Random) -> str:
    return draws.choice(SIMPLE if draws.random() < 0.6 else hostile.NUMBERS if draws.random() < 0.7 else hostile.WORDS)


def _options(registry: Mapping[str, Any], name: str) -> list[str]:
    return list(inspect.signature(registry[name]).parameters) if isinstance(registry, Registry) else []
