"""Processes that are forked off one that has imported the program: that takes longer than most of what they do.

JAX has not started in that one, and it has no thread: each starts JAX, reads its environment and runs by itself.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.cli.program import split
from tests.quick import ENVIRONMENT

PROGRAM = "from aspis_sim_cli.app import main; main()"

FORKS = """
import json, os, sys
import aspis_sim_cli.app, aspis_sim_cli.session, aspis_sim.devices.hosts, aspis_sim.simulation, aspis_sim.run.train
from jaxlib import xla_client

xla_client.CompileOptions().executable_build_options.debug_options
del os.environ["XLA_FLAGS"]  # XLA has read them; the program would start a process more to ask whether they are known
given = json.load(sys.stdin)
began = []
for number, (code, words, environment) in enumerate(given["asked"]):
    if process := os.fork():
        began.append(process)
        if given["in_turn"]:
            os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        continue
    for stream, kind in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{given['folder']}/{number}.{kind}", os.O_WRONLY | os.O_CREAT), stream)
    os.environ.update(environment)
    sys.argv = ["aspis-sim", *words]
    exec(code, {"__name__": "__main__"})
    sys.exit()
print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in began]))
"""


class Asked(NamedTuple):
    """What a process does.

    Attributes:
        words: of its command line.
        environment: what it has beyond that of all.
        code: what it runs.
    """

    words: str
    environment: dict[str, str] = {}  # noqa: RUF012
    code: str = PROGRAM


class Ended(NamedTuple):
    """How a process ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def forked(asked: Sequence[Asked], in_turn: bool = False) -> list[Ended]:
    """Run all of them at the same time, or one after the other; on the CPU, and no compiled programs are kept."""
    left_out = ("XLA_FLAGS", "JAX_PLATFORMS")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment |= {**ENVIRONMENT, "ASPIS_CACHE_DIR": "", "JAX_PLATFORMS": "cpu"}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    with TemporaryDirectory() as folder:
        given = {
            "folder": folder,
            "in_turn": in_turn,
            "asked": [(one.code, split(one.words), one.environment) for one in asked],
        }
        done = subprocess.run(
            [sys.executable, "-c", FORKS],
            input=json.dumps(given), env=environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [
            Ended(code, *((Path(folder) / f"{number}.{kind}").read_text() for kind in ("out", "err")))
            for number, code in enumerate(json.loads(done.stdout))
        ]
