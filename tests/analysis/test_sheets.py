"""Rows sorted into sheets: what differs is never averaged, what is the same is, and a run counts once."""

from dataclasses import replace

import pytest

from aspis_sim.analysis.sheets import sheets_of
from aspis_sim.analysis.summary import mean_of
from aspis_sim.report.style import looks
from tests.report.studies import row_of, rows_of


def labels(sheets):
    return [sheet.label for sheet in sheets.sheets]


def test_a_sheet_for_each_adversary_with_the_means_of_the_summary():
    rows = rows_of(payloads=("alie", "constant"))
    sheets = sheets_of(rows)
    assert labels(sheets) == ["strong, alie 1", "strong, constant 1", "weak, alie 1", "weak, constant 1"]
    assert sheets.schemes == ("aspis", "detox")
    for sheet in sheets.sheets:
        assert sheet.panel.q == (1, 2, 3)
        for key, members in sheet.indices.items():
            assert sheet.panel.entries[key].top1 == mean_of([rows[index].top1 for index in members])
            assert {(rows[i].scheme, rows[i].q, rows[i].attack) for i in members} == {(*key, sheet.attack)}
            assert [rows[index].seed for index in members] == [0, 1]


def test_a_scheme_without_redundancy_is_in_the_sheets_of_every_redundancy():
    rows = list(rows_of(("aspis", "median"), attacks=("strong",)))
    rows += [replace(row, redundancy=5) for row in rows if row.scheme == "aspis"]
    sheets = sheets_of(rows)
    assert [(sheet.context.redundancy, sheet.panel.schemes) for sheet in sheets.sheets] == [
        (3, ("aspis", "median")),
        (5, ("aspis", "median")),
    ]
    assert sheets.sheets[0].indices["median", 1] == sheets.sheets[1].indices["median", 1]
    alone = sheets_of([row for row in rows if row.scheme == "median"])
    assert [sheet.context.redundancy for sheet in alone.sheets] == [1]


@pytest.mark.parametrize(
    ("column", "values"), [("rule", ("median", "krum")), ("samples_per_file", (4, 8)), ("lr", (0.1, 0.2))]
)
def test_runs_of_a_scheme_that_differ_become_several(column, values):
    rows = [
        row_of(**{column: value}, seed=seed, top1=0.1 * value if column == "lr" else 0.5)
        for value in values
        for seed in (0, 1)
    ]
    sheets = sheets_of(rows)
    assert sheets.schemes == tuple(f"aspis ({column}={value})" for value in values)
    (sheet,) = sheets.sheets
    assert [len(members) for members in sheet.indices.values()] == [2, 2]
    assert sheets.repeated == 0


def test_a_rate_that_was_chosen_for_each_q_makes_no_other_scheme():
    sheets = sheets_of([row_of(q=1, lr=0.1), row_of(q=2, lr=0.03)])
    assert sheets.schemes == ("aspis",)


def test_a_strength_that_follows_from_q_is_no_other_adversary():
    follows = [row_of(q=q, strength=0.5 + 0.1 * q) for q in (1, 2, 3)]
    assert labels(sheets_of(follows)) == ["strong, alie"]
    swept = [row_of(q=q, strength=strength) for q in (1, 2) for strength in (1.0, 1.5)]
    assert labels(sheets_of(swept)) == ["strong, alie 1", "strong, alie 1.5"]


def test_a_repeated_run_counts_once_and_the_last_one():
    rows = [row_of(top1=0.5), row_of(seed=1, top1=0.6), row_of(top1=0.7)]
    sheets = sheets_of(rows)
    assert sheets.repeated == 1
    assert sheets.sheets[0].panel.entries["aspis", 1].top1 == mean_of([0.7, 0.6])


def test_failed_runs_are_counted_and_not_averaged():
    rows = [row_of(top1=0.5), row_of(seed=1, top1=None, loss=None, status="failed: ValueError: no")]
    entry = sheets_of(rows).sheets[0].panel.entries["aspis", 1]
    assert (len(entry.rows), len(entry.failed)) == (1, 1)
    assert entry.top1 == mean_of([0.5])


def test_the_worst_case_over_attacks():
    ((context, worst),) = sheets_of(rows_of()).worst()
    assert context.redundancy == 3
    assert {attack for attack, _ in worst.entries.values()} == {"strong"}
    assert sheets_of(rows_of(attacks=("strong",))).worst() == ()


def test_every_scheme_of_a_study_looks_different_and_presets_look_the_same_everywhere():
    many = ["mine", "aspis", *(f"other {number}" for number in range(40))]
    shown = looks(many)
    assert len({(look.colour, look.marker, look.dash) for look in shown.values()}) == len(many)
    assert list(shown) == many
    usual = ("aspis", "aspis-certified", "byzshield", "detox", "median")
    assert len({look.colour for look in looks(usual).values()}) == len(usual)
    assert looks(("detox", "aspis"))["aspis"] == looks(usual)["aspis"] == shown["aspis"]
