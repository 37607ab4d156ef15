"""The report: one HTML file that works from disk, with Plotly.js, the data and the style inside.

Its Content-Security-Policy lets exactly the two scripts run that were put in (by their SHA-256) and forbids every
request; user text is escaped here, and the page's own script only ever sets it as text.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

from aspis_sim.analysis.tables import Tables, tables_of
from aspis_sim.report.libraries import check_library
from aspis_sim.report.page_data import Choice, Filter, as_script, choices_of, filters_of, page_data
from aspis_sim.report.source import Source
from aspis_sim.report.timelines import RUNS

HERE = Path(__file__).parent / "page"


def page(study: Source, most_runs: int = RUNS) -> str:
    """The report on a study as the text of an HTML file.

    Args:
        study: at least one row.
        most_runs: runs whose curves are kept; the page says how many of how many.

    Raises:
        InputError: Plotly is not installed.
    """
    check_library("report")
    import plotly

    tables = tables_of(study.rows)
    data = page_data(study, tables, most_runs)
    library = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    script = (HERE / "page.js").read_text(encoding="utf-8")
    return Template((HERE / "page.html").read_text(encoding="utf-8")).substitute(
        title=escape(study.name),
        policy=_policy(library, script),
        style=(HERE / "page.css").read_text(encoding="utf-8"),
        summary=_summary(study, tables),
        notes=_notes(study, tables, data["kept"]),
        choices=_choices(choices_of(tables.contexts)),
        filters=_fieldsets(one for one in filters_of(tables) if not one.follows),
        following=_following([one for one in filters_of(tables) if one.follows]),
        failures=_failures(study),
        commands=_commands(study.commands),
        made_by=_made_by(study.made_by),
        data=as_script(data),
        library=library,
        script=script,
    )


def _policy(*scripts: str) -> str:
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _summary(study: Source, tables: Tables) -> str:
    """What the study holds, as the items of a list of terms."""
    rows = study.rows
    failed = sum(row.failed for row in rows)
    diverged = sum(row.status == "diverged" for row in rows)
    q = sorted({row.q for row in rows})
    facts = {
        "runs": f"{len(rows):,}",
        "failed": f"{failed:,}",
        "diverged": f"{diverged:,}",
        "schemes": f"{len(tables.schemes):,}",
        "adversaries": f"{len({table.label for table in tables.tables}):,}",
        "q": f"{q[0]} to {q[-1]}" if len(q) > 1 else str(q[0]),
        "seeds": f"{len({row.seed for row in rows}):,}",
        "training time": _duration(sum(row.seconds or 0.0 for row in rows)),
    }
    return "\n".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())


def _duration(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _notes(study: Source, tables: Tables, runs: int) -> str:
    """What a reader must know of what is left out."""
    notes = []
    if not study.traced:
        notes.append(
            "The rows alone are known (a CSV file keeps no steps), so there are no training curves and no detection "
            "timeline; a report on a study's folder has them."
        )
    elif runs < len(study.rows):
        notes.append(
            f"The curves of {runs:,} of {len(study.rows):,} runs are in this page, to keep it small: a seed of every "
            "result first; where not all fit, whole figures at the largest q, at the smallest, then at the others. All "
            "other figures and the table rest on all runs."
        )
    if study.origins > 1:
        notes.append(
            f"The runs come from {study.origins} versions of the code or the data; how many of each is at the end."
        )
    notes += study.unpublished
    if tables.repeated:
        notes.append(
            f"{tables.repeated:,} rows are of a run that is there again later (same scheme, adversary, q, seed and "
            "settings); of each such run the last row counts."
        )
    return "\n".join(f'<p class="note">{escape(note)}</p>' for note in notes)


def _fieldsets(filters: Iterable[Filter]) -> str:
    """The places where the page's script puts the values of each filter."""
    return "\n".join(
        f'<fieldset id="filter-{escape(one.key)}"><legend>{escape(one.title)}</legend></fieldset>' for one in filters
    )


def _following(filters: Sequence[Filter]) -> str:
    """Filters that say no more than the schemes do, folded away; nothing where there are none."""
    if not filters:
        return ""
    return (
        f'<details class="more"><summary>Parts of the schemes</summary><div class="groups">{_fieldsets(filters)}'
        "</div></details>"
    )


def _choices(choices: Iterable[Choice]) -> str:
    """A select for each setting in which contexts differ."""
    return "\n".join(
        f'<label>{escape(one.title)} <select id="choice-{escape(one.key)}"></select></label>' for one in choices
    )


def _failures(study: Source) -> str:
    """The reasons why cells failed, the most frequent first."""
    reasons = Counter(row.status for row in study.rows if row.failed)
    if not reasons:
        return ""
    items = "\n".join(
        f"<li>{count:,} × <code>{escape(reason)}</code></li>" for reason, count in reasons.most_common(20)
    )
    more = "" if len(reasons) <= 20 else f'<p class="note">{len(reasons) - 20:,} other reasons are in the export.</p>'
    return f'<section id="failures"><h2>Cells that failed</h2><ul>\n{items}\n</ul>{more}</section>'


def _commands(commands: Iterable[str]) -> str:
    lines = "\n".join(map(escape, commands))
    if not lines:
        return '<p class="note">A CSV file does not keep the command that made it.</p>'
    return f'<pre tabindex="0" aria-label="Commands"><code>{lines}</code></pre>'


def _made_by(made_by: Mapping[str, Mapping[str, int]]) -> str:
    """A table of versions, devices and hosts, with the number of cells where there are several."""
    from aspis_sim.version import __version__

    def shown(values: Mapping[str, int]) -> str:
        several = len(values) > 1
        return ", ".join(value + (f" ({count:,} cells)" if several else "") for value, count in values.items())

    lines = {**{name: shown(values) for name, values in made_by.items()}, "this page": f"aspis-sim {__version__}"}
    body = "\n".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in lines.items()
    )
    return f"<table><tbody>\n{body}\n</tbody></table>"


def default_page(source: Path) -> Path:
    """Where the report on a study goes unless the user says: into its folder, or beside the CSV file."""
    return source / "report.html" if source.is_dir() else source.with_suffix(".html")
