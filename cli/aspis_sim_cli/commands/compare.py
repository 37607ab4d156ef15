"""``aspis-sim compare``: two sets of runs against each other, paired by seed."""

from pathlib import Path
from typing import Annotated

import typer

from aspis_sim.errors import InputError
from aspis_sim.spec.ranges import names
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options.where import setting, settings
from aspis_sim_cli.output import Format, Output, texts

PAIRS, TEST = "Pairs", "Test"


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="Folder of a study, or CSV file of a sweep.")],
    second: Annotated[
        Path | None, typer.Argument(metavar="[B]", help="The other one; if left out, --by is needed.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            rich_help_panel=PAIRS,
            help="Compare two values of a setting within A.",
            metavar="scheme=aspis,median",
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where", rich_help_panel=PAIRS, help="Only cells with these values; may be repeated.", metavar="q=1,2"
        ),
    ] = None,
    across: Annotated[
        str | None,
        typer.Option(
            "--across",
            rich_help_panel=PAIRS,
            help="Settings in which partners may differ, besides those in which A and B differ throughout.",
            metavar="rule,steps",
        ),
    ] = None,
    metric: Annotated[
        str,
        typer.Option(
            "--metric",
            rich_help_panel=TEST,
            help="Metrics: top1, loss, distortion_measured, lost_measured, detection_rate, false_accusation_rate, "
            "samples_processed, seconds, gradient_diversity, kappa, backdoor_success, convicted, disputes_audited, "
            "server_computed, bytes_sent, seconds_modelled.",
            metavar="NAME,…",
        ),
    ] = "top1",
    test: Annotated[
        str,
        typer.Option(
            "--test",
            rich_help_panel=TEST,
            help="Test of significance: Student's t, or the exact sign-flip test (6 seeds or more).",
            metavar="t|sign-flip",
        ),
    ] = "t",
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
) -> ExitStatus:
    """Compare two sets of runs, paired by seed.

    Cells are partners if they agree in everything but the settings in
    which A and B differ throughout. Each group of partners gets the mean
    difference A - B over the seeds, its 95% interval, a paired test
    (Holm-corrected over all groups), and a verdict on A.

    Examples:

      aspis-sim compare before.csv after.csv

      aspis-sim compare study --by scheme=aspis,median

      aspis-sim compare study.csv --by rule=median,krum --where q=2,4 --metric top1,loss
    """
    from aspis_sim.analysis.comparison import RECORD
    from aspis_sim.analysis.comparison import compare as compared
    from aspis_sim.study.reading import having, read_runs, split
    from aspis_sim_cli.render.compare_table import compare_view, notes

    if (second is None) == (by is None):
        raise InputError(
            "compare two sources, or the two values of a setting in one: A B, or A --by scheme=aspis,median"
        )
    output = Output.to(format, out)
    kept = settings(where)
    split_by = None if by is None else setting(by, "--by")

    sources = [read_runs(source) for source in (first, second) if source is not None]
    for name, values in kept:
        sources = [having(runs, name, values) for runs in sources]
    ours, theirs = sources if split_by is None else split(sources[0], *split_by)
    found = compared(ours, theirs, names(metric), test, names(across) if across else ())

    output.give(
        texts([group.record for group in found.groups], RECORD),
        lambda console: compare_view(found, (str(first), str(second or first)), console.width),
        lambda: notes(found),
    )
    return ExitStatus.DONE
