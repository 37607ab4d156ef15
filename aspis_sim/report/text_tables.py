"""Tables of means with intervals, scheme by q, for a paper (LaTeX with booktabs) and for a page of notes (Markdown).

Names may hold anything: what the language would read as its own is escaped, what cannot be printed becomes a space.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aspis_sim.analysis.headline import worst_cases, worst_over_adversaries, worst_over_attacks
from aspis_sim.analysis.ranking import legend, order_at, ranked
from aspis_sim.analysis.summary import FEW, Entry, Mean, spread_text
from aspis_sim.analysis.tables import Tables
from aspis_sim.printable import printable

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "[": "{[}",
    "]": "{]}",
    "ε": r"$\varepsilon$",
    "±": r"$\pm$",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
SPREAD = (
    "Mean over the seeds ± half of its 95% interval (Student's t); with its ends in brackets where it is cut off at "
    f"0 or 100; with fewer than {FEW} seeds their range (smallest–largest) instead."
)
"""How the figures of a table are to be read."""

_MARKDOWN = {"&": "&amp;", "<": "&lt;", ">": "&gt;", **{character: f"\\{character}" for character in "\\`*_[]|~$"}}


@dataclass(frozen=True)
class Grid:
    """One table: what it is about, and the top-1 of each scheme at each q.

    Attributes:
        caption: adversary and setting.
        schemes: labels, one a line.
        q: one a column.
        means: (scheme, q) -> mean over seeds, None where all seeds failed; nothing where there is no top-1.
        under: (scheme, q) -> the attack that leaves this, where the table is of worst cases.
    """

    caption: str
    schemes: Sequence[str]
    q: Sequence[int]
    means: Mapping[tuple[str, int], Mean | None]
    under: Mapping[tuple[str, int], str]

    def best(self, q: int) -> float | None:
        """The highest mean at q, to the digit that is shown; None if fewer than two schemes are there."""
        values = [round(100 * mean.value, 1) for scheme in self.schemes if (mean := self.means.get((scheme, q)))]
        return max(values) if len(values) > 1 else None


def grids(tables: Tables) -> Iterator[Grid]:
    """A table for each adversary, then the worst case over attacks where there are several."""
    for table in tables.tables:
        beside = "".join(f", {one}" for one in table.overrides)
        shared = "".join(f"; {one}" for one in table.common)
        caption = (
            f"Top-1 (%) under attack {table.attack}, payload {table.payload}{beside}; {table.context.label}{shared}."
        )
        yield Grid(caption, table.schemes, table.q, _means(table.entries), {})
    for worst in (*worst_over_attacks(tables), *worst_over_adversaries(tables)):
        attacks_only = worst.over == "attacks"
        told = (*worst.table.overrides, *worst.table.common) if attacks_only else worst.table.common
        shared = "".join(f"; {one}" for one in told)
        of = f"attacks, payload {worst.table.payload}" if attacks_only else f"{worst.over}"
        caption = f"Top-1 (%) under the worst of all {of}; {worst.table.context.label}{shared}."
        entries = {key: entry for key, (_, entry) in worst.entries.items()}
        schemes = [name for name in worst.schemes if any(scheme == name for scheme, _ in entries)]
        under = {key: attack for key, (attack, _) in worst.entries.items()}
        yield Grid(caption, schemes, worst.q, _means(entries), under)


def _orders(tables: Tables) -> Iterator[tuple[str, Sequence[tuple[int, str]], str]]:
    """Of each context with several adversaries: a caption, q with the order of the schemes, how to read it."""
    for worst in worst_cases(tables):
        if worst.count > 1 and (ranks := ranked(worst)):
            shared = "".join(f"; {one}" for one in worst.table.common)
            caption = f"Ranking by top-1 (%) under the worst of all {worst.over}; {worst.table.context.label}{shared}."
            told = [f"{scheme} met {count} of {worst.count} adversaries" for scheme, count in worst.fewer]
            orders = [(q, " ".join(order_at(ranks, q))) for q in worst.q]
            yield caption, [one for one in orders if one[1]], " ".join([legend(ranks), *(f"{one}." for one in told)])


def _means(entries: Mapping[tuple[str, int], Entry]) -> dict[tuple[str, int], Mean | None]:
    return {key: entry.top1 for key, entry in entries.items() if entry.top1 is not None or not entry.rows}


def latex(tables: Tables) -> str:
    """All tables as LaTeX (with booktabs); means with their spread over the seeds, the best of a column bold."""
    return (
        "% Needs \\usepackage{booktabs} and, for straight quotes in names, \\usepackage{textcomp}.\n"
        f"% {SPREAD} The best of each column is bold.\n\n"
    ) + "\n".join([*map(_latex, grids(tables)), *map(_latex_order, _orders(tables))])


def _latex_order(order: tuple[str, Sequence[tuple[int, str]], str]) -> str:
    caption, lines, reading = order
    return "\n".join(
        [
            "\\begin{table}",
            "  \\centering",
            f"  \\caption{{{escape_latex(f'{caption} {reading}')}}}",
            "  \\begin{tabular}{rp{0.85\\linewidth}}",
            "    \\toprule",
            "    $q$ & order of the schemes \\\\",
            "    \\midrule",
            *(f"    {q} & {escape_latex(text)} \\\\" for q, text in lines),
            "    \\bottomrule",
            "  \\end{tabular}",
            "\\end{table}",
            "",
        ]
    )


def _latex(grid: Grid) -> str:
    def shown(mean: Mean, best: bool) -> str:
        value = f"{100 * mean.value:.1f}"
        value = f"\\mathbf{{{value}}}" if best else value
        spread = spread_text(mean, " \\pm ", between=" ({}--{})")
        return f"${value}${spread}" if mean.half_width is None else f"${value}{spread}$"

    lines = [
        "\\begin{table}",
        "  \\centering",
        f"  \\caption{{{escape_latex(grid.caption)}}}",
        f"  \\begin{{tabular}}{{l{'r' * len(grid.q)}}}",
        "    \\toprule",
        f"    scheme & {' & '.join(f'$q={q}$' for q in grid.q)} \\\\",
        "    \\midrule",
    ]
    for scheme in grid.schemes:
        cells = _cells(grid, scheme, shown, "--", escape_latex)
        lines.append(f"    {escape_latex(scheme)} & {' & '.join(cells)} \\\\")
    lines += ["    \\bottomrule", "  \\end{tabular}", "\\end{table}", ""]
    return "\n".join(lines)


def markdown(tables: Tables) -> str:
    """All tables as Markdown; means with their spread over the seeds, the best of a column bold."""

    def shown(mean: Mean, best: bool) -> str:
        value = f"{100 * mean.value:.1f}"
        return (f"**{value}**" if best else value) + spread_text(mean, " ± ", " \\[{}, {}\\]")

    def table(grid: Grid) -> str:
        lines = [
            escape_markdown(grid.caption),
            "",
            f"| scheme | {' | '.join(f'q={q}' for q in grid.q)} |",
            f"|:---|{'---:|' * len(grid.q)}",
        ]
        for scheme in grid.schemes:
            cells = _cells(grid, scheme, shown, "–", escape_markdown)
            lines.append(f"| {escape_markdown(scheme)} | {' | '.join(cells)} |")
        return "\n".join(lines) + "\n"

    def order(one: tuple[str, Sequence[tuple[int, str]], str]) -> str:
        caption, found, reading = one
        lines = (f"| {q} | {escape_markdown(text)} |" for q, text in found)
        head = ("| q | order of the schemes |", "|---:|:---|")
        return "\n".join([escape_markdown(caption), "", *head, *lines, "", escape_markdown(reading)]) + "\n"

    spread = f"{SPREAD} The best of each column is bold.\n"
    return "\n".join([*map(table, grids(tables)), *map(order, _orders(tables)), spread])


def plain(tables: Tables) -> str:
    """All tables as plain text, a row per q and a column per scheme; means with their spread over the seeds."""

    def shown(mean: Mean, best: bool) -> str:
        return f"{100 * mean.value:.1f}{spread_text(mean, width=5)}"

    def table(grid: Grid) -> str:
        columns = [["q", *map(str, grid.q)]]
        columns += [[printable(scheme), *_cells(grid, scheme, shown, "-", printable)] for scheme in grid.schemes]
        widths = [max(map(len, column)) for column in columns]
        lines = [
            "  ".join(one.rjust(width) for one, width in zip(line, widths, strict=True))
            for line in zip(*columns, strict=True)
        ]
        return "\n".join([printable(grid.caption), "", *lines]) + "\n"

    def order(one: tuple[str, Sequence[tuple[int, str]], str]) -> str:
        caption, found, reading = one
        lines = (f"q={q}: {printable(text)}" for q, text in found)
        return "\n".join([printable(caption), "", *lines, "", printable(reading)]) + "\n"

    return "\n".join([*map(table, grids(tables)), *map(order, _orders(tables))])


def _cells(
    grid: Grid, scheme: str, shown: Callable[[Mean, bool], str], absent: str, escape: Callable[[str], str]
) -> Iterator[str]:
    for q in grid.q:
        if (scheme, q) not in grid.means:
            yield absent
        elif (mean := grid.means[scheme, q]) is None:
            yield "failed"
        else:
            attack = grid.under.get((scheme, q))
            text = shown(mean, round(100 * mean.value, 1) == grid.best(q))
            yield text if attack is None else f"{text} {escape(f'({attack})')}"


def escape_latex(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    return "".join(_LATEX.get(character, character) for character in printable(text, " "))


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it stands, in a paragraph or in a cell of a table."""
    return "".join(_MARKDOWN.get(character, character) for character in printable(text, " "))
