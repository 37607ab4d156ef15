"""What do files buy that the server computes itself?

``python -m benchmarks.audits_table AUDITS.csv ATTACKS.csv`` prints the two tables of ``docs/audits.md`` as Markdown,
from the rows of ``aspis-sim reproduce audits --out AUDITS.csv`` and ``aspis-sim reproduce audit-attacks --out
ATTACKS.csv``.
"""

import sys
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from statistics import fmean

from aspis_sim.run.row import Row
from aspis_sim.study.reading import read_csv


def bound(row: Row) -> float:
    """The most that ε can be in the mean over runs, whatever the lies: (q - r + 1) / (m T)."""
    return max(0, row.q - row.redundancy + 1) / (row.audits * row.steps) if row.audits else float("inf")


def by_audits(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each number of copies and of audits: the worst payload's accuracy and ε, the bound, and the price."""
    yield "| copies r | audits m | top-1 % without lies | top-1 % | ε | ε at most | convicted | the server computes |"
    yield "|:---|:---|:---|:---|:---|:---|:---|:---|"
    for (redundancy, audits), members in sorted(_grouped(rows, "redundancy", "audits").items()):
        free = [row for row in members if row.attack == "none"]
        lied = _grouped([row for row in members if row.attack != "none"], "payload").values()
        limit = f"{bound(members[0]):.4f}" if audits else "–"
        convicted = f"{min(row.convicted for each in lied for row in each)} of {members[0].q}" if audits else "–"
        price = f"{members[0].server_computed / members[0].samples_processed:.2%}" if audits else "nothing"
        top1 = min(fmean(row.top1 for row in each) for each in lied)
        distorted = max(fmean(row.distortion_measured for row in each) for each in lied)
        yield (
            f"| {redundancy} | {audits} | {100 * fmean(row.top1 for row in free):.1f} | {100 * top1:.1f} "
            f"| {distorted:.4f} | {limit} | {convicted} | {price} |"
        )


def by_attack(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each scheme and attack: over all payloads the least accuracy, the largest ε and the most disputes."""
    yield "| scheme | attack | least top-1 % | with | largest ε | ε at most | most disputes audited | honest accused |"
    yield "|:---|:---|:---|:---|:---|:---|:---|:---|"
    for (scheme, attack), members in _grouped([row for row in rows if row.audits], "scheme", "attack").items():
        payloads = _grouped([row for row in members if row.model == "mlp"], "payload")
        worst = min(payloads, key=lambda name: fmean(row.top1 for row in payloads[name]))
        distorted = [fmean(row.distortion_measured for row in each) for each in _grouped(members, "payload").values()]
        accused = sum(row.false_accusation_rate > 0 for row in members)
        yield (
            f"| `{scheme}` | {attack} | {100 * fmean(row.top1 for row in payloads[worst]):.1f} | {worst[0]} "
            f"| {max(distorted):.4f} | {bound(members[0]):.4f} | {max(row.disputes_audited for row in members)} "
            f"| {accused or 'in none'} of {len(members)} runs |"
        )


def _grouped(rows: Sequence[Row], *columns: str) -> dict[tuple[Hashable, ...], list[Row]]:
    groups: dict[tuple[Hashable, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[column] for column in columns)].append(row)
    return groups


if __name__ == "__main__":
    audits, attacks = (read_csv(Path(name)) for name in sys.argv[1:])
    print("\n".join([*by_audits(audits), "", *by_attack(attacks)]))
