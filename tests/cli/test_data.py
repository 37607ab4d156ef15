"""``data status``, ``verify`` and ``fetch``: what is here, whether it is whole, and how the rest is had."""

import json
import shutil
from functools import partial

import pytest

from aspis_sim.data import DATASETS, search
from aspis_sim.data.sums import SUMS
from tests.cli import program
from tests.cli.program import refused, rows
from tests.data import archives
from tests.data.server import Behaviour, serving

IMAGES = "train-images-idx3-ubyte.gz"

invoke = partial(program.invoke, "data")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Data folders of the test's own."""
    monkeypatch.setattr(search, "SYSTEM", ())
    monkeypatch.setattr(search, "_asked", [])
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(search.VARIABLE, raising=False)
    return tmp_path / "home" / "aspis-sim"


def states(*words):
    return {row["dataset"]: row for row in json.loads(invoke("status --format json", *words).stdout)}


def test_status_lists_every_data_set_where_it_is_and_what_to_do(home, tmp_path):
    archives.mnist(home / "mnist")
    archives.cifar(tmp_path / "mine", "cifar-10-python.tar.gz", archives.cifar10_members(python=True))
    (home / "mnist" / IMAGES).unlink()
    found = states("--data-dir", tmp_path / "mine")
    assert list(found) == list(DATASETS)
    assert {name: row["state"] for name, row in found.items()} == {
        "digits": "shipped",
        "synthetic": "made",
        "linear-regression": "made",
        "mnist": "incomplete",
        "cifar10": "found",
        "fashion-mnist": "missing",
        "cifar100": "missing",
        "svhn": "missing",
    }
    assert found["cifar10"]["folder"] == str(tmp_path / "mine")
    assert found["cifar10"]["bytes"] == (tmp_path / "mine" / "cifar-10-python.tar.gz").stat().st_size
    assert found["mnist"]["missing"] == IMAGES
    assert "aspis-sim data fetch mnist" in found["mnist"]["remedy"]
    assert "name their folder with --data-dir or ASPIS_DATA_DIR" in found["mnist"]["remedy"]
    assert states()["cifar10"]["state"] == "missing"
    assert "dataset-fashion-mnist" in states()["fashion-mnist"]["remedy"]


def test_an_unpacked_archive_is_found_and_its_files_are_counted(home):
    (home / "cifar-10-batches-py").mkdir(parents=True)
    for name in ("data_batch_1", "test_batch", "readme.html"):
        (home / "cifar-10-batches-py" / name).write_bytes(bytes(1000))
    found = states()["cifar10"]
    assert (found["state"], found["folder"], found["bytes"]) == ("found", str(home), 2000)
    result = invoke("verify cifar10 --format csv", code=3)
    assert "cifar-10-batches-py lacks data_batch_2, data_batch_3, data_batch_4, data_batch_5" in result.stderr


def test_a_web_page_in_the_place_of_data_is_named_with_3(home):
    archives.mnist(home / "mnist")
    (home / "mnist" / IMAGES).write_bytes(b"<!doctype html><title>Sign in</title>")
    result = invoke("verify mnist --format csv", code=3)
    assert f"{IMAGES} is a web page (HTML), not {IMAGES}; remove the file" in result.stderr
    assert "mnist,damaged," in result.stdout


@pytest.mark.parametrize("width", [80, 140])
def test_the_tables_fit(home, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    archives.mnist(home / "mnist")
    for words in ("status", "verify --quiet"):
        text = invoke(words).stdout
        assert max(map(len, text.splitlines())) <= width
        assert "…" not in text
        assert all(name in text for name in DATASETS)


def test_the_environment_names_a_folder_and_the_flag_comes_before_it(tmp_path, monkeypatch):
    for name in ("flag", "environment"):
        archives.mnist(tmp_path / name / "mnist")
    monkeypatch.setenv(search.VARIABLE, str(tmp_path / "environment"))
    assert states()["mnist"]["folder"] == str(tmp_path / "environment" / "mnist")
    assert states("--data-dir", tmp_path / "flag")["mnist"]["folder"] == str(tmp_path / "flag" / "mnist")


def test_verify_reads_all_that_is_there(home):
    archives.mnist(home / "mnist")
    archives.svhn(home)
    found = {row["dataset"]: row for row in rows(invoke("verify --format csv").stdout)}
    assert {name: row["state"] for name, row in found.items()} == {
        "digits": "ok",
        "mnist": "ok",
        "svhn": "ok",
        "synthetic": "ok",
        "linear-regression": "ok",
        "cifar10": "missing",
        "cifar100": "missing",
        "fashion-mnist": "missing",
    }
    assert [found["mnist"][part] for part in ("train", "validation", "test", "shape")] == ["54", "6", "20", "28×28×1"]
    (one,) = json.loads(invoke("verify synthetic:samples=500:classes=3 --format json").stdout)
    assert (one["train"], one["classes"], len(one["sha256"])) == (350, 3, 64)


def damage(path):
    path.write_bytes(path.read_bytes()[:-9])


def test_verify_ends_with_3_for_what_is_damaged_and_reads_the_rest(home):
    archives.mnist(home / "mnist")
    damage(home / "mnist" / IMAGES)
    result = invoke("verify --format csv", code=3)
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.strip().splitlines()) <= 2
    assert IMAGES in result.stderr
    assert "fetch it again" in result.stderr
    found = {row["dataset"]: row["state"] for row in rows(result.stdout)}
    assert (found["mnist"], found["digits"], found["svhn"]) == ("damaged", "ok", "missing")


def test_verify_ends_with_3_for_a_data_set_that_lacks_a_file(home):
    archives.mnist(home / "mnist")
    (home / "mnist" / IMAGES).unlink()
    result = invoke("verify --format csv", code=3)
    assert f"{IMAGES} not found in {home / 'mnist'}" in result.stderr
    assert "mnist,incomplete," in result.stdout
    assert all("with --data-dir or" in text for text in (result.stdout, result.stderr))


def test_verify_ends_with_3_for_what_is_named_and_missing():
    result = invoke("verify svhn", code=3)
    assert "train_32x32.mat, test_32x32.mat not found" in result.stderr
    assert "aspis-sim data fetch svhn" in result.stderr


def test_training_on_what_is_missing_ends_with_3_and_says_how_to_get_it():
    assert "aspis-sim data fetch cifar10" in refused("train --dataset cifar10", code=3)


def test_fetch_brings_a_data_set_that_can_then_be_read(home, tmp_path):
    archives.mnist(tmp_path / "server")
    content = {f"/mnist/{path.name}": path.read_bytes() for path in (tmp_path / "server").iterdir()}
    (home / "mnist").mkdir(parents=True)
    shutil.copy(tmp_path / "server" / SUMS, home / "mnist" / SUMS)
    server = Behaviour(content, cut=[1000])
    with serving(server) as address:
        result = invoke(f"fetch mnist --from {address}/mnist/")
    arrived = {line.rsplit("/", 1)[1] for line in result.stdout.splitlines()}
    assert arrived == {path.name for path in (tmp_path / "server").iterdir()} - {SUMS}
    assert "mnist: whole, in" in result.stderr
    assert "%" not in result.stderr
    assert server.seen[1] == (f"/mnist/{IMAGES}", "bytes=1000-", '"1"')
    assert invoke("verify mnist").stdout.count("ok") == 1
    assert not list(home.rglob("*.part*"))


def test_fetch_refuses_what_is_not_the_official_file(home, tmp_path):
    archives.mnist(tmp_path / "server")
    content = {f"/{path.name}": path.read_bytes() for path in (tmp_path / "server").iterdir()}
    with serving(Behaviour(content)) as address:
        result = invoke(f"fetch mnist --from {address}", code=3)
    assert f"{IMAGES} has" in result.stderr
    assert "instead of 9,912,422" in result.stderr
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_fetch_into_a_folder_that_is_made(tmp_path):
    with serving(Behaviour({})) as address:
        result = invoke(f"fetch svhn --from {address} --data-dir", tmp_path / "a" / "b", code=3)
    assert "HTTP 404" in result.stderr
    assert (tmp_path / "a" / "b").is_dir()


def test_nothing_is_fetched_that_needs_no_files():
    result = invoke("fetch digits synthetic")
    assert result.stdout == ""
    assert result.stderr.count("nothing to fetch") == 2


BAD = {
    "unknown to fetch": ("fetch cifar", "unknown data set 'cifar'", "did you mean cifar10"),
    "unknown to verify": ("verify fashion_mnits", "unknown data set", "fashion-mnist"),
    "unknown parameter": ("verify synthetic:size=3", "size", "its parameters: samples, dimension"),
    "parameter of a data set without any": ("verify mnist:samples=3", "samples", "its parameters: none"),
    "parameter out of range": ("verify synthetic:samples=1", "samples=1", "10 or more"),
    "no parameter": ("verify synthetic:samples", "'samples' is no option", "name:option=value"),
    "no folder": ("status --data-dir /nowhere", "/nowhere does not exist", "name the folder"),
    "a file as folder": ("verify --data-dir /dev/null", "/dev/null is no folder", "name the folder"),
    "a folder that cannot be made": (
        "fetch mnist --data-dir /proc/x",
        "cannot make --data-dir /proc/x",
        "No such file or directory",
    ),
    "no address": ("fetch mnist --from mirror", "--from mirror: not an address", "https://"),
}


@pytest.mark.parametrize("words", BAD.values(), ids=BAD.keys())
def test_bad_input_ends_with_2_and_says_what_would_work(words):
    line, wrong, remedy = words
    said = refused("data", line)
    assert wrong in said
    assert remedy in said
