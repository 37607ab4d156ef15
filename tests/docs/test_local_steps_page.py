"""The page on local steps shows the tables of its runs, and says of them what is so."""

from pathlib import Path

import pytest

import aspis_sim
from aspis_sim.reproduction import preset
from aspis_sim.study.reading import read_csv
from benchmarks.local_steps_table import lines, mean, name_of

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "local-steps.md").read_text(encoding="utf-8")
ROWS = read_csv(DOCS / "tables" / "local-steps.csv")


def test_the_page_shows_the_tables_of_its_runs():
    assert "\n".join(lines(ROWS)) in PAGE


def test_the_runs_are_those_of_the_preset():
    def named(one):
        return one.scheme, one.rule, one.attack, one.heterogeneity, one.local_steps, one.lr

    planned = {(*named(run.group.first), seed) for run in preset.load("local-steps").runs() for seed in run.group.seeds}
    assert {(*named(row), row.seed) for row in ROWS} == planned
    assert len(ROWS) == len(planned)
    assert {row.status for row in ROWS} == {"ok"}
