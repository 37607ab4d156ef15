"""CIFAR's archives, and the pickles in them, that are damaged or forged: refused, and nothing in them runs."""

import gzip
import hashlib
import io
import os
import pickle
import struct
import tarfile
from contextlib import suppress

import numpy as np
import pytest

from aspis_sim.data import load
from aspis_sim.data.files import File, Stored
from aspis_sim.data.safe_pickle import batch
from aspis_sim.data.tar_stream import members
from aspis_sim.errors import DataError
from tests.data import archives
from tests.data.refusals import refused

PYTHON, BINARY = "cifar-10-python.tar.gz", "cifar-10-binary.tar.gz"


def link(kind):
    info = tarfile.TarInfo("cifar/data_batch_2.bin")
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def without(every, name):
    return [(one, content) for one, content in every if one != name]


GOOD = archives.cifar10_members(python=False)
WRONG_TAR = {
    "a symlink": ([*without(GOOD, "data_batch_2.bin"), (link(tarfile.SYMTYPE), b"")], "is no plain file"),
    "a hard link": ([*without(GOOD, "data_batch_2.bin"), (link(tarfile.LNKTYPE), b"")], "is no plain file"),
    "a device": ([*GOOD, (link(tarfile.CHRTYPE), b"")], "is no plain file"),
    "a batch missing": (without(GOOD, "data_batch_3.bin"), "data_batch_3.bin is not in it"),
    "a batch twice": ([*GOOD, GOOD[1]], "data_batch_1.bin is in it twice"),
    "rows of another length": (
        [*without(GOOD, "test_batch.bin"), ("test_batch.bin", bytes(3072))],
        "no whole number of rows of 3,073",
    ),
    "a label too large": (
        [*without(GOOD, "test_batch.bin"), ("test_batch.bin", b"\x0a" + bytes(3072))],
        "test_batch.bin: label 10 of image 0",
    ),
    "a batch too large": (
        [("data_batch_1.bin", bytes(158_700_001)), *without(GOOD, "data_batch_1.bin")],
        "too many",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_TAR.values(), ids=WRONG_TAR.keys())
def test_archives_with_other_members_than_the_official_ones(folder, wrong):
    content, said = wrong
    archives.cifar(folder, BINARY, content)
    refused("cifar10", BINARY, said)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 1.0])
def test_archives_cut_short(folder, share):
    path = archives.cifar(folder, BINARY, GOOD)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content)) if share < 1 else -2])
    archives.listed(folder)
    refused("cifar10", BINARY)


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_damaged_archive_is_refused_or_read_but_never_fails_otherwise(tmp_path, kind):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=kind) as archive:
        info = tarfile.TarInfo(f"{'deep/' * 30}test.bin")
        info.size, info.pax_headers = 700, {"comment": "ü" * 30}
        archive.addfile(info, io.BytesIO(bytes(700)))
    whole = plain.getvalue()
    numbers = np.random.default_rng(0)
    path = tmp_path / "archive.tar.gz"
    for _ in range(300):
        content = bytearray(whole)
        begin = 512 * int(numbers.integers(0, 5))
        for place in numbers.integers(0, 512, 2):
            content[begin + place] = numbers.integers(256)
        header = content[begin : begin + 512]
        header[148:156] = b" " * 8
        content[begin + 148 : begin + 156] = b"%06o\0 " % sum(header)
        path.write_bytes(gzip.compress(bytes(content), 1))
        file = File(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), 0)
        with suppress(DataError):
            assert [name for name, _ in members(Stored(file, path), {"test.bin": 1000})] == ["test.bin"]


def test_an_archive_that_unpacks_to_absurdly_much(folder, monkeypatch):
    monkeypatch.setattr("aspis_sim.data.tar_stream.MOST_BYTES", 100_000)
    archives.cifar(folder, BINARY, [("padding", bytes(200_000)), *GOOD])
    refused("cifar10", BINARY, "unpacks to more than 100,000 bytes")


def test_members_are_known_by_their_base_name_and_nothing_is_unpacked(folder, tmp_path):
    archives.cifar(folder, BINARY, [(f"../../../{name}", content) for name, content in GOOD])
    before = sorted(tmp_path.rglob("*"))
    assert load("cifar10").classes == 10
    assert sorted(tmp_path.rglob("*")) == before


class Runs:
    def __reduce__(self):
        return os.system, ("touch ran",)


DATA = archives.planes(archives.pictures(12, 32, 3)[0])
SHORT = archives.batch(DATA, labels=[0] * 12)
WRONG_PICKLE = {
    "a forbidden name": (pickle.dumps({"data": Runs()}, 2), "names posix.system"),
    "a forbidden name, newer": (pickle.dumps({"data": Runs()}, 4), "names posix.system"),
    "a name of NumPy's that is not needed": (b"\x80\x02cnumpy\nload\n(U\x01atR.", "names numpy.load"),
    "an instruction that is not needed": (b"\x80\x02(U\x01aiposix\nsystem\n.", "which no such file needs"),
    "a persistent name": (b"\x80\x02U\x01aQ.", "BINPERSID"),
    "an extension": (b"\x80\x02\x82\x01.", "EXT1"),
    "absurdly many objects": (b"\x80\x02}r\xff\xff\xff\x7f.", "absurdly many"),
    "cut short": (SHORT[:-20], "no whole pickle"),
    "empty": (b"", "no whole pickle"),
    "a list": (pickle.dumps([1], 2), "holds no dictionary"),
    "no data": (pickle.dumps({"labels": [1]}, 2), "no data and labels"),
    "no labels": (archives.batch(DATA, fine_labels=[0] * 12), "no data and labels"),
    "an array that is never filled": (b"\x80\x02}(U\x04datacnumpy\nndarray\n)RU\x06labels]u.", "never filled"),
    "an array of objects": (archives.repickled(np.array([[None]]), 2, labels=[0]), "none of bytes"),
    "an array of numbers": (archives.repickled(np.zeros((2, 3072)), 2, labels=[0, 0]), "none of bytes"),
    "an array by columns": (archives.repickled(np.asfortranarray(DATA), 2, labels=[0] * 12), "none of bytes"),
    "an array of one axis": (archives.repickled(DATA.ravel(), 2, labels=[0] * 12), "none of bytes"),
    "an array shorter than said": (SHORT.replace(struct.pack("<i", 12), struct.pack("<i", 13), 1), "for 13 × 3,072"),
    "rows of another length": (archives.batch(DATA[:, :3000], labels=[0] * 12), "rows of 3,000 bytes, not 3,072"),
    "labels that are no numbers": (archives.repickled(DATA, 2, labels=["a"] * 12), "not all whole numbers"),
    "a label too large": (archives.batch(DATA, labels=[0] * 11 + [10]), "label 10 of image 11"),
    "a negative label": (archives.batch(DATA, labels=[-1] * 12), "label -1 of image 0"),
    "fewer labels": (archives.batch(DATA, labels=[0] * 11), "11 labels for 12 images"),
}


@pytest.mark.parametrize("wrong", WRONG_PICKLE.values(), ids=WRONG_PICKLE.keys())
def test_pickles_that_no_official_archive_holds(folder, tmp_path, wrong):
    content, said = wrong
    others = without(archives.cifar10_members(python=True), "test_batch")
    archives.cifar(folder, PYTHON, [("test_batch", content), *others])
    refused("cifar10", PYTHON, "test_batch", said)
    assert not (tmp_path / "ran").exists()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:pickletools")
def test_a_damaged_pickle_is_refused_or_read_but_never_fails_otherwise():
    numbers = np.random.default_rng(0)
    small = archives.batch(np.arange(6, dtype=np.uint8).reshape(2, 3), labels=[0, 1])
    for _ in range(1500):
        content = bytearray(small)
        for place in numbers.integers(0, len(content), numbers.integers(1, 4)):
            content[place] = numbers.integers(256)
        with suppress(DataError):
            assert isinstance(batch(bytes(content)), dict)
