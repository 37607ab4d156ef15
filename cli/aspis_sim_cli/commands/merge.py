"""``aspis-sim merge``: the studies of several machines or shards into one."""

from pathlib import Path
from typing import Annotated

import typer

from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options.paths import folder

SHOWN = 10
"""Conflicts that are named one by one."""


def merge(
    studies: Annotated[
        list[Path], typer.Argument(metavar="STUDY…", help="Folders of the studies.", show_default=False)
    ],
    into: Annotated[
        Path,
        typer.Option(
            "--into", help="Study that receives the runs; made if it does not exist.", metavar="FOLDER", parser=folder
        ),
    ],
) -> ExitStatus:
    """Merge the runs of several studies into another one.

    The studies that are merged stay as they are. A run that two of them hold must have the same results in both
    (ignoring seconds): otherwise the conflict is reported, the first one is kept, and the exit code is 4.

    Examples:

      aspis-sim sweep --study part-3 --shard 3/16 --q 1..7

      aspis-sim merge part-* --into whole
    """
    from aspis_sim.printable import printable
    from aspis_sim.study.merge import merge as bring
    from aspis_sim.study.study import Study

    for study in studies:
        Study.open(study).close()
    conflicts = 0
    with Study.open_or_create(into) as store:
        for study in studies:
            merged = bring(study, store)
            complain(f"{printable(study)}: {merged.copied} runs copied, {merged.same} were there already")
            for one in merged.conflicts[:SHOWN]:
                row = one.kept
                complain(
                    f"conflict: {row.scheme} q={row.q} {row.attack} {row.payload} seed={row.seed} lr={row.lr} has "
                    f"another {', '.join(one.columns)} in {printable(study)} (run {one.key[:16]})"
                )
            if len(merged.conflicts) > SHOWN:
                complain(f"and {len(merged.conflicts) - SHOWN} more conflicts")
            conflicts += len(merged.conflicts)
        complain(f"{len(store.places())} cells are in {printable(into)}")
    return ExitStatus.CELLS_FAILED if conflicts else ExitStatus.DONE
