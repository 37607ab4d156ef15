"""What is left of a study: known runs, more seeds, shards, failed runs, other code and data."""

from collections import Counter
from itertools import chain

import pytest

from aspis_sim.errors import DataError, InputError
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.grid import Grid
from aspis_sim.study import Origin, Study
from aspis_sim.study.fingerprint import canonical
from aspis_sim.study.ledger import StudyLedger
from aspis_sim.study.pending import pending, shard, with_more_seeds
from tests.study.made_up import GRID, MACHINE, ORIGIN, cells, finished, sealed, study


def ledger(store, origin=ORIGIN, **options):
    return StudyLedger(store, origin=lambda cell: origin, **options)


def test_a_grid_comes_back_from_its_specification(tmp_path):
    grid = GRID.replaced(strength=(None, 0.1 + 0.2), framed=(None, 1, "auto"), permute=False)
    with Study.create(tmp_path / "study") as store:
        store.asked.add(grid, GRID.groups())
        (kept,) = store.grids()
    assert Grid.stored(kept["specification"]) == grid
    with pytest.raises(DataError, match="has colour, which this aspis-sim does not know"):
        Grid.stored({**kept["specification"], "colour": "red"})


def test_a_grid_that_an_earlier_version_stored_asks_for_the_same(tmp_path):
    unasked = {"batch_size": None, "detector": None, "permute": None, "epochs": None, "strengths": [None]}
    usual = {"attacks": ["strong"], "momentum": 0.9, "workers": 15, "initial": "model", "framed": [None]}
    earlier = {"schemes": ["median", "detox"], "q": [1, 2], "seeds": [0, 1], "rates": [0.1, 0.2], "steps": 6}
    earlier |= {"model": "softmax", "payloads": ["alie"], "redundancies": [3], **unasked, **usual}
    assert Grid.stored(earlier).identity == GRID.identity
    assert Grid.stored(earlier).groups() == GRID.groups()
    with Study.open(study(tmp_path / "study"), write=True) as store:
        store.connection.execute("UPDATE grids SET digest = 'of old', specification = ?", (canonical(earlier),))
        sealed(store.connection)
        rows = store.rows()
        assert len(rows) == 8
        assert store.asked.add(GRID, GRID.groups(), "again") == 1
        (kept,) = store.grids()
        assert kept["commands"] == ["aspis-sim sweep", "again"]
        assert store.rows() == rows
        other = GRID.replaced(momentum=0.5)
        assert store.asked.add(other, other.groups()) == 2


def test_what_is_left_are_the_searches_and_seeds_that_are_not_there(tmp_path):
    runs, groups = cells(), GRID.groups()
    steps = groups[0].first.steps
    missing_rate, missing_seed = 2, len(runs) - 1
    assert (runs[missing_rate].lr, runs[missing_rate].seed) == (0.2, 0)
    assert (runs[missing_seed].lr, runs[missing_seed].seed) == (0.2, 1)
    with Study.open(study(tmp_path / "study", leave_out={missing_rate, missing_seed}), write=True) as store:
        found = pending(groups, ledger(store))
        assert (found.cells, found.done) == (8, 5)
        assert found.groups == (groups[0], groups[-1])
        # the search's missing rate and the seed after it; the other group's seed
        assert found.steps == 3 * steps
        store.commit(*finished(runs[missing_rate], top1=0.2), ORIGIN, MACHINE)
        found = pending(groups, ledger(store))
        assert (found.done, found.groups, found.steps) == (7, groups[-1:], steps)
        store.commit(*finished(runs[missing_seed]), ORIGIN, MACHINE)
        assert pending(groups, ledger(store)).groups == ()


def test_more_seeds_follow_the_largest(tmp_path):
    assert with_more_seeds(GRID.replaced(seed=(7, 2)), 3)["seed"] == (7, 2, 8, 9, 10)
    with pytest.raises(InputError, match="`add_seeds` 0: 1 or more can be added"):
        with_more_seeds(GRID, 0)
    with Study.open(study(tmp_path / "study"), write=True) as store:
        more = with_more_seeds(GRID, 5)
        found = pending(more.groups(), ledger(store))
        assert (found.cells, found.done, found.steps) == (28, 8, 20 * found.groups[0].first.steps)


@pytest.mark.parametrize("of", [1, 2, 3, 5, 16])
def test_shards_are_a_partition_of_the_groups_with_about_the_same_work(of):
    groups = Grid.of(q=(1, 2, 3, 4), attack=("strong", "weak"), steps=5, model="softmax").groups()
    parts = [shard(groups, part, of) for part in range(1, of + 1)]
    assert Counter(chain(*parts)) == Counter(groups)
    assert all([group for group in groups if group in part] == list(part) for part in parts)
    costs = [sum(resolve(group.first).samples_processed for group in part) for part in parts]
    assert max(costs) - min(costs) <= max(resolve(group.first).samples_processed for group in groups)
    with pytest.raises(InputError, match=f"`shard` {of + 1}/{of}: parts are numbered 1/{of} to {of}/{of}"):
        shard(groups, of + 1, of)


def test_runs_of_other_code_or_data_are_counted_and_known_only_if_they_are_to_be_kept(tmp_path):
    groups = GRID.groups()
    with Study.open(study(tmp_path / "study"), write=True) as store:
        for origin in (Origin("newer", "data"), Origin("code", "other data")):
            found = pending(groups, ledger(store, origin))
            assert (found.done, found.others) == (0, len(cells()))
            kept = pending(groups, ledger(store, origin, any_origin=True))
            assert (kept.done, kept.groups) == (8, ())
        same = pending(groups, ledger(store))
        assert (same.done, same.others) == (8, 0)


def test_failed_runs_are_there_unless_they_are_to_run_again(tmp_path):
    groups, runs = GRID.groups(), cells()
    with Study.open(study(tmp_path / "study", leave_out={2, 7}), write=True) as store:
        for number in (2, 7):
            store.commit(*finished(runs[number], failed=True), ORIGIN, MACHINE)
        assert pending(groups, ledger(store)).groups == ()
        again = ledger(store, again=True)
        assert [again.failed_in(group) for group in groups] == [True, True, False, False]
        assert pending(groups, again).groups == groups[:2]
        group, run = groups[0], runs[2]
        assert again.claim(group, run.lr, run.seed)
        store.commit(*finished(run, top1=0.9), ORIGIN, MACHINE)
        late = ledger(store, again=True)
        assert late.known(group, run.lr, run.seed) is not None
        assert not again.claim(group, run.lr, run.seed)


def test_two_ledgers_never_run_the_same_and_learn_what_the_other_has_ended(tmp_path):
    groups = GRID.groups()
    folder = study(tmp_path / "study", leave_out=set(range(len(cells()))))
    with Study.open(folder, write=True) as first, Study.open(folder, write=True) as second:
        mine, other = ledger(first), ledger(second)
        run = cells()[0]
        assert mine.claim(groups[0], run.lr, run.seed)
        assert not other.claim(groups[0], run.lr, run.seed)
        assert not mine.claim(groups[0], run.lr, run.seed)
        first.commit(*finished(run), ORIGIN, MACHINE)
        assert other.known(groups[0], run.lr, run.seed) is None
        assert not other.claim(groups[0], run.lr, run.seed)
        assert other.known(groups[0], run.lr, run.seed) is not None
        second_run = cells()[1]
        assert mine.claim(groups[0], second_run.lr, second_run.seed)
        mine.release()
        assert other.claim(groups[0], second_run.lr, second_run.seed)
        assert [event for _, event, _ in first.log()] == ["begun", "committed", "begun", "begun"]
