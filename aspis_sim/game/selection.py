"""The best option for each file such that together they make exactly a given graph, by branch and bound."""

from collections.abc import Sequence


def best_selection(
    files: Sequence[int], values: Sequence[int], edges: Sequence[int], graph: int, above: int
) -> list[int] | None:
    """Choose one option a file for the greatest total value, every edge of the graph made by a chosen option.

    Each file would take its most valuable option; an edge that none of these makes costs the *loss* of
    another option of some file. Edge by edge, the one with the fewest options left first, all ways to make it
    are tried whose loss, added to what is lost already, stays below the best selection found.

    Args:
        files: for each option its file.
        values: for each option what it is worth.
        edges: for each option the pairs it makes disagree, a bitset inside ``graph``.
        graph: all pairs that must disagree, a bitset.
        above: a selection must be worth more than this.

    Returns:
        The chosen options, one a file; None if no selection is worth more than ``above``.
    """
    best: dict[int, int] = {}
    for option, file in enumerate(files):
        if file not in best or values[option] > values[best[file]]:
            best[file] = option
    total = sum(values[option] for option in best.values())
    if total <= above:
        return None
    # Losing more than `slack` is worth nothing, so these are the options that count.
    slack = total - above - 1
    losses = [values[best[file]] - value for file, value in zip(files, values, strict=True)]
    useful = [option for option, loss in enumerate(losses) if edges[option] and loss <= slack]
    search = _Search(files, losses, edges, slack)
    search.cover(graph, useful, 0, [])
    if search.found is None:
        return None
    return list((best | {files[option]: option for option in search.found}).values())


class _Search:
    """Depth-first search for a cover of least loss; `slack` shrinks below each cover found."""

    def __init__(self, files: Sequence[int], losses: Sequence[int], edges: Sequence[int], slack: int):
        self.files, self.losses, self.edges, self.slack = files, losses, edges, slack
        self.found: list[int] | None = None

    def cover(self, missing: int, options: list[int], lost: int, chosen: list[int]) -> None:
        """Extend ``chosen`` by some of ``options``, of files not used yet, so that nothing is missing."""
        if not missing:
            self.found, self.slack = chosen, lost - 1
            return
        while lost <= self.slack:
            useful, seen, twice, thrice = [], 0, 0, 0
            for option in options:
                makes = self.edges[option] & missing
                if makes and lost + self.losses[option] <= self.slack:
                    useful.append(option)
                    thrice |= twice & makes
                    twice |= seen & makes
                    seen |= makes
            if missing & ~seen:
                return
            rare = missing & ~twice or missing & ~thrice or missing
            edge = rare & -rare
            makers = [option for option in useful if self.edges[option] & edge]
            option = min(makers, key=lambda o: (self.losses[o], -(self.edges[o] & missing).bit_count()))
            file = self.files[option]
            others = [o for o in useful if self.files[o] != file]
            self.cover(missing & ~self.edges[option], others, lost + self.losses[option], [*chosen, option])
            options = [o for o in useful if o != option]
