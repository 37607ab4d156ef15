"""Run benchmarks by name and print their rows as CSV: ``python -m benchmarks sweep detection`` (all without a name).

With ``--keep`` each table is written to ``benchmarks/results/NAME.csv`` as well, beside the rows of other
machines, where it is committed.
"""

import importlib
import pkgutil
import sys

import benchmarks
from benchmarks.table import keep, print_csv, with_machine


def main(words: list[str]) -> None:
    """Run the named benchmarks, each its own CSV table on stdout, and keep their tables if ``--keep`` is there."""
    names = [word.removeprefix("bench_") for word in words if word != "--keep"]
    modules = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    known = [name.removeprefix("bench_") for name in modules if name.startswith("bench_")]
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"unknown benchmark {', '.join(unknown)}; known: {', '.join(known)}")
    for name in names or known:
        print(f"# {name}", flush=True)
        rows = with_machine(importlib.import_module(f"benchmarks.bench_{name}").run())
        print_csv(rows)
        if "--keep" in words:
            print(f"kept in {keep(name, rows)}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
