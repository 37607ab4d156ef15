"""Two runs that differ in any one setting stay two: as rows, in a CSV, a study, tables, a report and a comparison."""

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import assume, event, example, given, note, settings
from hypothesis import strategies as st

from aspis_sim.analysis.pairs import pair
from aspis_sim.analysis.tables import tables_of
from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.records import as_csv
from aspis_sim.report.page_data import page_data
from aspis_sim.report.source import Source
from aspis_sim.run.row import COLUMNS
from aspis_sim.spec.cell import KNOBS, Cell
from aspis_sim.spec.grid import Grid, Replicates
from aspis_sim.spec.kinds import Named, Number, Size, Whole, Word, YesNo
from aspis_sim.study import Study
from aspis_sim.study.reading import rows_of
from tests.study.made_up import MACHINE, ORIGIN, finished

BASE = Cell(
    scheme="aspis", assignment="subset", workers=7, redundancy=3, detector="clique", rule="median", coding="none",
    after_detection="average", convention="aspis", permute=False, attack="frame-up", framed=1, q=2, strength=1.0,
)  # fmt: skip


def values(name):
    """What a setting can be, two values or more; of the frame-up, which is there for its number of framed workers."""
    kind = KNOBS[name].kind
    if name == "framed":
        return st.sampled_from([0, 1, 2, "auto"])
    if name == "attack":
        return st.just(BASE.attack)
    if isinstance(kind, YesNo):
        return st.booleans()
    if isinstance(kind, Word | Named):
        return st.sampled_from(sorted(kind.names()))
    if isinstance(kind, Size):
        return st.sampled_from([10**9, 2 * 10**9, 10**10])
    numbers = st.integers(1, 9) if isinstance(kind, Whole) else st.sampled_from([0.1, 0.2, 0.5, 1 / 3])
    assert isinstance(kind, Whole | Number)
    own = getattr(BASE, name)
    return st.one_of(st.just(own), numbers) if own is not None else numbers


def as_planned(cell):
    """The cell as it would run: an assignment without copies has the redundancy 1, whatever is asked for."""
    return cell if ASSIGNMENTS.traits(cell.assignment).redundant else replace(cell, redundancy=1)


@st.composite
def two_cells(draw):
    """Two cells that differ in some settings, among many others that they share."""
    names = [name for name in KNOBS if name != "attack"]
    shared = draw(st.lists(st.sampled_from(names), unique=True, max_size=6))
    first = replace(BASE, **{name: draw(values(name)) for name in shared})
    differing = draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=3))
    second = replace(first, **{name: draw(values(name).filter(lambda one, n=name: one != getattr(first, n)))
                               for name in differing})  # fmt: skip
    first, second = as_planned(first), as_planned(second)
    assume(first != second)
    return first, second


def stays_two(first, second):
    results = [finished(first, top1=0.25), finished(second, top1=0.75)]
    one, two = rows = tuple(row for _, row in results)
    assert one != two
    told = [{name: value for name, value in row.items() if name != "top1"} for row in rows]
    assert told[0] != told[1]

    text = as_csv(rows, tuple(COLUMNS))
    assert rows_of(text, "here") == rows

    with Study.in_memory() as study:
        for result, row in results:
            group = Replicates(result.cell, (result.cell.lr,), (result.cell.seed,))
            study.asked.add(Grid.of_group(group), [group], "sweep")
            study.commit(result, row, ORIGIN, MACHINE)
        runs = sorted(study.runs(), key=lambda run: run.row["top1"])
        assert [run.row for run in runs] == list(rows)
        assert len({run.key for run in runs}) == 2
        exported = list(csv.DictReader(io.StringIO(as_csv([run.row for run in runs], tuple(COLUMNS)))))
    assert [row["top1"] for row in exported] == ["0.25", "0.75"]
    assert len({tuple(value for name, value in row.items() if name != "top1") for row in exported}) == 2

    tables = tables_of(rows)
    assert tables.repeated == 0
    shown = [
        (table.title, label, q, row["seed"], row["top1"])
        for table in tables.tables
        for (label, q), entry in table.entries.items()
        for row in entry.rows
    ]
    assert {place[-1] for place in shown} == {0.25, 0.75}
    assert len({place[:-1] for place in shown}) == len(shown), shown
    places = [{place[:-2] for place in shown if place[-1] == top1} for top1 in (0.25, 0.75)]
    assert not places[0] & places[1] or one["seed"] != two["seed"]

    seeds = one["seed"] != two["seed"] and len({place[:-2] for place in shown}) == 1
    page = page_data(Source("two", rows), tables)
    entries = page["entries"]
    assert sorted(entries["seeds"]) == ([2] if seeds else [1] * len(shown))
    assert len({*zip(entries["sheet"], entries["scheme"], entries["q"], strict=True)}) == len(entries["q"])

    pairing = pair(runs, runs)
    assert sorted(a["top1"] for group in pairing.groups for a, _ in group.rows) == [0.25, 0.75]
    assert all(a is b for group in pairing.groups for a, b in group.rows)


@settings(max_examples=150, deadline=None)
@given(two_cells())
@example((replace(BASE, assignment="baseline", redundancy=1), replace(BASE, redundancy=1)))
def test_two_specifications_never_merge(cells):
    differ = [name for name in KNOBS if getattr(cells[0], name) != getattr(cells[1], name)]
    event(str(differ))
    note(str([(name, getattr(cells[0], name), getattr(cells[1], name)) for name in differ]))
    stays_two(*cells)


@pytest.mark.parametrize("name", [name for name in KNOBS if name != "attack"])
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_one_setting_is_enough(name, data):
    first = replace(BASE, **{name: data.draw(values(name))})
    stays_two(first, replace(first, **{name: data.draw(values(name).filter(lambda one: one != getattr(first, name)))}))


def test_another_attack_is_enough():
    stays_two(replace(BASE, framed=None, attack="weak"), replace(BASE, framed=None, attack="strong"))
