"""What the tests of plugins share: a file of one, the program and its rows."""

import csv
import io
from textwrap import dedent

from aspis_sim_cli.app import app
from typer.testing import CliRunner

from aspis_sim.plugin.guards import KINDS
from aspis_sim.schemes import SCHEMES

SMALL = "--workers 5 --q 1 --seeds 0 --steps 2 --lr 0.03 --samples-per-file 2 --model softmax --format csv"
HEAD = "import numpy as np\nfrom aspis_sim import plugin\n"


def names():
    return {(kind, name) for kind, one in KINDS.items() for name in one.registry} | {("scheme", s) for s in SCHEMES}


def write(text, name="mine.py", head=HEAD):
    with open(name, "w", encoding="utf-8") as file:
        file.write(head + dedent(text))
    return name


def invoke(words, code=0, **environment):
    result = CliRunner().invoke(app, words.split() if isinstance(words, str) else words, env=environment)
    assert result.exit_code == code, result.output
    return result


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))
