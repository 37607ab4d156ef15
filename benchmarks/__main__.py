"""Run benchmarks by name and print their rows as CSV: ``python -m benchmarks sweep detection`` (all without a name)."""

import importlib
import pkgutil
import sys

import benchmarks
from benchmarks.table import print_csv


def main(names: list[str]) -> None:
    """Run the named benchmarks, each its own CSV table on stdout."""
    known = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name.startswith("bench_")]
    chosen = [f"bench_{name.removeprefix('bench_')}" for name in names] or known
    if unknown := sorted(set(chosen) - set(known)):
        sys.exit(f"unknown benchmark {', '.join(unknown)}; known: {', '.join(known)}")
    for name in chosen:
        print(f"# {name}", flush=True)
        rows = importlib.import_module(f"benchmarks.{name}").run()
        print_csv(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
