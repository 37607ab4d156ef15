"""A study from the command line: it goes on where it stopped, grows, and keeps versions of the code apart."""

import json
from pathlib import Path

import pytest

from aspis_sim.errors import InputError
from aspis_sim.run.executors import local
from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Run
from aspis_sim.spec.grid import Grid
from aspis_sim.study import Study, fingerprint
from aspis_sim.study.pending import completed
from tests.cli.program import SMALL as SMALL_SWEEP
from tests.cli.program import invoke, refused, rows, without_seconds

SMALL = f"sweep {SMALL_SWEEP} --format csv"
CELLS = 8
"""Of SMALL with two seeds."""


def test_a_study_gives_the_rows_of_a_sweep_and_runs_nothing_twice(trained):
    plain = invoke(f"{SMALL} --seeds 0,1").stdout
    trained.clear()
    first = invoke(f"{SMALL} --seeds 0,1 --study s")
    assert without_seconds(first.stdout) == without_seconds(plain)
    assert f"0 of {CELLS} cells were there already" in first.stderr
    assert len(trained) == len(set(trained)) == CELLS + 4
    trained.clear()
    for words in (f"{SMALL} --seeds 0,1 --study s", "sweep --study s --format csv", "export s --format csv"):
        again = invoke(words)
        assert again.stdout == first.stdout
        assert trained == []
    assert f"{CELLS} of {CELLS} cells were there already" in invoke("sweep --study s").stderr


def test_other_options_add_to_a_study_and_none_mean_all_of_it(trained):
    invoke(f"{SMALL} --seeds 0 --lr 0.1 --study s")
    trained.clear()
    added = invoke(f"{SMALL} --seeds 0 --lr 0.1 --attack weak --study s").stdout
    assert {cell.attack for cell in trained} == {"weak"}
    assert {row["attack"] for row in rows(added)} == {"weak"}
    whole = invoke("sweep --study s --format csv").stdout
    assert [row["attack"] for row in rows(whole)] == ["strong"] * 4 + ["weak"] * 4
    with Study.open(Path("s")) as store:
        first, second = store.grids()
    assert first["commands"][0] == (
        "aspis-sim sweep --scheme aspis,median --workers 7 --q 1,3 --lr 0.1 --seeds 0 --model softmax "
        "--samples-per-file 2 --steps 6 --study s --format csv"
    )
    assert second["specification"]["attack"] == ["weak"]


def test_added_seeds_take_the_rate_of_the_first_and_make_the_study_that_has_them_all(trained):
    invoke(f"{SMALL} --seeds 0,1 --study s")
    with Study.open(Path("s")) as store:
        rates = {(row.scheme, row.q): row.lr for row in store.rows()}
    trained.clear()
    grown = invoke("sweep --study s --add-seeds 2 --format csv").stdout
    assert {cell.seed for cell in trained} == {2, 3}
    assert len(trained) == 8
    assert all(cell.lr == rates[cell.scheme, cell.q] for cell in trained)
    assert without_seconds(grown) == without_seconds(invoke(f"{SMALL} --seeds 0..3").stdout)
    assert invoke("sweep --study s --format csv").stdout == grown


def test_what_failed_runs_again_only_when_asked(monkeypatch, trained):
    works = local.train

    def break_one(cell, *arguments):
        if (cell.scheme, cell.q) == ("median", 3):
            raise RuntimeError("the machine is on fire")
        return works(cell, *arguments)

    monkeypatch.setattr(local, "train", break_one)
    invoke(f"{SMALL} --seeds 0,1 --lr 0.1 --study s", code=4)
    monkeypatch.setattr(local, "train", works)
    trained.clear()
    assert "2 cells failed: RuntimeError: the machine is on fire" in invoke("sweep --study s", code=4).stderr
    assert trained == []
    mended = invoke("sweep --study s --only-failed --format csv")
    assert sorted((cell.scheme, cell.q, cell.seed) for cell in trained) == [("median", 3, 0), ("median", 3, 1)]
    assert "0 of 2 cells were there already" in mended.stderr
    assert without_seconds(mended.stdout) == without_seconds(invoke(f"{SMALL} --seeds 0,1 --lr 0.1").stdout)
    trained.clear()
    invoke("sweep --study s --only-failed")
    assert trained == []


def test_runs_of_another_version_are_never_mixed_in_unasked(monkeypatch, trained):
    words = f"{SMALL} --seeds 0,1 --lr 0.1 --study s"
    first = invoke(words).stdout
    monkeypatch.setattr(fingerprint, "code_version", lambda: "another")
    trained.clear()
    assert f"{CELLS} runs of the study s come from other code or other data" in refused(words)
    assert invoke(f"{words} --other-version keep").stdout == first
    assert trained == []
    again = invoke(f"{words} --other-version rerun").stdout
    assert len(trained) == CELLS
    assert without_seconds(again) == without_seconds(first)
    with Study.open(Path("s")) as store:
        assert {record.origin and record.origin.code for record in store.runs()} == {"another"}
        assert len(store.known()) == 2 * CELLS
    trained.clear()
    assert invoke(words).stdout == again
    assert trained == []


def test_an_export_says_when_rows_come_from_two_versions(monkeypatch):
    invoke(f"{SMALL} --q 1 --seeds 0 --lr 0.1 --study s")
    monkeypatch.setattr(fingerprint, "code_version", lambda: "another")
    invoke(f"{SMALL} --q 1 --seeds 0,1 --lr 0.1 --study s --other-version keep")
    assert "come from 2 versions of the code or the data" in invoke("export s --format csv").stderr


def test_curves_are_kept_at_a_tenth_of_the_steps_or_as_asked():
    invoke(f"{SMALL} --q 1 --scheme median --seeds 0 --lr 0.1 --steps 20 --study s")
    invoke(f"{SMALL} --q 1 --scheme median --seeds 0 --lr 0.1 --steps 21 --every 8 --study s")
    with Study.open(Path("s")) as store:
        curves = [store.trace(record.key).curve for record in store.runs()]
        last = [record.row for record in store.runs()]
        specification = store.grids()[0]["specification"]
    assert [[step for step, _, _ in curve] for curve in curves] == [list(range(0, 21, 2)), [0, 8, 16, 21]]
    assert [curve[-1][1:] for curve in curves] == [(row.top1, row.loss) for row in last]
    assert curves[0][0] == curves[1][0] != curves[0][1], "both begin with the initial weights"
    job = resolve(Grid.stored(specification).groups()[0].first)
    assert curves[0][0][1:] == Run.start(job.shape, job.feed(), 0).score("test")


def test_a_sweep_begins_with_its_cheapest_group_and_goes_on_with_the_dearest(trained, monkeypatch):
    """Something to see early, and nobody waits for a long run at the end; one thread, so that one begins at a time."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    invoke(f"{SMALL} --scheme aspis,byzshield,median --workers 15 --q 1 --seeds 0 --lr 0.1")
    assert [cell.scheme for cell in trained] == ["median", "aspis", "byzshield"]


def test_a_dry_run_makes_no_study_and_says_what_is_left_of_one(tmp_path):
    invoke(f"{SMALL} --seeds 0 --study s --dry-run --format json")
    assert not (tmp_path / "s").exists()
    invoke(f"{SMALL} --scheme median --seeds 0 --lr 0.1 --study s")
    before = (tmp_path / "s/study.db").read_bytes()
    said = json.loads(invoke(f"{SMALL} --seeds 0 --lr 0.1 --study s --dry-run --format json").stdout)
    assert [one["schemes"] for one in said["programs"]] == ["aspis"]
    assert "nothing is left to run" in invoke("sweep --study s --dry-run").stderr
    assert (tmp_path / "s/study.db").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--only-failed", "--only-failed is about a study: name its folder with --study"),
        ("--shard 1/2", "--shard is about a study"),
        ("--study s --shard 3/2", "--shard 3/2: write the part and the number of parts, as in 3/16"),
        ("--study s --shard 0/2", "--shard 0/2"),
        ("--study s --shard 1", "--shard 1:"),
        ("--study s --add-seeds 0", "--add-seeds 0: 1 or more"),
        ("--study s --add-seeds 2", "--add-seeds adds to what the study has, and it has none"),
        ("--study s --other-version kep", "unknown --other-version 'kep'; did you mean keep?"),
        ("--study s --every 0", "--every 0"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_made(tmp_path, words, message):
    assert message in refused("sweep", words)
    assert not (tmp_path / "s").exists() or not Study.open(tmp_path / "s").known()


def test_seeds_are_not_added_to_another_grid():
    invoke(f"{SMALL} --q 1 --scheme median --seeds 0 --lr 0.1 --study s")
    said = refused("sweep --study s --q 3 --add-seeds 2")
    assert "and --q asks for another; leave one of them out" in said


def test_what_is_not_given_is_as_in_the_study_where_its_grids_agree():
    first = Grid.of(q="1,2", scheme="median", steps=300, lr=0.1)
    assert completed(Grid.of(steps=30), [first]) == Grid.of(q="1,2", scheme="median", steps=30, lr=0.1)
    assert completed(Grid.of(epochs=2), [first]) == Grid.of(q="1,2", scheme="median", epochs=2, lr=0.1)
    assert completed(first, [first, Grid.of(q=3)]) == first
    assert completed(Grid.of(steps=30), []) == Grid.of(steps=30)
    with pytest.raises(InputError, match=r"the study has 2 grids, which differ in `q` .1,2 or 3.; add `q`"):
        completed(Grid.of(steps=30), [first, first.replaced(q=3)])


def test_a_sweep_over_a_study_says_what_it_takes_from_it(trained):
    invoke(f"{SMALL} --q 1 --scheme median --seeds 0 --lr 0.1 --study s")
    trained.clear()
    said = invoke("sweep --study s --steps 7 --dry-run --format csv").stderr
    assert "as in the study: --scheme median, --workers 7, --q 1, --lr 0.1, --seeds 0" in said
    assert "--steps" not in said
