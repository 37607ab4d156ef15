"""Grids run in a study, in memory or in a folder: what is there does not run again, and all of it comes back."""

import numpy as np
import pytest

from aspis_sim.errors import InputError
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import row_of
from aspis_sim.run.train import train
from aspis_sim.spec.grid import Grid
from aspis_sim.study import Origin, Study
from aspis_sim.study.session import Selection, Session

GRID = Grid.of(scheme=("aspis", "median"), q=(1, 2), workers=5, lr=0.1, seed=(0, 1), steps=4, model="softmax")


def finish(session, **options):
    return [event for event in session.run(**options) if event.ended is not None]


@pytest.mark.parametrize("place", ["memory", "folder"])
def test_rows_come_in_the_order_of_the_grid_and_runs_with_all_that_they_left(place, tmp_path):
    with Study.in_memory() if place == "memory" else Study.create(tmp_path / "study") as study:
        session = Session(study, [(None, GRID)])
        assert (session.pending.cells, session.pending.done, session.pending.steps) == (8, 0, 8 * 4)
        assert len(finish(session, command="by hand", points=lambda group: 2)) == 8
        rows = session.rows()
        assert [(row.q, row.scheme, row.seed) for row in rows] == [
            (q, scheme, seed) for q in (1, 2) for scheme in ("aspis", "median") for seed in (0, 1)
        ]
        runs = session.runs()
        assert tuple(runs) == GRID.groups()
        assert [run.row for group in runs for run in runs[group]] == rows
        for group, members in runs.items():
            for seed, run in zip(group.seeds, members, strict=True):
                assert run.cell
                assert run.trace
                assert (run.cell.seed, run.cell.scheme, run.cell.q) == (seed, group.first.scheme, group.first.q)
                assert [step for step, *_ in run.trace.curve] == [0, 2, 4]
        run = runs[session.groups[0]][1]
        assert run.cell
        assert run.trace
        again = train(run.cell)
        assert again.trace
        assert row_of(resolve(run.cell), again).same_numbers(run.row)
        assert run.validation == again.validation
        np.testing.assert_array_equal(run.trace.loss, again.trace.loss)
        assert [grid["commands"] for grid in study.grids()] == [["by hand"]]
        assert session.still_pending().groups == ()
        assert finish(Session(study, [(None, GRID)])) == []


def test_what_was_stopped_goes_on_and_parts_make_the_whole(tmp_path):
    with Study.create(tmp_path / "study") as study:
        events = Session(study, [(None, GRID)]).run()
        next(event for event in events if event.ended is not None)
        events.close()
        done = len(study.known())
        assert done == 1
        rest = [Session(study, [(None, GRID)], Selection(part=(part, 2))) for part in (1, 2)]
        assert sum(session.pending.cells - session.pending.done for session in rest) == 8 - done
        assert sum(len(finish(session)) for session in rest) == 8 - done
        assert len(rest[0].rows()) == 8
        assert len(study.grids()) == 1


def test_a_grid_takes_the_place_of_another_and_of_several_each_has_its_rows(tmp_path):
    with Study.create(tmp_path / "study") as study:
        finish(Session(study, [(None, GRID.replaced(q=1))]))
        grown, other = GRID.replaced(q=1, seed=(0, 1, 2)), GRID.replaced(q=2, scheme="median")
        session = Session(study, [(1, grown), (None, other)])
        assert (session.pending.cells, session.pending.done) == (8, 4)
        assert len(finish(session)) == 4
        assert len(session.rows()) == 8
        assert [grid["specification"]["q"] for grid in study.grids()] == [[1], [2]]
        assert [len(study.rows([number])) for number in (1, 2)] == [6, 2]


def test_runs_of_other_code_are_refused_kept_or_run_again(tmp_path, monkeypatch):
    with Study.create(tmp_path / "study") as study:
        finish(Session(study, [(None, GRID)]))
        for module in ("session", "ledger"):
            monkeypatch.setattr(f"aspis_sim.study.{module}.origin_of", lambda cell: Origin("newer", "data"))
        with pytest.raises(InputError, match=r"8 runs of the study .* come from other code .*`other_version=keep`"):
            Session(study, [(None, GRID)])
        kept = Session(study, [(None, GRID)], Selection(other_version="keep"))
        assert kept.pending.groups == ()
        again = Session(study, [(None, GRID)], Selection(other_version="rerun"))
        assert again.pending.done == 0
        assert len(finish(again)) == 8
        assert len(study.known()) == 16
        assert {run.origin and run.origin.code for run in study.runs()} == {"newer"}


def test_what_cannot_run_is_refused_before_anything_is_asked_for_or_trained():
    with Study.in_memory() as study:
        for wrong, message in (
            ({"q": 3}, "no honest majority"),
            ({"scheme": "detox"}, "redundancy 3 does not divide 5 workers"),
            ({"rule": "krum:f=9"}, "f=9 of n=10 rows"),
        ):
            with pytest.raises(InputError, match=message):
                Session(study, [(None, GRID), (None, GRID.replaced(**wrong))])
        assert (study.grids(), study.known()) == ([], [])
