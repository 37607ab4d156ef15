"""The kinds of inputs, by name; an input is known by its generator, its seed and its number."""

import importlib
import random

from benchmarks.fuzz.ground import Ground
from benchmarks.fuzz.inputs import Input

GENERATORS = {
    "command-lines": "commands and options as the program declares them, with values good and hostile",
    "part-options": "parts with options, name:option=value, right and wrong by their signatures",
    "ranges": "ranges and lists of numbers",
    "configurations": "configuration files, written well and then damaged",
    "assignments": "files with the groups of an assignment",
    "studies": "studies whose database was damaged in its bytes or in its tables",
    "rows-csv": "results as CSV, with other values, columns and bytes",
    "archives": "data archives: IDX, tar with pickles, and MATLAB files",
    "http": "what a web server answers to a download",
}
"""Name -> what it makes; the module of the same name makes it."""


def drawn(generator: str, seed: int, number: int, ground: Ground) -> Input:
    """An input of a generator."""
    module = importlib.import_module(f"benchmarks.fuzz.{generator.replace('-', '_')}")
    made: Input = module.draw(random.Random(f"{generator} {seed} {number}"), ground)
    return made
