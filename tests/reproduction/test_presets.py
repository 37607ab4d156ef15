"""Presets: all of them load, every published curve has its run with the paper's settings, and typos are named."""

import csv
from collections import Counter
from itertools import product
from typing import get_args

import pytest

from aspis_sim.data import _load, search
from aspis_sim.errors import DataError, InputError
from aspis_sim.gradients.network import network
from aspis_sim.reproduction import preset, published
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.checks import check
from tests.data import archives

CIFAR10 = ("batch", "files", "larger", "moving")
FIGURES = ("7a", "7b", "7c", "8a", "8b", "8c", "9", "10", "11", "12a", "12b", "12c", "13", "14")

# Label -> (workers, redundancy, attack, payload, samples a file, x, y) as published or stated in the preset.
PAPER = {
    "fig-7a": {
        "Aspis, q = 2": (15, 3, "strong", "alie", 32, 0.1, 0.95),
        "Median, q = 4": (15, 1, "strong", "alie", 32, 0.01, 0.7),
        "DETOX-MoM, q = 4": (15, 3, "strong", "alie", 96, 0.01, 0.7),
    },
    "fig-8a": {
        "Aspis, q = 4": (15, 3, "strong", "reversed", 3, 0.1, 0.95),
        "Median, q = 2": (15, 1, "strong", "reversed", 32, 0.1, 0.7),
        "DETOX-MoM, q = 2": (15, 3, "strong", "reversed", 96, 0.01, 0.7),
    },
    "fig-9": {"Aspis, q = 2": (15, 3, "strong", "inner_product", 3, 0.1, 0.95)},
    "fig-11": {"Aspis, q = 6": (15, 3, "weak", "alie", 32, 0.1, 0.95)},
    "fig-12b": {"Aspis, q = 2": (21, 3, "strong", "alie", 3, 0.1, 0.95)},
    "fig-13": {"Aspis+, q = 4": (15, 3, "majority", "alie", 22, 0.1, 0.95)},
    "fig-14": {"DETOX-signSGD, q = 9": (25, 5, "majority", "constant", 160, 0.0001, 0.95)},
}
STRENGTHS = {"alie": 1.0, "reversed": 100.0, "inner_product": 100.0, "constant": 100.0}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """An archive in the official layout with 1,350 images to train on, as many as the most files need."""
    folder = tmp_path_factory.mktemp("cifar")
    archives.cifar(folder / "cifar10", "cifar-10-binary.tar.gz", archives.cifar10_members(False, 300))
    return folder


@pytest.fixture
def own_data(archive, tmp_path, monkeypatch):
    """Nothing of the machine's is found; CIFAR-10 is the archive."""
    monkeypatch.setattr(search, "SYSTEM", ())
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv(search.VARIABLE, str(archive))
    monkeypatch.setattr(search, "_asked", [])
    for cached in (_load, network):
        cached.cache_clear()
    yield
    for cached in (_load, network):
        cached.cache_clear()


def test_every_figure_has_a_preset_and_they_come_in_order():
    assert preset.names() == (
        *(f"fig-{figure}" for figure in FIGURES),
        "audit-attacks",
        "audits",
        "backdoor",
        "backdoor-fashion",
        "believed-q",
        *(f"cifar10-{study}" for study in CIFAR10),
        "coded-means",
        "cost",
        "fashion-mnist",
        "frame-up",
        "heterogeneity",
        "heterogeneity-fashion",
        "local-steps",
        "silent",
    )


@pytest.mark.parametrize("name", preset.names())
def test_every_published_curve_of_a_figure_has_one_series_and_no_other(name):
    found = preset.load(name)
    assert found.title
    labels = [series.curve.series for series in found.series if series.curve is not None]
    assert Counter(labels) == Counter(curve.series for curve in published.curves() if curve.figure == found.figure)
    for series in found.series:
        if series.curve is None:
            continue
        assert series.curve.series.startswith(series.label)
        assert f"q = {series.grid['q'][0]}" in series.label
        workers = {"12": 21, "14": 25}.get(found.figure[:2], 15)
        grid = series.grid
        assert grid["workers"] == (workers,)
        assert grid["seed"] == (428, 50)
        assert (grid["epochs"], grid["momentum"], grid["augment"]) == ((16,), (0.9,), ("cifar",))
        assert grid["model"] == ("resnet18:norm=batch",)
        assert series.rate == "published" or series.rate.startswith("assumed")


@pytest.mark.parametrize("name", PAPER)
def test_cells_at_the_papers_scale(name, own_data):
    found = preset.changed(preset.load(name), model="resnet18:width=8")
    runs = {run.series.label: run for run in found.runs()}
    for label, (workers, redundancy, attack, payload, samples, x, y) in PAPER[name].items():
        run = runs[label]
        cell = run.group.first
        check(cell)
        job = resolve(cell)
        assert (cell.workers, cell.redundancy, cell.attack, cell.payload) == (workers, redundancy, attack, payload)
        assert cell.samples_per_file == samples
        assert job.strength == STRENGTHS[payload]
        assert (cell.lr, run.group.rates) == (x, (x,))
        assert cell.schedule == f"step:factor={y}:every={run.every}"
        assert run.every == max(1, round(cell.steps / run.series.checkpoints))
        assert cell.steps == -(-16 * 1350 // job.batch_size)
        assert cell.adversary_window == (50 if attack == "majority" else None)
        assert cell.detection_window == 15


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if not figure.startswith("12")])
def test_the_small_scale_is_the_same_study(figure, own_data, tmp_path, monkeypatch):
    """Without archives on the digits; the adversary, the schemes and the ratios of samples stay."""
    monkeypatch.setenv(search.VARIABLE, str(tmp_path))
    paper, small = (preset.load(f"fig-{figure}", scale) for scale in get_args(preset.Scale))
    assert [series.label for series in small.series] == [series.label for series in paper.series]
    for run, of_paper in zip(small.runs(), paper.series, strict=True):
        cell, grid = run.group.first, of_paper.grid
        check(cell)
        assert (cell.dataset, cell.model, cell.augment) == ("digits", "mlp", "none")
        for name in ("scheme", "q", "attack", "payload", "workers", "adversary_window"):
            assert grid[name] == (getattr(cell, name),)
        (batch_size,) = grid["batch_size"]
        assert batch_size
        paper_samples = batch_size / len(resolve(cell).assignment.files)
        assert cell.samples_per_file == max(1, round(paper_samples / 8))
        assert run.group.seeds == (428,)
        assert len(run.group.rates) == 2


def test_digits_are_too_few_for_the_files_of_21_workers(own_data, tmp_path, monkeypatch):
    monkeypatch.setenv(search.VARIABLE, str(tmp_path))
    with pytest.raises(DataError, match=r"fig-12a at the small scale needs cifar10: .*data fetch cifar10"):
        preset.load("fig-12a", "small")
    archives.mnist(tmp_path / "fashion-mnist", train=1500)
    assert [run.group.first.samples_per_file for run in preset.load("fig-12a", "small").runs()] == [1, 4, 12]


def test_the_small_scale_takes_cifar10_where_it_is_and_else_fashion_mnist(own_data, tmp_path, monkeypatch):
    found = preset.load("fig-7a", "small").series
    assert {(series.grid["dataset"], series.grid["model"]) for series in found} == {(("cifar10",), ("lenet",))}
    archives.mnist(tmp_path / "fashion-mnist")
    monkeypatch.setenv(search.VARIABLE, str(tmp_path))
    assert {series.grid["dataset"] for series in preset.load("fig-7a", "small").series} == {("fashion-mnist",)}


def test_runs_are_cut_under_the_schedule_of_the_whole_run(own_data):
    found = preset.only(preset.load("fig-7a", "small"), ("median, q = 2",))
    (whole,), (cut,) = found.runs(), found.runs(max_steps=3)
    assert (cut.group.first.steps, cut.steps) == (3, whole.group.first.steps)
    assert cut.group.first.schedule == whole.group.first.schedule


def test_series_are_picked_by_their_label():
    found = preset.only(preset.load("fig-7a"), ("aspis", "Median, q = 4"))
    assert [series.label for series in found.series] == ["Aspis, q = 2", "Aspis, q = 4", "Median, q = 4"]
    with pytest.raises(InputError, match=r"unknown series 'Medain, q = 2'; did you mean Median, q = "):
        preset.only(found, ("Medain, q = 2",))


@pytest.mark.parametrize(("study", "samples"), [("files", "samples_per_file"), ("batch", "batch_size")])
def test_the_studies_on_cifar10_have_every_scheme_where_it_is_defined(study, samples):
    """Both payloads, the attack-free run once; all else is the same for every scheme."""
    found = preset.load(f"cifar10-{study}")
    axes = ("payload", "scheme", "q")
    cells = {cell for series in found.series for cell in product(*(series.grid[name] for name in axes))}
    schemes = ("aspis", "aspis-certified", "byzshield", "detox", "median", "average", "multi_krum", "bulyan")
    most = {"multi_krum": 6, "bulyan": 2}
    wanted = product(("alie", "reversed"), schemes, (0, 2, 4, 6, 7))
    defined = {(payload, scheme, q) for payload, scheme, q in wanted if q <= most.get(scheme, 7)}
    assert cells == defined - {cell for cell in defined if cell[0] == "reversed" and cell[2] == 0}
    shared = ("protocol", samples, "epochs", "lr", "seed", "attack", "convention", "model", "momentum")
    assert len({tuple(series.grid[name] for name in shared) for series in found.series}) == 1
    assert len(found.series[0].grid["seed"]) == 3


def test_the_study_of_this_project_has_every_scheme_where_it_is_defined():
    found = preset.load("fashion-mnist")
    cells = [(scheme, q) for series in found.series for scheme in series.grid["scheme"] for q in series.grid["q"]]
    schemes = ("aspis", "aspis-certified", "byzshield", "detox", "median", "multi_krum")
    assert set(cells) == {(scheme, q) for scheme in schemes for q in (0, 2, 4, 6, 7)} - {("multi_krum", 7)}
    assert len({(one.grid["samples_per_file"], one.grid["steps"], one.grid["lr"]) for one in found.series}) == 1


def test_the_two_published_tables_say_the_same():
    curves = {(curve.figure, curve.series): curve for curve in published.curves()}
    with (published.FOLDER / "accuracy.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(curves)
    for row in rows:
        curve = curves[row["figure"], row["series"].split(" (")[0]]
        assert len(curve.top1) == int(row["points"])
        told = tuple(float(row[key]) for key in ("top1_first", "top1_max", "top1_final"))
        assert (curve.first, curve.best, curve.final) == told
    with (published.FOLDER / "curves.csv").open(newline="") as file:
        assert sum(1 for _ in csv.reader(file)) - 1 == sum(len(curve.top1) for curve in curves.values())


GOOD = """title = "t"
[settings]
q = 2
[[series]]
scheme = "median"
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("titel = 't'\n" + GOOD, r"unknown key 'titel'; did you mean title\?"),
        (GOOD.replace("q = 2", "worker = 2"), r"\[settings\] unknown key 'worker'; did you mean .*workers"),
        (GOOD + "shceme = 1\n", r"\[\[series\]\] unknown key 'shceme'; did you mean scheme or seed"),
        (GOOD + "[kinds.'A']\nrats = 1\n", r"\[kinds.\"A\"\] unknown key 'rats'; did you mean rate\?"),
        (GOOD + "[kinds.'A'.small]\nmodl = 1\n", r"small\] unknown key 'modl'; did you mean model"),
        (GOOD + "[small]\ndigit = 1\n", r"\[small\] unknown key 'digit'; did you mean digits"),
        (GOOD + "[search]\nepoch = 1\n", r"\[search\] unknown key 'epoch'; did you mean epochs\?"),
        (
            GOOD + "[[series]]\nkind = 'Medain'\n[kinds.Median]\nq = 1\n",
            r"unknown kind 'Medain'; did you mean Median\?",
        ),
        (GOOD + "[", "preset .*mine.toml"),
    ],
)
def test_what_is_not_understood_is_an_error_with_the_nearest_name(text, message, tmp_path):
    (tmp_path / "good.toml").write_text(GOOD)
    assert preset.read(tmp_path / "good.toml").series[0].grid["q"] == (2,)
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(InputError, match=message):
        preset.read(tmp_path / "mine.toml")


def test_names_that_do_not_exist(tmp_path):
    with pytest.raises(InputError, match="unknown study 'fig-7d'; did you mean fig-7"):
        preset.load("fig-7d")
    with pytest.raises(InputError, match="unknown scale 'smal'; did you mean small"):
        preset.load("fig-7a", "smal")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="fashion-mnist has no smaller scale"):
        preset.load("fashion-mnist", "small")
    with pytest.raises(InputError, match=r"figure 7b has no curve 'Bulyan, q = 4'; it has Bulyan, q = 2, Aspis"):
        published.curve("7b", "Bulyan", 4)
