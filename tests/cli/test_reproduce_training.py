"""``reproduce`` of figures: CIFAR-10 from its archive to table, curves and picture; what is missing, damaged or cut."""

import csv
import json
import tomllib
from dataclasses import replace
from functools import partial

import pytest
from aspis_sim_cli.render.search_table import search_view

from aspis_sim.data import _load, search
from aspis_sim.gradients.network import network
from aspis_sim.report import libraries
from aspis_sim.report.curve_drawing import draw
from aspis_sim.reproduction.preset import load
from aspis_sim.reproduction.rate_search import Try
from aspis_sim.run.executors import local
from tests.cli import program
from tests.cli.program import one_line, printed, refused, rows
from tests.data import archives

TINY = "--samples-per-file 1 --seeds 428 --model mlp:hidden=4"
"""What a figure can be run with in a moment; the paper's own are 32 samples a file and ResNet-18."""

pytestmark = pytest.mark.usefixtures("runs_of_its_own")
invoke = partial(program.invoke, "reproduce")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """CIFAR-10 in the layout of the official binary archive: 550 and 110 images."""
    folder = tmp_path_factory.mktemp("data")
    archives.cifar(folder / "cifar10", "cifar-10-binary.tar.gz", archives.cifar10_members(False, 110))
    return folder


@pytest.fixture(autouse=True)
def nothing_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(search, "SYSTEM", ())
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(search, "_asked", [])
    monkeypatch.delenv(search.VARIABLE, raising=False)
    for cached in (_load, network):
        cached.cache_clear()
    yield
    for cached in (_load, network):
        cached.cache_clear()


def test_a_figure_from_the_archive_to_the_picture(archive, tmp_path):
    result = invoke(
        f"fig-7a --max-steps 3 {TINY} --data-dir {archive} --out found/7a.csv",
        ["--series", "DETOX-MoM, q = 2", "--series", "Median, q = 2"],
    )
    words = one_line(result.stdout)
    assert "Figure 7a: ALIE, strong attack, K=15: Aspis, median, DETOX ours: cifar10, mlp:hidden=4" in words
    assert "DETOX-MoM, q = 2 24.5 43.3 24.6" in words
    assert "Median, q = 2 30.1 33.9 22.7" in words
    assert "Aspis" not in words.split("published", 1)[1]
    assert words.count("cut short") == 2
    assert "Cut short: no verdict." in words
    assert "Rate 0.01 step:factor=0.7:every=79 (published): DETOX-MoM, q = 2." in words
    assert "fig-7a: 2 runs, 6 steps, 90 sample gradients of all workers" in result.stderr
    found = tmp_path / "found"
    assert sorted(path.name for path in found.iterdir()) == ["7a-curves.csv", "7a-runs.csv", "7a.csv", "7a.png"]
    assert (found / "7a.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    median, detox = csv.DictReader((found / "7a.csv").open())
    assert (detox["files"], detox["samples_per_file"], detox["steps"], detox["lr"]) == ("5", "1", "3", "0.01")
    assert (median["files"], median["published_final"], median["seeds"]) == ("15", "22.7", "428")
    runs = list(csv.DictReader((found / "7a-runs.csv").open()))
    curves = list(csv.DictReader((found / "7a-curves.csv").open()))
    for row, run in zip((median, detox), runs, strict=True):
        assert float(row["final"]) == pytest.approx(100 * float(run["top1"]), abs=0.005)
        assert float(row["difference"]) == pytest.approx(float(row["final"]) - float(row["published_final"]), abs=0.01)
        ours = [point for point in curves if point["series"] == row["series"] and point["whose"] == "ours"]
        assert float(ours[-1]["top1"]) == pytest.approx(float(row["final"]), abs=0.005)
    assert float(runs[0]["distortion_measured"]) == pytest.approx(2 / 15)
    assert float(runs[1]["distortion_measured"]) == pytest.approx(1 / 5)


@pytest.mark.slow
def test_a_residual_net_and_the_papers_augmentation_on_the_archive(archive):
    """A small sibling of ResNet-18, on an archive in the layout of the official Python version."""
    other = archive.parent / "python"
    archives.cifar(other / "cifar10", "cifar-10-python.tar.gz", archives.cifar10_members(True, 110))
    result = invoke(
        f"fig-7a --max-steps 3 --samples-per-file 1 --seeds 428 --model resnet8:norm=batch:width=1 --data-dir {other} "
        "--format json --quiet",
        ["--series", "Median, q = 2"],
    )
    (row,) = json.loads(result.stdout)
    assert (row["model"], row["files"], row["steps"], row["verdict"]) == (
        "resnet8:norm=batch:width=1",
        15,
        3,
        "cut short",
    )
    assert 0 <= row["final"] <= 100


def test_a_full_run_on_data_that_are_not_the_published_ones_gets_no_verdict(archive):
    result = invoke(f"fig-7b {TINY} --data-dir {archive} --format csv --samples-per-file 16 --quiet --series bulyan")
    (row,) = rows(result.stdout)
    assert (row["verdict"], row["steps"], row["batch_size"]) == ("order only", "33", "240")
    assert row["schedule"] == "step:factor=0.7:every=2"
    assert row["rate"] == "assumed, as Median"


def test_the_small_scale_on_the_digits(monkeypatch):
    """Its picture is stamped, since its accuracies are not those of the published data and net."""
    stamps = []

    def drawn(*given, **named):
        stamps.append(named["stamp"])
        return draw(*given, **named)

    monkeypatch.setattr("aspis_sim.report.curve_drawing.draw", drawn)
    result = invoke("fig-10 --scale small --max-steps 2 --out small.json")
    words = one_line(result.stdout)
    assert "ours: digits, mlp" in words
    assert "chosen on validation data" in words
    with open("small.json", encoding="utf-8") as file:
        assert [row["series"] for row in json.load(file)] == ["Aspis, q = 6", "DETOX-MoM, q = 6"]
    with open("small-curves.json", encoding="utf-8") as file:
        assert {point["whose"] for point in json.load(file)} == {"ours", "published"}
    assert stamps == [
        "NOT THE SAME EXPERIMENT: ours are digits with mlp, the published ones other data or another net.\n"
        "Compare the order of the curves, not their heights."
    ]
    assert " difference " not in words.partition("top-1 % at the first")[0]


def test_a_search_writes_the_rates_that_the_figure_then_takes(archive, tmp_path):
    words = f"fig-7b --max-steps 2 {TINY} --data-dir {archive} --series bulyan"
    result = invoke(f"{words} --search --out rates.toml --format csv")
    assert "8 runs, 16 steps, 240 sample gradients of all workers," in result.stderr
    chosen = tomllib.loads((tmp_path / "rates.toml").read_text())["Bulyan, q = 2"]
    tried = rows(result.stdout)
    assert [one["chosen"] for one in tried].count("True") == 1
    best = max(tried, key=lambda one: (float(one["top1"]), -float(one["loss"]), -float(one["x"])))
    assert (chosen["rates"], chosen["decay"]) == (float(best["x"]), float(best["y"]))
    (row,) = rows(invoke(f"{words} --rates rates.toml --format csv").stdout)
    assert float(row["lr"]) == chosen["rates"]
    assert row["schedule"].startswith(f"step:factor={chosen['decay']}:")
    assert row["rate"] == chosen["rate"]


def test_the_table_of_a_search_marks_what_it_chose():
    preset = load("fig-7b")
    best = Try("Bulyan, q = 2", 0.1, 0.7, 3, 99, 428, 61.25, 1.0, True, 1500, 2.0)
    other = replace(best, x=0.01, top1=50.0, chosen=False)
    words = one_line(printed(search_view(preset, [other, best]), 80))
    assert "Bulyan, q = 2 50.0 61.2*" in words
    assert "2 runs, 198 steps, 3,000 sample gradients of all workers, 4 seconds of runs." in words


def test_without_matplotlib_everything_but_the_picture_is_there(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(libraries.importlib.util, "find_spec", lambda name: None)
    result = invoke(f"fig-7b --max-steps 2 {TINY} --data-dir {archive} --series bulyan --out 7b.csv")
    assert "no picture: a figure needs matplotlib; install it with: pip install 'aspis-sim[plot]'" in result.stderr
    assert sorted(path.name for path in tmp_path.glob("7b*")) == ["7b-curves.csv", "7b-runs.csv", "7b.csv"]


def test_a_dry_run_trains_nothing_and_says_what_it_would_cost(archive, monkeypatch):
    monkeypatch.setattr(local, "train", lambda *words: pytest.fail("something was trained"))
    result = invoke(f"fig-7b --dry-run --format json --data-dir {archive} --model mlp")
    # 2 seeds of 3 series: Aspis takes a step of 14,560 for 16 x 495 images, thrice each, Bulyan 17 of 480
    assert "fig-7b: 6 runs, 38 steps, 191,040 sample gradients of all workers" in result.stderr
    assert sum(one["steps"] for one in json.loads(result.stdout)["programs"]) == 38


def test_a_missing_archive_ends_with_3_before_anything_is_written(tmp_path):
    said = refused("reproduce fig-7a --out found/7a.csv", code=3)
    assert "cifar-10-binary.tar.gz not found" in said
    assert "aspis-sim data fetch cifar10" in said
    assert not (tmp_path / "found").exists()


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_archive_ends_with_3_and_one_message(damage, archive, tmp_path):
    folder = tmp_path / "mine" / "cifar10"
    folder.mkdir(parents=True)
    for path in (archive / "cifar10").iterdir():
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = content[:-1000] if damage == "cut" else content[:-1000] + bytes(1000)
        (folder / path.name).write_bytes(content)
    assert "cifar-10-binary.tar.gz" in refused(
        f"reproduce fig-7a --data-dir {folder.parent} --out found/7a.csv", code=3
    )
    assert not (tmp_path / "found").exists()


@pytest.mark.parametrize(
    ("words", "wrong", "remedy"),
    [
        ("fig-7d", "unknown study 'fig-7d'", "did you mean fig-7"),
        ("fig-b3", "batch and learning rates", "not published here"),
        ("fig-7a --scale smal", "unknown scale 'smal'", "did you mean small"),
        ("fig-7a --series bulyen", "unknown series 'bulyen'", "known: Aspis, q = 2"),
        ("fig-7a --max-steps 0", "--max-steps 0", "at least 1 step"),
        ("fashion-mnist --scale small", "no smaller scale", "leave --scale out"),
        ("fig-7a --rates nowhere.toml", "cannot read nowhere.toml", "No such file"),
        ("fig-10 --scale small --out figure.png", "figure.png", ".csv or .json"),
        ("fig-10 --scale small --search --out rates.csv", "rates.csv", "end the file in .toml"),
        ("distortion --scale small", "distortion takes no --scale", "the same everywhere"),
        ("linear-regression --search", "linear-regression takes no --search", "the same everywhere"),
    ],
)
def test_bad_input_ends_with_2_before_work(words, wrong, remedy, monkeypatch):
    monkeypatch.setattr(local, "train", lambda *words: pytest.fail("something was trained"))
    said = refused("reproduce", words, lines=1)
    assert wrong in said
    assert remedy in said
