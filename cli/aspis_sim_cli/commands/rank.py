"""``aspis-sim rank``: the schemes of a study in the order of their worst accuracy."""

from typing import NamedTuple

from aspis_sim_cli.commands.report import Study
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options.where import Where, settings
from aspis_sim_cli.output import Format, Output, texts


class Line(NamedTuple):
    """A scheme at one q, as a line of CSV.

    Attributes:
        setting: data, model, sizes and what else is the same for all schemes.
        q: Byzantine workers.
        place: from 1.
        scheme: label.
        top1: mean over the seeds, under the worst adversary.
        low, high: ends of its 95% interval; with fewer than 4 seeds of their range; None for one seed.
        under: the worst adversary.
        adversaries: that the scheme met.
        points: below the scheme before it; None for the first.
        pairs: seeds that the two have in common.
        p_holm: of that difference.
    """

    setting: str
    q: int
    place: int
    scheme: str
    top1: float
    low: float | None
    high: float | None
    under: str
    adversaries: int
    points: float | None
    pairs: int
    p_holm: float | None


def rank(
    study: Study,
    where: Where = None,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
) -> ExitStatus:
    """Rank the schemes of a study by their accuracy under the worst of all its adversaries.

    The worst is over attacks, payloads and every other setting of the
    adversary. Neighbours in the order are compared seed by seed, and the
    tests are Holm-corrected.

    Examples:

      aspis-sim rank studies/first

      aspis-sim rank results/sweep.csv --where q=2..4 --where payload=alie,constant
    """
    from aspis_sim.analysis.headline import worst_cases
    from aspis_sim.analysis.ranking import legend, ranked
    from aspis_sim.analysis.tables import tables_of
    from aspis_sim.errors import InputError
    from aspis_sim.report.source import only, opened
    from aspis_sim_cli.render.ranking_table import said_of
    from aspis_sim_cli.render.sweep_table import worst_cases_view

    kept, output = settings(where), Output.to(format, out)
    with opened(study, rows_only=True) as data:
        tables = tables_of(only(data, kept).rows)
    found = [(worst, ranked(worst)) for worst in worst_cases(tables)]
    lines = [
        Line(worst.table.title_but_adversary, one.q, one.place, one.scheme, one.top1.value, one.top1.low,
             one.top1.high, one.under, worst.met[one.scheme], one.points, one.pairs, one.p_holm)
        for worst, ranks in found
        for one in ranks
    ]  # fmt: skip
    if not lines:
        raise InputError("no cell of these has an accuracy to rank by")
    output.give(
        texts([one._asdict() for one in lines], Line._fields),
        lambda console: worst_cases_view([worst for worst, _ in found], console.width),
        lambda: [one for worst, ranks in found for one in (legend(ranks), *said_of(worst))],
    )
    return ExitStatus.DONE
