"""What a new user does, run by the Python of an environment that has the wheel: no checkout is near.

Reads from stdin, as JSON, the command lines and the cells of a notebook; writes what became of them to stdout.
"""

import contextlib
import io
import json
import os
import shlex
import sys

import aspis_sim_cli
import jax
from aspis_sim_cli.app import app
from typer.testing import CliRunner

import aspis_sim

if __name__ == "__main__":
    jax.devices()
    os.environ.pop("XLA_FLAGS", None)  # XLA has read them; every command would start a process that asks about them
    asked = json.load(sys.stdin)
    ended = []
    for line in asked["commands"]:
        result = CliRunner().invoke(app, shlex.split(line)[1:], prog_name="aspis-sim")
        ended.append([line, result.exit_code, result.output[-2000:]])
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        space: dict[str, object] = {}
        for cell in asked["cells"]:
            exec(cell, space)
    json.dump(
        {
            "from": [aspis_sim.__file__, aspis_sim_cli.__file__],
            "version": aspis_sim.__version__,
            "ended": ended,
            "resumed": space["resumed"].rows == space["results"].rows,  # type: ignore[attr-defined]
        },
        sys.stdout,
    )
