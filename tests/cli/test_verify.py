"""``verify``: cells that ran come out the same; one that was tampered with is found, and what moved is said."""

import json
import sqlite3
from dataclasses import fields, replace
from functools import partial

import numpy as np
import pytest

from aspis_sim.analysis import verification
from aspis_sim.analysis.verification import Check, Outcome, check, drawn
from aspis_sim.run.row import FIRST
from aspis_sim.study import Study
from tests.cli import program
from tests.cli.program import csv_of, one_line, refused, rows
from tests.rows import ROW
from tests.studies import GRID, make_study
from tests.study.made_up import sealed

invoke = partial(program.invoke, "verify")


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
        sealed(connection)
    connection.close()


def test_an_untouched_study_comes_out_the_same(made):
    result = invoke(f"{made} --format csv")
    found = rows(result.stdout)
    assert list(found[0]) == [field.name for field in fields(Check)]
    assert [(row["scheme"], row["seed"]) for row in found] == [(s, k) for s in ("aspis", "median") for k in "01"]
    assert {(row["outcome"], row["differs"], row["elsewhere"]) for row in found} == {("same", "", "")}
    assert "4 of 4 finished cells ran again (drawn with seed 0): 4 same." in result.stderr


def test_what_a_sweep_keeps_comes_out_the_same():
    words = "--workers 7 --q 2 --scheme aspis+ --attack majority --seeds 0,1 --lr 0.03 --samples-per-file 2"
    words = f"sweep --study kept --steps 12 --model softmax --precision bfloat16 --detection-window 5 {words} --quiet"
    program.invoke(words)
    assert "2 of 2 finished cells ran again (drawn with seed 0): 2 same." in invoke("kept").stdout


def test_a_changed_row_is_found_and_named(study):
    change(study, "UPDATE results SET row = json_set(row, '$.top1', 0.5) WHERE run = 2")
    result = invoke(f"{study}", code=4)
    words = one_line(result.stdout)
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
    found = rows(invoke(f"{study} --format csv", code=4).stdout)
    assert [row["outcome"] for row in found] == ["same", "different", "same", "same"]
    assert "trace loss" in found[1]["differs"]
    assert "curve" in found[1]["differs"]


def test_a_curve_of_an_earlier_version_without_step_0_is_the_same(study):
    change(study, "UPDATE traces SET curve = json_remove(curve, '$[0]') WHERE run < 3")
    with Study.open(study) as store:
        firsts = [store.trace(record.key).curve[0][0] for record in store.runs()]
    assert sorted(map(bool, firsts)) == [False, False, True, True]
    assert "4 same" in one_line(invoke(f"{study}").stdout)
    change(study, "UPDATE traces SET curve = json_set(curve, '$[0][2]', 9.0) WHERE run = 3")
    assert "curve loss" in invoke(f"{study} --format csv", code=4).stdout


def test_a_loss_that_is_off_in_the_last_bits_is_rounding_and_where_it_ran_is_said(study):
    change(study, "UPDATE results SET row = json_set(row, '$.loss', json_extract(row, '$.loss') * (1 + 5e-7))")
    change(study, "UPDATE machines SET versions = json_set(versions, '$.jax', '0.9.0'), host = 'elsewhere'")
    result = invoke(f"{study} --sample 1 --seed 3", code=4)
    words = one_line(result.stdout)
    assert "same up to rounding loss (by up to 5e-07, relatively)" in words
    assert "1 of 4 finished cells ran again (drawn with seed 3): 1 same up to rounding." in words
    assert "1 computed elsewhere: jax 0.9.0 then," in words
    assert "host elsewhere then," in words
    change(study, "UPDATE results SET row = json_set(row, '$.loss', json_extract(row, '$.loss') * (1 + 5e-6))")
    assert "different" in invoke(f"{study} --sample 1 --seed 3", code=4).stdout


def test_the_draw_is_that_of_its_seed_and_leaves_out_what_failed(study):
    change(study, "UPDATE results SET row = json_set(row, '$.status', 'failed: no') WHERE run = 1")
    draws = [drawn(study, 2, seed) for seed in (*range(9), 0)]
    keys = [tuple(cell.key for cell in draw.runs) for draw in draws]
    assert keys[0] == keys[-1]
    assert len(set(keys)) > 1
    assert all((draw.finished, draw.failed, len(draw.runs)) == (3, 1, 2) for draw in draws)
    assert len(drawn(study, 99, 0).runs) == 3


def test_a_cell_that_fails_the_second_time_and_an_interruption(made, monkeypatch):
    runs = iter([RuntimeError("no\nmemory"), KeyboardInterrupt()])

    def stop(*arguments):
        raise next(runs)

    monkeypatch.setattr(verification, "train", stop)
    result = invoke(f"{made} --format csv", code=130)
    (row,) = rows(result.stdout)
    assert (row["outcome"], row["differs"]) == ("failed", "RuntimeError: no memory")
    assert "interrupted: 1 of 4 cells had run" in result.stderr


def test_figures_that_are_not_numbers_are_the_same_as_themselves_and_as_nothing_else(made):
    (stored,) = drawn(made, 1, 0).runs
    assert stored.trace is not None
    assert check(stored).outcome == Outcome.SAME
    nan = stored.trace.loss.copy()
    nan[3] = np.nan
    one = check(replace(stored, trace=stored.trace._replace(loss=nan)))
    assert (one.outcome, one.differs, one.largest) == (Outcome.DIFFERENT, "trace loss", np.inf)
    one = check(replace(stored, trace=stored.trace._replace(lost=stored.trace.lost[:-1])))
    assert (one.differs, one.largest) == ("trace lost", np.inf)
    one = check(replace(stored, row=stored.row.replaced(loss=float("nan"))))
    assert one.outcome == Outcome.DIFFERENT


def test_a_part_that_is_not_known_here_is_named_before_anything_runs(study, monkeypatch):
    change(study, "UPDATE groups SET cell = json_set(cell, '$.rule', 'mine') WHERE cell LIKE '%baseline%'")
    monkeypatch.setattr(verification, "train", lambda *arguments: pytest.fail("a cell was run"))
    message = refused("verify", study)
    assert "unknown rule 'mine'" in message
    assert "a plugin's part is known with --plugin FILE" in message


@pytest.fixture
def exported(made, tmp_path):
    with Study.open(made) as store:
        found = store.rows()
    (tmp_path / "out.csv").write_text(csv_of(found))
    return found


def test_a_csv_can_be_verified_by_its_rows(exported, tmp_path):
    assert "3 of 4 finished cells ran again (drawn with seed 0): 3 same." in invoke("out.csv --sample 3").stdout
    (tmp_path / "out.csv").write_text(csv_of([exported[0].replaced(lr=0.2), *exported[1:]]))
    words = one_line(invoke("out.csv", code=4).stdout)
    assert "1 different" in words
    assert "one of an earlier version lacks settings: those of the scheme, or the defaults, were taken" in words


def test_frame_ups_are_rebuilt_from_their_label(tmp_path):
    grid = GRID.replaced(q=2, scheme="aspis", attack="frame-up", framed=1, seed=0, after_detection="average")
    with Study.open(make_study(tmp_path / "study", grid)) as store:
        text = csv_of(store.rows())
    assert "frame-up:1" in text
    (tmp_path / "out.csv").write_text(text)
    invoke("out.csv")
    (tmp_path / "former.csv").write_text(former(text))
    assert "frame-up:1" in former(text)
    invoke("former.csv")


def former(text):
    """A CSV as an earlier version wrote it, without columns for most settings."""
    return "".join(",".join(line.split(",")[: len(FIRST)]) + "\n" for line in text.splitlines())


def test_a_csv_holds_every_setting_and_one_of_an_earlier_version_has_the_defaults(tmp_path):
    grid = GRID.replaced(scheme="aspis", attack="weak", detector="certified", momentum=0.5, seed=0)
    with Study.open(make_study(tmp_path / "study", grid)) as store:
        text = csv_of(store.rows())
    (tmp_path / "out.csv").write_text(text)
    assert "1 of 1 finished cells ran again (drawn with seed 0): 1 same." in invoke("out.csv").stdout
    (tmp_path / "former.csv").write_text(former(text))
    words = one_line(invoke("former.csv", code=4).stdout)
    assert "1 different" in words
    assert "one of an earlier version lacks settings: those of the scheme, or the defaults, were taken" in words


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scheme": "mine"}, "row 1: unknown scheme 'mine'"),
        ({"samples_per_file": None}, "row 1: the row does not tell what ran: samples_per_file is empty"),
        ({"batch_size": 91}, "row 1: the columns do not tell what ran: batch_size is 91"),
        ({"attack": "frame-up:x"}, "row 1: 'frame-up:x': 'x' is no option; write name:option=value"),
        ({"attack": "strnog"}, "unknown attack 'strnog'; did you mean strong"),
        ({"q": 5}, "q=5 of K=7 workers"),
        ({"dataset": "mine"}, "unknown data set 'mine'"),
    ],
)
def test_a_csv_that_does_not_tell_what_ran_is_refused(tmp_path, changes, message):
    (tmp_path / "out.csv").write_text(csv_of([ROW.replaced(**changes)]))
    assert message in refused("verify out.csv")


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
    (tmp_path / "failed.csv").write_text(csv_of([ROW.replaced(status="failed: no")]))
    assert message in refused("verify", words.replace("made", str(made)), code=code)
