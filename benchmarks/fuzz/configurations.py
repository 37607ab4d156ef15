"""Configuration files: keys that commands know with values of all types, then damaged as text and as bytes."""

import json
import random

from aspis_sim.reproduction import preset
from benchmarks.fuzz import hostile
from benchmarks.fuzz.command_lines import commands, value
from benchmarks.fuzz.ground import CONFIGURATION, Ground
from benchmarks.fuzz.inputs import Input

CONFIGURED = ("sweep", "train")
REPRODUCED = ("reproduce", "--dry-run", "fig-7a", "--rates", "rates.toml")
TABLES = ("", "sweep", "train", "detect", "nothing", '"sweep"', "sweep.q", "[sweep]")
VALUES = (
    *("1", "-1", "0", "1.5", "nan", "inf", "-inf", "1e400", "true", "false", "[]", "[1, 2]", "[[1]]", "{}", "{a = 1}"),
    *('""', "[true]", "[1, 'a']", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "0x10", "0o7", "0b1", "1_000"),
    "''",
    *("9" * 40, "9" * 41, "9" * 5000, "0x" + "f" * 5000, r'"\u001b[2J"', r'"\uffff"', "[" * 50 + "]" * 50),
    "'''\na\n'''",
    *("[" * 3000 + "]" * 3000, "{a = " * 500 + "1" + "}" * 500, "1e999999999", "+1", "[nan, 1e400]", "['x', ['y']]"),
)


def draw(draws: random.Random, ground: Ground) -> Input:
    """A dry run with a configuration file."""
    command = draws.choice(CONFIGURED)
    text = CONFIGURATION if draws.random() < 0.4 else _written(draws, command)
    if command == "train":
        text = text.replace('"1..3"', "2").replace('["aspis", "median"]', '"aspis"')
    content = text.encode("utf-8", "surrogateescape")
    if draws.random() < 0.5:
        content = hostile.changed(draws, content)
    if draws.random() < 0.03:
        content = draws.choice((b"", b"\xff\xfe" + text.encode("utf-16-le", "replace"), content * 2000, bytes(1000)))
    if draws.random() < 0.15:
        return Input(REPRODUCED, {"rates.toml": _rates(draws, content)})
    trust = ["--trust-config"] if draws.random() < 0.2 else []
    return Input((command, "--dry-run", *trust, "--config", "study.toml"), {"study.toml": content})


def _rates(draws: random.Random, content: bytes) -> bytes:
    """Learning rates by series, as ``reproduce --search`` writes them, or what a configuration holds."""
    if draws.random() < 0.2:
        return content
    label = draws.choice(preset.load("fig-7a").series).label
    values = [draws.choice(VALUES) if draws.random() < 0.6 else "0.1" for _ in range(2)]
    lines = [f'["{label}"]', f"rates = {values[0]}", f"decay = {values[1]}"]
    if draws.random() < 0.3:
        lines[draws.randrange(3)] = draws.choice(("", "[rates]", "[[rates]]", "rate = 'x'", "'' = 1", f'["{label}".a]'))
    made = "\n".join(lines).encode("utf-8", "surrogateescape")
    return hostile.changed(draws, made) if draws.random() < 0.4 else made


def _written(draws: random.Random, command: str) -> str:
    flags = [one.opts[0] for one in commands()[command,] if one.param_type_name == "option"]
    flags = [flag for flag in flags if flag != "--coordinator"]
    lines = []
    for _ in range(draws.randint(1, 6)):
        if draws.random() < 0.25:
            lines.append(f"[{draws.choice(TABLES)}]")
        flag = draws.choice(flags)
        key = flag.removeprefix("--") if draws.random() < 0.9 else draws.choice(("nothing", "'q'", "a.b", '""', "é"))
        text = json.dumps(value(draws, flag)) if draws.random() < 0.5 else draws.choice(VALUES)
        lines.append(f"{key if draws.random() < 0.8 else key.replace('-', '_')} = {text}")
    return "\n".join(lines) + "\n"
