"""What the tests of plugins share: a file of one, and a small sweep."""

from textwrap import dedent

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
