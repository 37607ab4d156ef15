"""``aspis-sim verify``: stored cells run again, to see whether they come out the same."""

from pathlib import Path
from typing import Annotated

import typer

from aspis_sim_cli import cache
from aspis_sim_cli.boundary import complain, note_environment
from aspis_sim_cli.devices import use_devices
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.output import Format, Output, texts


def verify(
    source: Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of a study, or CSV file of a sweep.")],
    sample: Annotated[
        int, typer.Option("--sample", help="Number of cells to rerun, drawn at random.", metavar="N")
    ] = 20,
    seed: Annotated[int, typer.Option("--seed", help="Random seed of the draw.", metavar="N")] = 0,
    only_stored: Annotated[
        bool, typer.Option("--stored", help="Run nothing; verify the checksums of everything in the study.")
    ] = False,
    data_dir: options.DataDir = None,
    compile_cache: options.CompileCache = True,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """Rerun a random sample of stored cells, and check that the results are the same.

    Rows are compared bit for bit, ignoring seconds; those of a study with
    the traces of all steps. Versions, processor and code that differ, and
    may explain a difference, are named. Exit code 4 unless all are the same.

    With --stored nothing runs: every row, trace and specification of the
    study is checked against its checksum, and what is damaged is named,
    with exit code 3.

    Examples:

      aspis-sim verify study

      aspis-sim verify study --sample 100 --seed 1 --format csv

      aspis-sim verify results.csv --sample 3

      aspis-sim verify study --stored
    """
    if only_stored:
        return _verify_stored(source, Output.to(format, out))

    from aspis_sim.analysis.verification import Check, Outcome, cell_of, check, drawn
    from aspis_sim.data import search
    from aspis_sim.records import columns_of

    output = Output.to(format, out)
    search.use(data_dir)
    cache.use_compiled(compile_cache)
    note_environment()
    chosen = drawn(source, sample, seed)
    use_devices(max(cell_of(stored).devices for stored in chosen.runs))

    from aspis_sim_cli.progress import bar
    from aspis_sim_cli.render.verify_table import notes, verify_view

    found: list[Check] = []
    complete = False
    try:
        with bar(sum(cell_of(stored).steps for stored in chosen.runs), quiet) as tick:
            for stored in chosen.runs:
                one = check(stored, tick)
                found.append(one)
        complete = True
    except KeyboardInterrupt:
        complain(f"interrupted: {len(found)} of {len(chosen.runs)} cells had run")

    from_csv = not source.is_dir()
    output.give(
        texts(found, columns_of(Check)),
        lambda console: verify_view(found, chosen, seed, from_csv) if found else None,
        lambda: notes(found, chosen, seed, from_csv),
    )
    if not complete:
        return ExitStatus.INTERRUPTED
    return ExitStatus.DONE if all(one.outcome == Outcome.SAME for one in found) else ExitStatus.CELLS_FAILED


def _verify_stored(source: Path, output: Output) -> ExitStatus:
    from aspis_sim.analysis.stored import Damage, said, verify_stored
    from aspis_sim.records import columns_of
    from aspis_sim_cli.render.verify_table import stored_view

    found = verify_stored(source)
    output.give(texts(found.damages, columns_of(Damage)), lambda console: stored_view(found), lambda: said(found))
    return ExitStatus.DATA_MISSING if found.damages else ExitStatus.DONE
