"""What a table of one attack does not show: who leads under the worst attack that the battery found for each scheme."""

from collections.abc import Iterator

from aspis_sim.analysis.chance import chance
from aspis_sim.analysis.tables import Table
from aspis_sim.battery.known import SYSTEM, left_by_the_worst


def known_worst(table: Table) -> Iterator[str]:
    """A sentence where another scheme leads, or none is above chance, under the worst attack known for each.

    On a system like that of a leaderboard.
    """
    if table.attack == "none" or any(table.scheme_of[label] != label for label in table.schemes):
        return
    system = {name: table.context[name] for name in SYSTEM}
    guess = chance(table.context["dataset"]) or 0
    found = []
    for q in table.q:
        shown = table.top1_at(q)
        left = left_by_the_worst(shown, q, system)
        if left and max(left.values()) <= guess + 0.01:
            found.append(f"none is above chance at q={q}")
        elif left and (best := max(left, key=left.__getitem__)) != max(shown, key=shown.__getitem__):
            found.append(f"{best} is the best at q={q}")
    if found:
        yield (
            f"Under the worst attack known for each, with equal samples per step, {', '.join(found)} "
            f"(docs/leaderboard.md; aspis-sim attack --scheme {','.join(table.schemes)})."
        )
