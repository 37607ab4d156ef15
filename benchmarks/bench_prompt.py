"""How long does the prompt wait for help, the version and completion, beside a process that imports typer and rich?"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parent.parent

REPETITIONS = 20

BASE = ("-c", "import typer, rich")
"""What everything is held against."""

ASKED: Mapping[str, tuple[str, ...]] = {
    "aspis-sim --help": ("--help",),
    "aspis-sim --version": ("--version",),
    "aspis-sim sweep --help": ("sweep", "--help"),
    "aspis-sim sweep --help-all": ("sweep", "--help-all"),
    "aspis-sim train --help": ("train", "--help"),
    "aspis-sim detect --help": ("detect", "--help"),
    "aspis-sim data --help": ("data", "--help"),
}

COMPLETED: Mapping[str, str] = {
    "aspis-sim sw<TAB>": "aspis-sim sw",
    "aspis-sim sweep --sch<TAB>": "aspis-sim sweep --sch",
    "aspis-sim sweep --scheme asp<TAB>": "aspis-sim sweep --scheme asp",
}
"""What bash asks for when Tab is pressed after the last word."""


def run() -> list[dict[str, Any]]:
    """One row per command: wall seconds of the process, and the ratio to the base in the same round.

    Every round starts each command once, so that whatever else the machine does meets all of them. ``ratio`` is the
    median over the rounds of a command's seconds over the base's, ``processor_ratio`` that of the processor's seconds.
    What is printed is checked first: nothing is fast because it fails.
    """
    commands: dict[str, tuple[list[str], dict[str, str]]] = {
        name: ([sys.executable, "-m", "aspis_sim_cli", *words], {}) for name, words in ASKED.items()
    }
    for name, line in COMPLETED.items():
        asked = {"_ASPIS_SIM_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        commands[name] = ([sys.executable, "-c", "from aspis_sim_cli.app import main; main()"], asked)
    commands["python -c 'import typer, rich'"] = ([sys.executable, *BASE], {})
    with tempfile.TemporaryDirectory() as compiled:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}", "PYTHONPYCACHEPREFIX": compiled}
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for repetition in range(REPETITIONS + 1):
            for name, (command, more) in commands.items():
                one = _timed(command, environment | more, printed=name in (*ASKED, *COMPLETED))
                if repetition:  # the first leaves the compiled bytecode
                    taken[name].append(one)
    *_, base = taken.values()
    return [
        {
            "command": name,
            "repetitions": REPETITIONS,
            "seconds": round(median(wall for wall, _ in found), 4),
            "ratio": round(median(wall / whole for (wall, _), (whole, _) in zip(found, base, strict=True)), 2),
            "processor_ratio": round(median(own / of for (_, own), (_, of) in zip(found, base, strict=True)), 2),
        }
        for name, found in taken.items()
    ]


def _timed(command: list[str], environment: Mapping[str, str], printed: bool) -> tuple[float, float]:
    """Seconds on the clock, and of the processor."""
    before, begun = os.times(), time.perf_counter()
    done = subprocess.run(command, env=dict(environment), capture_output=True, check=False)
    wall, after = time.perf_counter() - begun, os.times()
    if printed and not done.stdout:
        raise RuntimeError(f"{command} printed nothing: {done.stderr.decode()[-500:]}")
    return wall, after.children_user + after.children_system - before.children_user - before.children_system
