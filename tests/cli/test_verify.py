"""``verify``: cells that ran come out the same; one that was tampered with is found, and what moved is said."""

import csv
import io
import json
import sqlite3
from dataclasses import fields, replace

import numpy as np
import pytest
from aspis_sim_cli.app import app
from typer.testing import CliRunner

from aspis_sim.analysis import verification
from aspis_sim.analysis.verification import Check, Outcome, check, drawn
from aspis_sim.records import as_csv
from aspis_sim.study import Study
from tests.rows import ROW
from tests.studies import GRID, make_study


def invoke(words, code=0):
    result = CliRunner().invoke(app, ["verify", *words.split()])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("made") / "study", every=3)


@pytest.fixture
def study(made, tmp_path):
    """A copy, to be changed at will."""
    (tmp_path / "study").mkdir()
    with sqlite3.connect(made / "study.db") as source, sqlite3.connect(tmp_path / "study" / "study.db") as copy:
        source.backup(copy)
    return tmp_path / "study"


def change(study, query, *values):
    connection = sqlite3.connect(study / "study.db")
    with connection:
        assert connection.execute(query, values).rowcount > 0
    connection.close()


def test_an_untouched_study_comes_out_the_same(made):
    result = invoke(f"{made} --format csv")
    found = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(found[0]) == [field.name for field in fields(Check)]
    assert [(row["scheme"], row["seed"]) for row in found] == [(s, k) for s in ("aspis", "median") for k in "01"]
    assert {(row["outcome"], row["differs"], row["elsewhere"]) for row in found} == {("same", "", "")}
    assert "4 of 4 finished cells ran again (drawn with seed 0): 4 same." in result.stderr


def test_what_a_sweep_keeps_comes_out_the_same():
    words = "--workers 7 --q 2 --scheme aspis+ --attack majority --seeds 0,1 --lr 0.03 --samples-per-file 2"
    words = f"sweep --study kept --steps 12 --model softmax --precision bfloat16 --detection-window 5 {words} --quiet"
    result = CliRunner().invoke(app, words.split())
    assert result.exit_code == 0, result.output
    result = invoke("kept")
    assert "2 of 2 finished cells ran again (drawn with seed 0): 2 same." in result.stdout


def test_a_changed_row_is_found_and_named(study):
    change(study, "UPDATE results SET row = json_set(row, '$.top1', 0.5) WHERE run = 2")
    result = invoke(f"{study}", code=4)
    words = " ".join(result.stdout.split())
    assert "aspis 1 1 different top1 (by up to" in words
    assert "3 same, 1 different." in words
    found = json.loads(invoke(f"{study} --format json", code=4).stdout)
    assert [one["outcome"] for one in found] == ["same", "different", "same", "same"]
    assert found[1]["largest"] > 0.01


def test_a_changed_trace_is_found_too(study):
    with Study.open(study) as store:
        keys = [record.key for record in store.runs()]
    # the trace of one cell under another
    change(
        study,
        "UPDATE traces SET (arrays, packed, curve) = (SELECT arrays, packed, curve FROM traces JOIN runs ON run = id "
        "WHERE key = ?) WHERE run = (SELECT id FROM runs WHERE key = ?)",
        keys[0],
        keys[1],
    )
    found = list(csv.DictReader(io.StringIO(invoke(f"{study} --format csv", code=4).stdout)))
    assert [row["outcome"] for row in found] == ["same", "different", "same", "same"]
    assert "trace loss" in found[1]["differs"]
    assert "curve" in found[1]["differs"]


def test_a_loss_that_is_off_in_the_last_bits_is_rounding_and_where_it_ran_is_said(study):
    change(study, "UPDATE results SET row = json_set(row, '$.loss', json_extract(row, '$.loss') * (1 + 5e-7))")
    change(study, "UPDATE machines SET versions = json_set(versions, '$.jax', '0.9.0'), host = 'elsewhere'")
    result = invoke(f"{study} --sample 1 --seed 3", code=4)
    words = " ".join(result.stdout.split())
    assert "same up to rounding loss (by up to 5e-07, relatively)" in words
    assert "1 of 4 finished cells ran again (drawn with seed 3): 1 same up to rounding." in words
    assert "1 computed elsewhere: jax 0.9.0 then," in words
    assert "host elsewhere then," in words
    change(study, "UPDATE results SET row = json_set(row, '$.loss', json_extract(row, '$.loss') * (1 + 5e-6))")
    assert "different" in invoke(f"{study} --sample 1 --seed 3", code=4).stdout


def test_the_draw_is_that_of_its_seed_and_leaves_out_what_failed(study):
    change(study, "UPDATE results SET row = json_set(row, '$.status', 'failed: no') WHERE run = 1")
    draws = [drawn(study, 2, seed) for seed in (*range(9), 0)]
    keys = [tuple(cell.key for cell in draw.cells) for draw in draws]
    assert keys[0] == keys[-1]
    assert len(set(keys)) > 1
    assert all((draw.finished, draw.failed, len(draw.cells)) == (3, 1, 2) for draw in draws)
    assert len(drawn(study, 99, 0).cells) == 3


def test_a_cell_that_fails_the_second_time_and_an_interruption(made, monkeypatch):
    runs = iter([RuntimeError("no\nmemory"), KeyboardInterrupt()])

    def stop(*arguments):
        raise next(runs)

    monkeypatch.setattr(verification, "train", stop)
    result = invoke(f"{made} --format csv", code=130)
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert (row["outcome"], row["differs"]) == ("failed", "RuntimeError: no memory")
    assert "interrupted: 1 of 4 cells had run" in result.stderr


def test_figures_that_are_not_numbers_are_the_same_as_themselves_and_as_nothing_else(made):
    (stored,) = drawn(made, 1, 0).cells
    assert check(stored).outcome == Outcome.SAME
    nan = stored.trace["loss"].copy()
    nan[3] = np.nan
    one = check(replace(stored, trace={**stored.trace, "loss": nan}))
    assert (one.outcome, one.differs, one.largest) == (Outcome.DIFFERENT, "trace loss", np.inf)
    one = check(replace(stored, trace={**stored.trace, "lost": stored.trace["lost"][:-1]}))
    assert (one.differs, one.largest) == ("trace lost", np.inf)
    one = check(replace(stored, row=replace(stored.row, loss=float("nan"))))
    assert one.outcome == Outcome.DIFFERENT


def test_a_part_that_is_not_known_here_is_named_before_anything_runs(study, monkeypatch):
    change(study, "UPDATE groups SET cell = json_set(cell, '$.rule', 'mine') WHERE cell LIKE '%baseline%'")
    monkeypatch.setattr(verification, "train", lambda *arguments: pytest.fail("a cell was run"))
    message = invoke(f"{study}", code=2).stderr
    assert "unknown rule 'mine'" in message
    assert "a plugin's part is known with --plugin FILE" in message


@pytest.fixture
def exported(made, tmp_path):
    with Study.open(made) as store:
        rows = store.rows()
    (tmp_path / "out.csv").write_text(as_csv(rows))
    return rows


def test_a_csv_can_be_verified_by_its_rows(exported, tmp_path):
    assert "3 of 4 finished cells ran again (drawn with seed 0): 3 same." in invoke("out.csv --sample 3").stdout
    rows = [replace(exported[0], lr=0.2), *exported[1:]]
    (tmp_path / "out.csv").write_text(as_csv(rows))
    words = " ".join(invoke("out.csv", code=4).stdout.split())
    assert "1 different" in words
    assert "A CSV does not hold detector, " in words
    assert "momentum" in words


def test_frame_ups_are_rebuilt_from_their_label(tmp_path):
    grid = replace(GRID, q=(2,), schemes=("aspis",), attacks=("frame-up",), framed=(1,), seeds=(0,))
    with Study.open(make_study(tmp_path / "study", grid)) as store:
        (tmp_path / "out.csv").write_text(as_csv(store.rows()))
    assert "frame-up:1" in (tmp_path / "out.csv").read_text()
    invoke("out.csv")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scheme": "mine"}, "row 1: unknown scheme 'mine'"),
        ({"samples_per_file": None}, "row 1: the columns do not tell what ran: samples_per_file is empty"),
        ({"batch_size": 91}, "row 1: the columns do not tell what ran: batch_size is 91"),
        ({"attack": "frame-up:x"}, "row 1: attack frame-up:x: 'x' is no number of framed workers"),
        ({"attack": "strnog"}, "unknown attack 'strnog'; did you mean strong"),
        ({"q": 5}, "q=5 of K=7 workers"),
        ({"dataset": "mine"}, "unknown data set 'mine'"),
    ],
)
def test_a_csv_that_does_not_tell_what_ran_is_refused(tmp_path, changes, message):
    (tmp_path / "out.csv").write_text(as_csv([replace(ROW, **changes)]))
    result = invoke("out.csv", code=2)
    assert message in result.stderr
    assert len(result.stderr.splitlines()) <= 2


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("made --sample 0", 2, "--sample 0: 1 or more"),
        ("made --seed=-1", 2, "--seed -1 is negative"),
        ("nothing", 3, "there is no such file; give a study's folder or a sweep's CSV"),
        (".", 3, "is no study"),
        ("failed.csv", 3, "failed.csv holds no finished cell"),
    ],
)
def test_bad_input_ends_with_2_and_what_is_missing_with_3(made, tmp_path, words, code, message):
    (tmp_path / "failed.csv").write_text(as_csv([replace(ROW, status="failed: no")]))
    assert message in invoke(words.replace("made", str(made)), code).stderr
