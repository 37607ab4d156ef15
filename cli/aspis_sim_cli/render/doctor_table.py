"""What the doctor found as a table, topic by topic, and what to do about it below."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim_cli.doctor.finding import Finding, State

STYLES = {State.OK: "green", State.NOTE: "yellow", State.WRONG: "bold red"}


def doctor_view(findings: Sequence[Finding]) -> RenderableType:
    """One line a finding; then one for everything that is wrong or worth a note."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("topic", no_wrap=True)
    table.add_column("what", style="cyan", overflow="fold")
    table.add_column("found", overflow="fold")
    table.add_column("", no_wrap=True)
    before = ""
    for one in findings:
        topic = "" if one.topic == before else one.topic
        table.add_row(Text(topic), Text(one.name), Text(one.value), Text(one.state.value, style=STYLES[one.state]))
        before = one.topic
    return Group(table, *_advice(findings))


def _advice(findings: Sequence[Finding]) -> Iterator[Text]:
    notes = [one for one in findings if one.state is State.NOTE and one.remedy]
    if notes:
        yield Text("\nWorth knowing:", style="bold")
        yield from (Text(f"  {one.topic} {one.name}: {one.value}; {one.remedy}") for one in notes)
    wrong = sum(one.state is State.WRONG for one in findings)
    yield Text(f"\n{wrong or 'Nothing'} {'things are' if wrong > 1 else 'is'} wrong.", style="bold")
