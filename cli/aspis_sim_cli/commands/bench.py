"""``aspis-sim bench``: the benchmarks of a checkout, by name."""

import csv
import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Annotated

import typer

import aspis_sim
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.output import Format, stdout

FOLDER = Path(aspis_sim.__file__).parent.parent / "benchmarks"


def bench(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Name of the benchmark; without one, they are listed.")
    ] = None,
    format: options.FormatOption = Format.TABLE,
) -> ExitStatus:
    """Run a benchmark.

    The contenders are proven equal first, compilation is timed separately, and every row names the machine. The
    benchmarks are part of a checkout of the project, not of an installed package.

    Examples:

      aspis-sim bench

      aspis-sim bench rules --format csv
    """
    from aspis_sim.errors import InputError
    from aspis_sim.registry import unknown_name

    if not (FOLDER / "__main__.py").exists():
        raise InputError(f"no benchmarks in {FOLDER}; run this in a checkout of the project")
    known = [one.name.removeprefix("bench_") for one in pkgutil.iter_modules([str(FOLDER)]) if "bench_" in one.name]
    if name is None:
        print("\n".join(known))
        return ExitStatus.DONE
    if name not in known:
        raise unknown_name("benchmark", name, known)
    sys.path.insert(0, str(FOLDER.parent))
    rows = importlib.import_module("benchmarks.table").with_machine(
        importlib.import_module(f"benchmarks.bench_{name}").run()
    )
    columns = list(dict.fromkeys(column for row in rows for column in row))
    if format is Format.JSON:
        import json

        print(json.dumps(rows, indent=2, default=str))
    elif format is Format.CSV:
        writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            table.add_column(column)
        for row in rows:
            table.add_row(*(Text(str(row.get(column, ""))) for column in columns))
        stdout().print(table)
    complain(f"{len(rows)} rows")
    return ExitStatus.DONE
