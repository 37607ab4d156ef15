"""``aspis-sim plot``: one figure of a study as PNG, SVG or PDF."""

from pathlib import Path
from typing import Annotated

import typer

from aspis_sim_cli.boundary import complain
from aspis_sim_cli.commands.report import Study
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options import completion
from aspis_sim_cli.options.where import Where, settings

PART = "Selection"


def plot(
    figure: Annotated[
        str,
        typer.Argument(
            metavar="FIGURE",
            help="accuracy, distortion, curves, heatmap or cost.",
            autocompletion=completion.names(("accuracy", "distortion", "curves", "heatmap", "cost")),
        ),
    ],
    study: Study,
    out: Annotated[
        Path,
        typer.Option(
            "--out", rich_help_panel=options.OUTPUT, help="File to write, .png, .svg or .pdf.", metavar="FILE"
        ),
    ],
    scheme: Annotated[
        str | None,
        typer.Option(
            "--scheme",
            rich_help_panel=PART,
            help="Only these schemes.",
            metavar="NAME,…",
            autocompletion=completion.of("scheme", several=True),
        ),
    ] = None,
    attack: Annotated[
        str | None,
        typer.Option(
            "--attack",
            rich_help_panel=PART,
            help="Only these attacks.",
            metavar="NAME,…",
            autocompletion=completion.of("attack", several=True),
        ),
    ] = None,
    payload: Annotated[
        str | None,
        typer.Option(
            "--payload",
            rich_help_panel=PART,
            help="Only these payloads, as in 'alie 1'.",
            metavar="NAME,…",
            autocompletion=completion.of("payload", several=True),
        ),
    ] = None,
    q: Annotated[
        str | None,
        typer.Option(
            "--q",
            rich_help_panel=PART,
            help="Numbers of Byzantine workers: several for curves, a panel each; one for heatmap, cost and --x "
            "(default: the largest).",
            metavar="Q,…",
        ),
    ] = None,
    where: Where = None,
    x: Annotated[
        str,
        typer.Option(
            "--x",
            rich_help_panel=PART,
            help="Horizontal axis: of accuracy and distortion any setting, such as heterogeneity; of cost "
            "samples_processed (its default), bytes_sent, seconds_modelled, server_computed or seconds.",
            metavar="SETTING",
        ),
    ] = "q",
    width: Annotated[
        float, typer.Option("--width", rich_help_panel=options.OUTPUT, help="Width in inches.", metavar="X")
    ] = 3.4,
) -> ExitStatus:
    """Draw a figure of a study for a paper.

    Accuracy or distortion against q, learning curves, a heat map of schemes and attacks, or accuracy against cost. The
    same study always gives the same file.

    Examples:

      aspis-sim plot accuracy studies/first --out accuracy.pdf

      aspis-sim plot heatmap results/sweep.csv --q 4 --scheme aspis,detox --out heatmap.svg

      aspis-sim plot curves studies/first --q 2,4 --where momentum=0.9 --out curves.pdf

      aspis-sim plot accuracy guesses.csv --x believed_q --q 4 --out guesses.pdf

      aspis-sim plot cost studies/first --x bytes_sent --q 4 --out cost.pdf
    """
    from aspis_sim.files import writable, write_whole
    from aspis_sim.report.axes import Wanted
    from aspis_sim.report.figures import check_figure, not_drawn
    from aspis_sim.report.figures import figure as drawn
    from aspis_sim.report.source import only, opened
    from aspis_sim.spec.ranges import integers, names

    schemes, attacks, payloads = (names(text) if text is not None else () for text in (scheme, attack, payload))
    levels = integers(q, "`q`") if q is not None else ()
    wanted, kept = Wanted(schemes, attacks, payloads, levels, width, x), settings(where)
    check_figure(figure, out, wanted)
    path = writable(out)
    with opened(study) as found:
        data = only(found, kept)
        write_whole(path, drawn(data, figure, path.suffix.lower(), wanted))
        left_out = not_drawn(data)
    complain(f"written to {path}")
    for one in left_out:
        complain(one)
    return ExitStatus.DONE
