"""Command lines from the program's own declarations: any command, any of its options, values good and hostile.

What would run for minutes is kept small: a sweep or a run is a dry run but for a few of two steps, searches get little
time. Several hosts and Ray clusters are left out, since they stay with the process; so are the benchmarks.
"""

import functools
import random
import re
from typing import Any

import typer
from aspis_sim_cli.app import app

from aspis_sim.spec.grid import AXES
from benchmarks.fuzz import hostile
from benchmarks.fuzz.ground import Ground
from benchmarks.fuzz.inputs import Input

Command = tuple[str, ...]

FIRST: dict[Command, tuple[str, ...]] = {
    ("sweep",): ("--dry-run",),
    ("train",): ("--dry-run",),
    ("reproduce",): ("--dry-run",),
    ("verify",): ("--stored",),
    ("data", "fetch"): ("--from", "http://127.0.0.1:9", "--data-dir", "data"),
}
"""Words that come before the others, so that none of these can swallow them."""

LAST: dict[Command, tuple[str, ...]] = {
    ("detect",): ("--trials", "3", "--window", "2"),
    ("distortion",): ("--time-limit", "0.05"),
    ("plan",): ("--time-limit", "0.05"),
    ("worst-case",): ("--effort", "50"),
}
"""Words that come after the others, and win."""

OF_A_MOMENT = ("--workers", "7", "--q", "2", "--steps", "2", "--samples-per-file", "2", "--batch-size", "70")
TRAINED = (*OF_A_MOMENT, "--protocol", "files", "--model", "softmax", "--dataset", "digits", "--devices", "1")
"""Options of the few runs that are trained, after all others."""

LEFT_OUT = ("--coordinator", "--process", "--processes", "--executor")

NUMBERS = ("0", "1", "2", "3", "5", "7", "15", "0.5", "1..3", "1,2")
WRITTEN = ("--out", "--study", "--into", "--draw", "--json-log", "--tensorboard", "--data-dir")
"""Options whose files or folders are written."""

VALUES: dict[str, tuple[str, ...]] = {
    "--out": ("out.csv", "out.json", "out.html", "out.tex", "out.md", "out.parquet", "out.png", "new/out.csv"),
    "--study": ("study", "new-study"),
    "--into": ("into",),
    "--draw": ("out.svg", "out.png"),
    "--json-log": ("log.json", "-"),
    "--tensorboard": ("board",),
    "--config": ("../given/study.toml",),
    "--groups": ("../given/groups.json", "../given/groups.csv"),
    "--rates": ("../given/study.toml",),
    "--format": ("table", "csv", "json", "latex", "markdown"),
    "--data-dir": (".", "data"),
    "--shard": ("1/3", "3/16"),
    "--memory": ("4GB", "512MB"),
    "--by": ("scheme=aspis,median", "q=1,2"),
    "--where": ("q=1", "scheme=aspis"),
    "--across": ("rule,steps", "scheme"),
    "--metric": ("top1", "top1,loss"),
    "--test": ("t", "sign-flip"),
    "--objective": ("count", "fraction"),
    "--membership": ("chosen", "random"),
    "--other-version": ("keep", "rerun"),
    "--scale": ("paper", "small"),
    "--series": ("q = 2", "bulyan"),
    "--from": ("http://127.0.0.1:9", "http://127.0.0.1:9/folder"),
}
PLACES: dict[str, tuple[str, ...]] = {
    "kind": ("assignments", "payloads", "rules", "datasets", "models", "schemes", "attacks", "detectors"),
    "figure": ("accuracy", "distortion", "curves", "heatmap"),
    "name": ("list", "fig-7a", "fig-10", "fashion-mnist", "frame-up", "fig-b2"),
    "dataset": ("digits", "synthetic:samples=50", "mnist", "linear-regression", "cifar10"),
    "study": ("study", "rows.csv"),
    "studies": ("../given/study", "study"),
    "source": ("../given/study", "../given/rows.csv"),
    "first": ("../given/study", "../given/rows.csv"),
    "second": ("../given/study", "../given/rows.csv"),
}
"""Arguments without a flag."""

COUNTS = (
    "--workers",
    "--redundancy",
    "--q",
    "--max-redundancy",
    "--trials",
    "--window",
    "--effort",
    "--width",
)
MODERATE = re.compile(r"(?<!\d)(?:6[1-9]|[7-9]\d|\d{3,5})(?!\d)")
"""Numbers in `COUNTS` for which a command works long, as it should; larger ones are refused."""


@functools.cache
def commands() -> dict[Command, tuple[Any, ...]]:
    """Every command with its options and arguments."""
    found: dict[Command, tuple[Any, ...]] = {}

    def walk(command: Any, path: Command) -> None:
        if hasattr(command, "commands"):
            for name, one in command.commands.items():
                walk(one, (*path, name))
        else:
            found[path] = tuple(command.params)

    walk(typer.main.get_command(app), ())
    return found


def draw(draws: random.Random, ground: Ground) -> Input:
    """A command line."""
    path = draws.choice(list(commands()))
    if path in (("bench",), ("doctor",)) and draws.random() < 0.9:
        path = ("sweep",)
    words: list[str] = []
    for one in commands()[path]:
        if one.param_type_name == "argument":
            words += arguments(draws, path, one)
    taken = [one for one in commands()[path] if one.param_type_name == "option" and one.opts[0] not in LEFT_OUT]
    for one in draws.sample(taken, min(len(taken), draws.choice((0, 1, 1, 2, 3, 5)))):
        place = draws.choice((0, len(words)))
        words[place:place] = option(draws, one)
    if draws.random() < 0.3:
        _disturb(draws, words)
    last = LAST.get(path, ())
    first = FIRST.get(path, ())
    if path == ("train",) and draws.random() < 0.02:
        first, last = (), TRAINED
    _keep_what_is_given(words)
    named = " ".join(words)
    files = {"study/study.db": ground.study} if "study" in named else {}
    if "rows.csv" in named:
        files["rows.csv"] = ground.rows
    return Input((*path, *first, *(word.replace("\0", "") for word in words), *last), files)


def arguments(draws: random.Random, path: Command, one: Any) -> list[str]:
    """The words of an argument without a flag."""
    if path == ("bench",) or draws.random() < 0.25:
        words = [hostile.text(draws), draws.choice(hostile.GIVEN)]
        return words[: draws.choice((0, 1))] if path in (("bench",), ("report",), ("plot",)) else [draws.choice(words)]
    if not one.required and draws.random() < 0.5:
        return []
    return [draws.choice(PLACES.get(one.name, ("x",))) for _ in range(1 if one.nargs == 1 else draws.randint(1, 3))]


def option(draws: random.Random, one: Any) -> list[str]:
    """The words of an option: its flag, and a value if it takes any."""
    flag = draws.choice((*one.opts, *one.secondary_opts))
    if one.is_flag:
        return [flag] if draws.random() < 0.95 else [f"{flag}={hostile.text(draws)}"]
    text = value(draws, flag)
    return [f"{flag}={text}"] if draws.random() < 0.2 else [flag, text]


def value(draws: random.Random, flag: str) -> str:
    """A value for an option, good or hostile."""
    good = draws.choice(_good(flag))
    if draws.random() < 0.45:
        return good
    if draws.random() < 0.2 and flag not in WRITTEN:
        found = draws.choice((*hostile.GIVEN, draws.choice(_good(draws.choice(list(VALUES))))))
    else:
        found = hostile.text(draws, good)
    return MODERATE.sub("7", found) if flag in COUNTS else found


@functools.cache
def _good(flag: str) -> tuple[str, ...]:
    if flag in VALUES:
        return VALUES[flag]
    name = flag.removeprefix("--")
    for one in AXES.values():
        if name in (one.flag, one.flag_of_several) and (names := tuple(one.kind.names())):
            return (*names, ",".join(names[:2]))
    return NUMBERS


def _keep_what_is_given(words: list[str]) -> None:
    """Let no option name a file that no input changes as one to write, wherever its words have come to stand."""
    for place, word in enumerate(words):
        flag, equals, text = word.partition("=")
        if flag in WRITTEN and text.startswith("../given"):
            words[place] = f"{flag}{equals}out"
        elif word.startswith("../given") and place and words[place - 1] in WRITTEN:
            words[place] = "out"


def _disturb(draws: random.Random, words: list[str]) -> None:
    """Swap, drop or repeat words, misspell one or add one."""
    if not words:
        words.append(hostile.text(draws))
        return
    one, other = draws.randrange(len(words)), draws.randrange(len(words))
    way = draws.randrange(5)
    if way == 0 and not {words[one - 1], words[other - 1]} & {*COUNTS, *WRITTEN}:
        words[one], words[other] = words[other], words[one]
    elif way == 1:
        del words[one]
    elif way == 2:
        words[other:other] = words[one : one + 2]
    elif way == 3 and words[one].startswith("--"):
        words[one] = words[one][:-1] if draws.random() < 0.5 else f"{words[one]}{draws.choice('xé=-')}"
    else:
        words.insert(one, draws.choice(("-x", "--help", "--nothing", "--", "-", "extra", hostile.text(draws))))
