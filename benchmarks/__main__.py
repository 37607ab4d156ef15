"""Run benchmarks by name and print their rows as CSV: ``python -m benchmarks sweep detection`` (all without a name)."""

import csv
import importlib
import pkgutil
import sys

import benchmarks


def main(names: list[str]) -> None:
    """Run the named benchmarks, each its own CSV table on stdout."""
    known = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name.startswith("bench_")]
    chosen = [f"bench_{name.removeprefix('bench_')}" for name in names] or known
    if unknown := sorted(set(chosen) - set(known)):
        sys.exit(f"unknown benchmark {', '.join(unknown)}; known: {', '.join(known)}")
    for name in chosen:
        print(f"# {name}", flush=True)
        rows = importlib.import_module(f"benchmarks.{name}").run()
        columns = list(dict.fromkeys(column for row in rows for column in row))
        writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1:])
