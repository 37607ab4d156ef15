"""Does the program answer every input? ``python -m benchmarks.fuzz 50000`` draws so many hostile ones, and looks.

``python -m benchmarks.fuzz COUNT [SEED] [--only GENERATOR,...]`` spreads the inputs over the generators
(`benchmarks.fuzz.generators`), each run in one process, a process a generator. What each must do stands in
`benchmarks.fuzz.trial`. Inputs that failed, made small, go to the folder ``fuzz-failures``; move what was mended to
``tests/fuzz/corpus``, which the tests replay.
"""

import sys
from pathlib import Path

from benchmarks.fuzz.campaign import summed_up, tried_apart
from benchmarks.fuzz.generators import GENERATORS
from benchmarks.machine import machine
from benchmarks.table import print_csv

KEPT = Path("fuzz-failures")


def main(words: list[str]) -> int:
    """Run what the words ask for; returns the exit code, 1 if any input failed."""
    names = list(GENERATORS)
    if "--only" in words[:-1]:
        place = words.index("--only")
        names = words.pop(place + 1).split(",")
        del words[place]
    if unknown := sorted(set(names) - set(GENERATORS)):
        sys.exit(f"unknown generator {', '.join(unknown)}; known: {', '.join(GENERATORS)}")
    if len(words) > 2 or not all(word.isdecimal() for word in words):
        known = "".join(f"\n  {name}: {meaning}" for name, meaning in GENERATORS.items())
        sys.exit(f"usage: python -m benchmarks.fuzz COUNT [SEED] [--only GENERATOR,...]{known}")
    count, seed = (*map(int, words), *(50_000, 0)[len(words) :])
    rows = []
    for place, name in enumerate(names):
        share = count * (place + 1) // len(names) - count * place // len(names)
        row, lines = summed_up(name, seed, tried_apart(name, share, seed), KEPT)
        rows.append({**row, **machine()})
        print(*(f"{name}: {share} inputs", *lines), sep="\n", file=sys.stderr, flush=True)
    print_csv(rows)
    return int(any(row["failures"] for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
