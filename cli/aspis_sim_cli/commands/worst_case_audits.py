"""What ``aspis-sim worst-case --audits M`` does: the game of a run against audits, solved and shown."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.errors import InputError
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format, Output

if TYPE_CHECKING:
    from aspis_sim.assignment import Assignment
    from aspis_sim.game.audits import AuditResult

MOST_STEPS = 10_000
"""Of a run: about a minute for 15 workers."""


@dataclass(frozen=True)
class Row:
    """What the lies are worth from a number of convictions on; the fields are the columns of the CSV, in order.

    Attributes:
        assignment, workers, redundancy, files, q, audits, steps: what was solved.
        convicted: Byzantine workers convicted before the first step.
        distorted_file_steps: expected in the whole run, under the best lies found against the policy disputed-first.
        distortion: that over files and steps, the mean ε.
        bound: (q - convicted - r + 1) f / m file-steps, or 0 below.
        best_policy: distorted file-steps against the best order of audits, empty for more than one audit.
        best_audit: live workers of the files that this order audits most often at the first step.
        silent: files that the workers hold with nobody to contradict them.
        lies, decoys: of the best lies at the first step.
        proof: "exhaustive" (no lies of the game are worth more) or "lower bound".
    """

    assignment: str
    workers: int
    redundancy: int
    files: int
    q: int
    audits: int
    steps: int
    convicted: int
    distorted_file_steps: float
    distortion: float
    bound: float
    best_policy: float | None
    best_audit: int | None
    silent: int
    lies: int
    decoys: int
    proof: str


def check_audits(assignment: str, audits: int, steps: int) -> None:
    """Refuse a game that cannot be solved.

    Raises:
        InputError: says what is wrong and what would work.
    """
    if audits < 0:
        raise InputError(f"--audits {audits} is negative; the server computes 1 or more files a step, 0 for none")
    if not 1 <= steps <= MOST_STEPS:
        raise InputError(f"--steps {steps:,}: a run has 1 to {MOST_STEPS:,} steps here")
    if not ASSIGNMENTS.traits(assignment).complete:
        raise InputError(f"audits are solved on the assignment subset, not on {assignment}; take `--assignment subset`")


def audit_game(system: "Assignment", budgets: Sequence[int], audits: int, steps: int, output: Output) -> ExitStatus:
    """Solve the game for every q, and write or show it."""
    from aspis_sim.game.audits import play_audits
    from aspis_sim.records import as_csv, columns_of
    from aspis_sim_cli.render.audit_game_table import audit_game_view

    found = [result for q in budgets for result in play_audits(system, q, audits, steps)]

    def text(kind: Format) -> str:
        rows = [_row(system, result) for result in found]
        if kind is Format.JSON:
            return "[\n" + ",\n".join(json.dumps(asdict(row)) for row in rows) + "\n]\n"
        return as_csv(rows, columns_of(Row))

    output.write(text)
    output.show(text, lambda console: audit_game_view(system, found))
    return ExitStatus.DONE


def _row(system: "Assignment", result: "AuditResult") -> Row:
    return Row(
        assignment=system.name,
        workers=system.workers,
        redundancy=system.redundancy,
        files=result.files,
        q=result.q,
        audits=result.audits,
        steps=result.steps,
        convicted=result.convicted,
        distorted_file_steps=result.distorted,
        distortion=result.share,
        bound=result.bound,
        best_policy=result.best_policy,
        best_audit=result.best_audit,
        silent=result.silent,
        lies=result.lies,
        decoys=result.decoys,
        proof="exhaustive" if result.exact else "lower bound",
    )
