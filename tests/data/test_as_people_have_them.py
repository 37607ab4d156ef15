"""Data files under other names, in other forms, unpacked, or with something else in their place."""

import gzip
import hashlib
import os
import subprocess

import numpy as np
import pytest

from aspis_sim.data import idx, load, search
from aspis_sim.data.files import File, Source, Stored
from aspis_sim.data.sums import SUMS
from aspis_sim.errors import DataError
from tests.data import archives
from tests.data.refusals import refused

IMAGES = "train-images-idx3-ubyte.gz"
PREFIXES = {"train": 60, "t10k": 20}
KINDS = ("images{}idx3-ubyte{}", "labels{}idx1-ubyte{}")


def contents():
    """Published name without ``.gz`` -> content of four small IDX files."""
    found = {}
    for seed, (prefix, count) in enumerate(PREFIXES.items()):
        images, labels = archives.pictures(count, seed=seed)
        for kind, array in zip(KINDS, (images[..., 0], labels), strict=True):
            found[f"{prefix}-{kind.format('-', '')}"] = archives.idx(array)
    return found


CONTENTS = contents()


@pytest.mark.parametrize("zipped", [True, False], ids=["gzip", "plain"])
@pytest.mark.parametrize("suffix", [".gz", ""])
@pytest.mark.parametrize("dot", ["-", "."])
def test_idx_files_are_known_by_their_content_whatever_their_name(folder, dot, suffix, zipped):
    sums = {name: (hashlib.sha256(content).hexdigest(), 0, "") for name, content in CONTENTS.items()}
    source = Source("mnist", ("mnist",), idx.files(sums, ()), "")
    (folder / "mnist").mkdir(parents=True)
    for name, content in CONTENTS.items():
        path = folder / "mnist" / f"{name.replace('-idx', f'{dot}idx')}{suffix}"
        path.write_bytes(gzip.compress(content) if zipped else content)
    found = idx.read(source, 0.0, 1.0)
    np.testing.assert_array_equal(found.inputs["test"], archives.pictures(20, seed=1)[0])
    assert {found.sha256} == source.published_sums()
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=path.name):
        idx.read(source, 0.0, 1.0)


@pytest.mark.parametrize("dot", ["-", "."])
def test_idx_files_of_ones_own_are_listed_by_the_name_they_have(folder, dot):
    (folder / "mnist").mkdir(parents=True)
    for name, content in CONTENTS.items():
        (folder / "mnist" / name.replace("-idx", f"{dot}idx")).write_bytes(content)
    archives.listed(folder / "mnist")
    assert len(load("mnist").labels["test"]) == 20


PAGE = b"<!DOCTYPE html>\n<html><body>Sign in to the network</body></html>\n" * 20
PAGES = {
    "HTML": (PAGE, "a web page (HTML)"),
    "HTML without a declaration": (b"\r\n <HTML lang=de>", "a web page (HTML)"),
    "HTML with a mark": (b"\xef\xbb\xbf<html>", "a web page (HTML)"),
    "HTML in UTF-16": ("\ufeff<!doctype HTML>".encode("utf-16-le"), "a web page (HTML)"),
    "HTML, compressed": (gzip.compress(PAGE), "a web page (HTML)"),
    "a server's refusal": (b'<?xml version="1.0"?><Error><Code>AccessDenied', "a web page or a server's message (XML)"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a pointer of Git LFS"),
}
PLACES = {
    "mnist": (lambda folder: archives.mnist(folder / "mnist"), f"mnist/{IMAGES}"),
    "cifar10": (
        lambda folder: archives.cifar(folder, "cifar-10-python.tar.gz", archives.cifar10_members(python=True)),
        "cifar-10-python.tar.gz",
    ),
    "svhn": (archives.svhn, "train_32x32.mat"),
}


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_a_page_that_was_saved_as_data_is_called_one(folder, page, name, listed):
    content, what = page
    make, place = PLACES[name]
    make(folder)
    path = folder / place
    path.write_bytes(content)
    archives.listed(path.parent)
    if not listed:
        (path.parent / SUMS).unlink()
    said = refused(name, f"{path} is {what}", f", not {path.name}")
    assert "damaged" not in said
    assert "is not the official file" not in said


def special(path, kind):
    if kind == "a folder":
        path.mkdir()
    elif kind == "a named pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"a device": "/dev/zero", "a symbolic link to nothing": "nowhere"}.get(kind, path))


@pytest.mark.parametrize("kind", ["a folder", "a named pipe", "a device", "a symbolic link to nothing", "out of reach"])
def test_what_stands_in_the_place_of_a_file_is_named(folder, kind):
    archives.mnist(folder / "mnist")
    path = folder / "mnist" / IMAGES
    path.unlink()
    special(path, kind)
    refused("mnist", f"{IMAGES} not found in {path.parent} ({path} is {kind}")


def test_files_of_mnist_beside_the_folder_that_they_belong_into(folder):
    archives.mnist(folder)
    refused("mnist", f"({folder / IMAGES} belongs into {folder / 'mnist'})")


def unpacked(folder, python, form="cifar-10-batches-py"):
    """The members as files, without a list of sums."""
    (folder / form).mkdir(parents=True)
    for name, content in archives.cifar10_members(python):
        (folder / form / name).write_bytes(content)
    return folder / form


@pytest.mark.parametrize(("python", "form"), [(True, "cifar-10-batches-py"), (False, "cifar-10-batches-bin")])
def test_an_unpacked_archive_is_read_once_the_command_that_is_named_was_run(folder, python, form):
    lies = unpacked(folder / "it's here", python, form)
    search.use(lies.parent)
    said = refused("cifar10", f"{lies} is an unpacked archive", "aspis-sim data fetch")
    subprocess.run(said.splitlines()[-1], shell=True, check=True)
    found = load("cifar10")
    np.testing.assert_array_equal(found.inputs["test"], archives.pictures(12, 32, 3, seed=5)[0])
    assert found.sha256 == hashlib.sha256((lies / SUMS).read_bytes()).hexdigest()
    load.__globals__["_load"].cache_clear()
    search.use(lies)
    assert load("cifar10").sha256 == found.sha256


def test_cifar100_unpacked(folder):
    lies = folder / "cifar100" / "cifar-100-python"
    lies.mkdir(parents=True)
    for name, content in archives.cifar100_members(python=True):
        (lies / name).write_bytes(content)
    archives.listed(lies)
    assert load("cifar100").classes == 100


def test_an_unpacked_archive_that_is_packed_again(folder):
    lies = unpacked(folder, python=True)
    subprocess.run(
        ["bash", "-c", f"tar czf cifar-10-python.tar.gz {lies.name} && sha256sum cifar-10-python.tar.gz > {SUMS}"],
        cwd=folder,
        check=True,
    )
    assert load("cifar10").sha256 == hashlib.sha256((folder / "cifar-10-python.tar.gz").read_bytes()).hexdigest()


def test_an_unpacked_archive_without_a_list_stands_in_nobodys_way(folder, tmp_path):
    search.use(unpacked(tmp_path / "first", python=True).parent)
    path = archives.cifar(folder, "cifar-10-python.tar.gz", archives.cifar10_members(python=True))
    assert load("cifar10").sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    archives.listed(tmp_path / "first" / "cifar-10-batches-py")
    load.__globals__["_load"].cache_clear()
    assert load("cifar10").sha256 != hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_unpacked_archive_that_is_not_whole(folder, monkeypatch):
    lies = unpacked(folder, python=True)
    archives.listed(lies)
    with (lies / "data_batch_2").open("ab") as file:
        file.write(b"\0")
    refused("cifar10", "data_batch_2 is not the official file", f"by its {SUMS}")
    (lies / "data_batch_2").write_bytes(PAGE)
    refused("cifar10", "data_batch_2 is a web page (HTML)")
    (lies / "data_batch_2").write_bytes(bytes(138_065))
    archives.listed(lies)
    monkeypatch.setattr("aspis_sim.data.cifar.MOST_IMAGES", 12)
    refused("cifar10", "data_batch_2 has more than 138,064 bytes")
    (lies / "data_batch_2").unlink()
    os.mkfifo(lies / "data_batch_2")
    refused("cifar10", f"{lies} lacks data_batch_2")


def test_a_file_larger_than_any_official_one_is_not_even_summed(tmp_path):
    path = tmp_path / "data.tar.gz"
    with path.open("wb") as file:
        file.truncate(2_000_000_001)
    with (
        pytest.raises(DataError, match="2,000,000,001 bytes, more than any official file"),
        Stored(File(path.name, "0" * 64), path).checked(),
    ):
        pass
