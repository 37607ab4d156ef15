"""How long cells train and with what settings: epochs, and what is refused before any work."""

from math import ceil

import jax
import pytest

from aspis_sim.analysis.tables import tables_of
from aspis_sim.data import load
from aspis_sim.errors import InputError
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import row_of
from aspis_sim.run.trying import prepared
from aspis_sim.spec.grid import Grid


def cells(**settings):
    given = {"q": 1, "workers": 7, "scheme": ("aspis", "detox", "median"), **settings}
    given["scheme"] = tuple(name for name in given["scheme"] if name != "detox" or given["workers"] % 3 == 0)
    return {group.first.scheme: group.first for group in prepared(Grid.of(**given))}


def test_epochs_are_so_many_samples_of_every_scheme():
    samples = len(load("digits").labels["train"])
    found = cells(workers=9, epochs=2.5, samples_per_file=4)
    files = {"aspis": 84, "detox": 3, "median": 9}
    assert {name: cell.steps for name, cell in found.items()} == {
        name: ceil(2.5 * samples / (4 * count)) for name, count in files.items()
    }
    assert resolve(found["aspis"]).shape.settings.steps == found["aspis"].steps


def test_a_whole_number_of_steps_is_not_rounded_up():
    batch = 7 * 3
    samples = len(load("digits").labels["train"])
    epochs = 0.1 * batch
    assert cells(scheme=("median",), epochs=epochs, samples_per_file=3)["median"].steps == ceil(samples / 10)
    assert cells(scheme=("median",), epochs=1, dataset="synthetic:samples=420", samples_per_file=2)[
        "median"
    ].steps == ceil(len(load("synthetic", samples=420).labels["train"]) / 14)


def test_a_step_of_all_samples_is_an_epoch():
    found = cells(scheme=("median",), dataset="linear-regression:samples=100:dimension=3", model="linear", epochs=7)
    assert found["median"].steps == 7


def test_an_epoch_counts_samples_that_are_drawn_and_no_local_steps():
    found, usual = (cells(scheme=("median",), epochs=2, local_steps=steps)["median"] for steps in (5, 1))
    assert found.steps == usual.steps


def test_steps_are_those_given_or_the_usual_ones():
    assert cells(steps=12)["aspis"].steps == 12
    assert cells()["aspis"].steps == 300


def test_tables_say_how_long_was_trained():
    def said(found):
        (table,) = tables_of([row_of(resolve(cell)) for cell in found.values()]).tables
        return table.title.split(", ")

    assert "12 steps" in said(cells(steps=12))
    found = cells(epochs=16)
    steps = [cell.steps for cell in found.values()]
    assert f"{min(steps)} to {max(steps)} steps" in said(found)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 3, "epochs": 2}, "3 steps and 2 epochs: a run takes one or the other"),
        ({"epochs": 0}, "0 epochs; a run takes a positive number of them"),
        ({"epochs": float("inf")}, "`epochs` inf: not a finite number"),
        ({"steps": 0}, "0 steps; a run takes at least 1"),
        ({"schedule": "cosin"}, "unknown schedule 'cosin'; did you mean cosine"),
        ({"schedule": "step:factor=3"}, "factor=3; it is a number above 0"),
        ({"schedule": "cosine:warmup=300"}, "a warm-up of 300 steps leaves none of 300"),
        ({"augment": "cifra"}, "unknown augmentation 'cifra'; did you mean cifar"),
        ({"augment": "cifar", "dataset": "synthetic:dimension=20"}, r"a sample here is \[20\]; take `augment=none`"),
        ({"clip_workers": 0.0}, "`clip_workers` 0.0; a norm to clip to is a positive number"),
        ({"clip_server": float("inf")}, "`clip_server` inf: not a finite number"),
        ({"clip_server": "inf"}, "`clip_server` inf: inf is not a finite number"),
        ({"clip_server": -1}, "`clip_server` -1.0; a norm to clip to is a positive number"),
        ({"worker_momentum": 1.0}, r"worker momentum 1.0; it must be in 0..1 \(1 excluded\)"),
        ({"worker_momentum": 0.5, "payload": "label_flip"}, "label_flip has no momentum at the workers"),
        ({"worker_momentum": (0, 0.5), "payload": "label_flip"}, "label_flip has no momentum at the workers"),
        ({"local_steps": 0}, "`local_steps` 0; a file takes at least 1, which is its gradient"),
        ({"local_steps": 1.5}, "`local_steps` 1.5: not a whole number"),
        (
            {"local_steps": (1, 2), "model": "resnet8:norm=batch", "dataset": "synthetic:height=8:width=8:channels=3"},
            "`local_steps=2` with model resnet8:norm=batch, .* take a model without batch norms",
        ),
    ],
)
def test_settings_that_cannot_be(settings, message):
    with pytest.raises(InputError, match=message):
        cells(**settings)


def test_parts_are_tried_once_for_all_strengths(monkeypatch):
    few, many = (Grid.of(q=(1, 2), scheme="median", strength=tuple(range(1, 1 + count))) for count in (2, 9))
    prepared(few)  # the shape of a key is found once a process
    tried: list[object] = []
    stood: set[object] = set()
    trace = jax.eval_shape

    def noted(*given):
        tried.append(given)
        return trace(*given)

    monkeypatch.setattr(jax, "eval_shape", noted)
    monkeypatch.setattr("aspis_sim.run.trying._stood", stood)
    prepared(few)
    before = len(tried)
    assert before
    stood.clear()
    prepared(many)
    assert len(tried) == 2 * before
    prepared(few)
    assert len(tried) == 2 * before


def test_cells_that_differ_in_the_rate_share_a_program():
    one, other = (
        resolve(cells(scheme=("median",), lr=rate, schedule="step:every=5")["median"]).shape for rate in (0.1, 0.2)
    )
    assert one == other
    assert one != resolve(cells(scheme=("median",), schedule="step:every=6")["median"]).shape
