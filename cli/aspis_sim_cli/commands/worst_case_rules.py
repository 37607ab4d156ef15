"""What ``aspis-sim worst-case --rules mixed`` does: every fixed mixed rule against its worst lies, in one table."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from aspis_sim.errors import InputError
from aspis_sim.registry import unknown_name
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format, Output, spinner

if TYPE_CHECKING:
    from aspis_sim.assignment import Assignment
    from aspis_sim.game.play_rules import RulesResult

SETS_OF_RULES = ("detectors", "mixed")
"""What can be attacked."""

ANY_WEIGHTS = "any weights"
"""In the column of rules: what no rule that looks at one graph can avoid."""


@dataclass(frozen=True)
class Row:
    """One rule's worst case; the fields are the columns of the CSV, in order.

    Attributes:
        assignment, workers, redundancy, files, q: what was played.
        rule: "any weights" for what no rule can avoid.
        distorted_files, kept_files: of the update with the greatest share distorted; both 0 if the rule can be made to
            keep nothing, both empty for any weights.
        fraction: that share; 1 if the rule can be made to keep nothing.
        minimax: whether no rule of the table has a smaller one.
        graphs: disagreement graphs looked at.
        proof: "exhaustive", "lower bound" or, for any weights, "proof" or "upper bound".
    """

    assignment: str
    workers: int
    redundancy: int
    files: int
    q: int
    rule: str
    distorted_files: int | None
    kept_files: int | None
    fraction: float
    minimax: bool
    graphs: int
    proof: str


def check_rules(rules: str, others: bool) -> None:
    """Refuse a set of rules that does not exist, or one with settings that do not concern it.

    Args:
        rules: as given.
        others: whether a detector, another objective, a seed or audits were asked for.

    Raises:
        InputError: says what is wrong and what would work.
    """
    if rules not in SETS_OF_RULES:
        raise unknown_name("set of rules", rules, SETS_OF_RULES)
    if rules == "mixed" and others:
        raise InputError(
            "--rules mixed plays every rule for the greatest fraction distorted of what it keeps; "
            "leave --detector, --objective, --seed and --audits out"
        )


def rules_game(
    system: "Assignment", budgets: Sequence[int], effort: int, most_graphs: int, output: Output, quiet: bool
) -> ExitStatus:
    """Play all rules for every q, and write or show the table."""
    from aspis_sim.game.play_rules import play_rules
    from aspis_sim.records import as_csv, columns_of
    from aspis_sim_cli.render.rules_table import rules_view

    found: list[RulesResult] = []
    try:
        with spinner(quiet) as say:
            for number, q in enumerate(budgets, 1):
                say(f"q={q}: {number} of {len(budgets)}")
                found.append(play_rules(system, q, effort=effort, most_graphs=most_graphs))
    except KeyboardInterrupt:
        complain(f"interrupted: {len(found)} of {len(budgets)} numbers of Byzantine workers had finished and are kept")

    def text(kind: Format) -> str:
        rows = [row for result in found for row in _rows(system, result)]
        if kind is Format.JSON:
            return "[\n" + ",\n".join(json.dumps(asdict(row)) for row in rows) + "\n]\n"
        return as_csv(rows, columns_of(Row))

    if found:
        output.write(text)
    output.show(text, lambda console: rules_view(system, found) if found else None)
    return ExitStatus.DONE if len(found) == len(budgets) else ExitStatus.INTERRUPTED


def _rows(system: "Assignment", result: "RulesResult") -> list[Row]:
    played = (system.name, system.workers, system.redundancy, len(system.files), result.q)
    rows = [
        Row(
            *played,
            rule=one.rule.name,
            distorted_files=0 if one.nothing else one.score.count,
            kept_files=0 if one.nothing else one.score.kept,
            fraction=one.fraction,
            minimax=one.fraction == result.least,
            graphs=result.graphs,
            proof="exhaustive" if result.exhaustive else "lower bound",
        )
        for one in result.rules
    ]
    if result.share is not None:
        rows.append(Row(*played, ANY_WEIGHTS, None, None, result.share, False, result.graphs, result.share_proof))
    return rows
