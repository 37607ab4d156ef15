"""Watching a sweep: what is counted, the lines of the log, the JSON of every cell."""

import json
from dataclasses import replace

import pytest
from aspis_sim_cli import progress
from aspis_sim_cli.render.so_far import SoFar
from aspis_sim_cli.render.tally import Tally, duration

from aspis_sim.run.rate import Validation
from aspis_sim.run.sweep import Event
from aspis_sim.run.train import Result
from aspis_sim.spec.grid import Grid
from tests.cli.program import invoke, printed, refused
from tests.report.studies import row_of

SWEEP = "sweep --q 1..2 --scheme detox --model softmax --steps 5 --seeds 0..2 --lr 0.1 --format csv"


def test_every_cell_leaves_a_line_of_json_that_agrees_with_its_row(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text("kept\n")
    result = invoke(f"{SWEEP} --json-log {log}")
    before, *lines = log.read_text().splitlines()
    told = [json.loads(line) for line in lines]
    assert before == "kept"
    assert [one["done"] for one in told] == [1, 2, 3, 4, 5, 6]
    assert {one["cells"] for one in told} == {6}
    assert told[-1]["left"] == 0
    header, *rows = (row.split(",") for row in result.stdout.splitlines())
    printed = {(row[header.index("q")], row[header.index("seed")], row[header.index("top1")]) for row in rows}
    assert printed == {(str(one["q"]), str(one["seed"]), str(one["top1"])) for one in told}


def test_without_a_terminal_there_are_lines_now_and_then_unless_quiet(monkeypatch):
    monkeypatch.setattr(progress, "LOG_EVERY", 0.0)
    said = invoke(SWEEP).stderr
    assert "6/6 cells" in said
    assert "best detox q=" in said
    assert "\x1b" not in said
    assert invoke(f"{SWEEP} --quiet").stderr == ""
    monkeypatch.setattr(progress, "LOG_EVERY", 1000.0)
    assert "cells" not in invoke(SWEEP).stderr


def test_a_log_that_cannot_be_written_is_refused(tmp_path):
    assert f"cannot write {tmp_path}/none/log.jsonl" in refused(f"{SWEEP} --json-log {tmp_path}/none/log.jsonl")


@pytest.mark.parametrize(
    ("seconds", "said"), [(3.4, "3 s"), (99, "99 s"), (150, "2 min"), (3600 * 5 + 60, "5 h 1 min")]
)
def test_durations_are_said_as_people_do(seconds, said):
    assert duration(seconds) == said


def test_the_time_left_is_said_once_every_program_has_been_timed(monkeypatch):
    monkeypatch.setattr(Tally, "seconds", 30.0)
    grid = Grid.of(workers=5, q=1, scheme="median,average", model="softmax", lr="0.1,0.3", seed="0,1", steps=10)
    groups = grid.groups()
    tally = Tally(groups, steps=60, cells=4)
    assert (tally.doing, tally.left) == ("compiling 1 of 2 programs", "")
    for place, group in enumerate(groups):
        for rate in group.rates:
            assert tally.left == "" or place
            result = Result(replace(group.first, lr=rate), Validation(top1=0.5), seconds=1.0 + place)
            tally.add(Event(steps=10, group=group, ended=result))
            assert tally.searches == 4
            if not place:
                assert tally.doing == f"searching rates: {tally.searched} of 4 runs"
    assert tally.doing == ""
    assert tally.seconds_left == pytest.approx(30 * (1 + 2) / 6)
    assert tally.left == "15 s left"
    assert tally.left in tally.line


def test_what_is_known_so_far_is_a_table_that_fills():
    grid = Grid.of(workers=7, q="1,2", scheme="aspis,median", attack="strong,weak", seed="0,1", steps=3)
    so_far = SoFar(grid.groups())
    assert so_far.table(80) is None
    for attack, seed, top1 in (("strong", 0, 0.5), ("strong", 1, 0.7), ("weak", 0, 0.55), ("weak", 1, None)):
        so_far.add(row_of(scheme="median", q=2, attack=attack, seed=seed, top1=top1))
    shown = [line.split() for line in printed(so_far.table(80), 80).splitlines() if line.strip()]
    assert shown[0] == ["top-1", "%", "so", "far"]
    assert shown[1] == ["q", "aspis", "median"]
    assert shown[3:] == [["1", "·", "·"], ["2", "·", "55.0"]]
    assert so_far.table(15) is None
    assert SoFar(Grid.of(workers=31, q="1..14", scheme="median").groups()).table(80) is None
