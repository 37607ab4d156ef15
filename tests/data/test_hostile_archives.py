"""Archives and MATLAB files made to cost time or memory, and those that only look it: the work is bounded."""

import gzip
import hashlib
import io
import shutil
import struct
import subprocess
import tarfile
import tracemalloc
import zlib

import numpy as np
import pytest

from aspis_sim.data import mat5
from aspis_sim.data.files import File, Stored
from aspis_sim.data.tar_stream import members
from aspis_sim.errors import DataError
from tests.data import archives
from tests.data.refusals import refused

CONTENT = np.random.default_rng(0).bytes(700)


def block(name, size, kind, content=b"", **fields):
    """A member: its header, and what follows padded."""
    header = tarfile.TarInfo(name)
    header.size = size
    made = bytearray(header.tobuf(tarfile.USTAR_FORMAT))
    made[156:157] = kind
    for place, value in fields.items():
        made[int(place[1:]) : int(place[1:]) + len(value)] = value
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made) + content + bytes(-len(content) % 512)


TEST = block("cifar/test.bin", len(CONTENT), b"0", CONTENT)
END = bytes(1024)


def read(folder, whole):
    """Members of an archive that is taken for the official one."""
    path = folder / "archive.tar.gz"
    path.write_bytes(gzip.compress(whole, 1))
    file = File(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    return dict(members(Stored(file, path), {"test.bin": 1000}))


def record(key, value):
    """A record of an extended header, whose length counts itself."""
    rest = len(f" {key}={value}\n".encode())
    length = next(size for size in range(rest, rest + 10) if size == rest + len(str(size)))
    return f"{length} {key}={value}\n".encode()


HOSTILE = {
    "digits instead of records": (block("x", 100_000, b"x", b"1" * 100_000) + TEST, "an extended header of 100,000"),
    "digits for all members": (block("x", 100_000, b"g", b"1" * 100_000) + TEST, "an extended header of 100,000"),
    "a name of megabytes": (block("x", 3_000_000, b"L", b"a" * 3_000_000) + TEST, "an extended header of 3,000,000"),
    "a link's name of megabytes": (block("x", 3_000_000, b"K", b"a" * 3_000_000), "an extended header of 3,000,000"),
    "digits that are a few": (block("x", 9, b"x", b"1" * 9) + TEST, "an extended header is damaged"),
    "a record longer than its header": (block("x", 9, b"x", b"99 a=bcd\n") + TEST, "an extended header is damaged"),
    "a record of no length": (block("x", 9, b"x", b"0 path=b\n") + TEST, "an extended header is damaged"),
    "a record before the beginning": (block("x", 9, b"x", b"-9 a=bcd\n") + TEST, "an extended header is damaged"),
    "a size in words": (block("x", 20, b"x", record("size", "9" * 10)) + TEST, "an extended header with size"),
    "holes": (block("x", 22, b"x", record("GNU.sparse.major", "1")) + TEST, "an extended header with GNU.sparse.major"),
    "old holes": (block("cifar/test.bin", 512, b"S", bytes(512), **{"@386": b"7" * 24}) + TEST, "is no plain file"),
    "a negative size": (block("cifar/test.bin", 0, b"0", **{"@124": b"-0000000001\0"}), "a number in a header"),
    "a binary size": (block("cifar/test.bin", 0, b"0", **{"@124": b"\x80" + b"\xff" * 11}), "a number in a header"),
    "a size beyond the end": (block("cifar/test.bin", 900, b"0"), "a member is cut short"),
    "a size beyond everything": (block("readme", 8**11 - 1, b"0", CONTENT), "a member is cut short"),
    "thousands of members": (block("cifar/empty", 0, b"0") * 10_001, "more than 10,000 headers"),
    "thousands of extended headers": (block("x", 0, b"x") * 10_001, "more than 10,000 headers"),
    "a wrong checksum": (TEST[:148] + b"000000" + TEST[154:], "the checksum of a header is wrong"),
    "half a header": (TEST + TEST[:100], "a header is cut short"),
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_headers_that_cost_more_than_they_are_worth(tmp_path, hostile):
    whole, said = hostile
    with pytest.raises(DataError, match=r"archive\.tar\.gz") as caught:
        read(tmp_path, whole)
    assert said in str(caught.value)
    assert "aspis-sim data fetch" in str(caught.value)


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_thousands_of_extended_headers_neither_nest_nor_add_up(tmp_path, kind):
    content = b"cifar/test.bin" if kind == b"L" else record("comment", "a" * 400)
    assert read(tmp_path, block("x", len(content), kind, content) * 5000 + TEST + END) == {"test.bin": CONTENT}


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("folders", ["", "cifar/", "déjà/" * 15, "deep/" * 30])
def test_names_are_read_as_every_format_writes_them(tmp_path, form, folders):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=form) as archive:
        for name in ("._test.bin", "test.bin"):
            info = tarfile.TarInfo(folders + name)
            info.size, info.mtime, info.uname = len(CONTENT), 1.5, "ü"
            archive.addfile(info, io.BytesIO(CONTENT))
    assert read(tmp_path, plain.getvalue()) == {"test.bin": CONTENT}


@pytest.mark.skipif(shutil.which("tar") is None, reason="there is no tar")
@pytest.mark.parametrize("form", ["v7", "oldgnu", "gnu", "ustar", "posix"])
def test_archives_of_gnu_tar_are_read(tmp_path, form):
    lies = tmp_path / "cifar" / ("deep/" * (10 if form == "v7" else 25))
    lies.mkdir(parents=True)
    (lies / "test.bin").write_bytes(CONTENT)
    (lies / "link").symlink_to("nowhere")
    words = ["tar", f"--format={form}", "-cf", "archive.tar"]
    subprocess.run([*words, "--exclude=link", "cifar"], cwd=tmp_path, check=True)
    assert read(tmp_path, (tmp_path / "archive.tar").read_bytes()) == {"test.bin": CONTENT}
    subprocess.run([*words, "cifar"], cwd=tmp_path, check=True)
    with pytest.raises(DataError, match="is no plain file"):
        read(tmp_path, (tmp_path / "archive.tar").read_bytes())


def element(kind, content):
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def matrix(name, *shape, size=None):
    """A matrix of bytes, all 0, of which the file has the first ``size``."""
    count = int(np.prod(shape))
    head = element(6, struct.pack("<II", 9, 0)) + element(5, struct.pack(f"<{len(shape)}i", *shape))
    head += element(1, name.encode()) + struct.pack("<II", 2, count)
    return element(14, head + bytes(count if size is None else size))


HEADER = b" " * 124 + b"\x00\x01IM"


def matlab(folder, *elements):
    archives.svhn(folder, 1)
    (folder / "train_32x32.mat").write_bytes(HEADER + b"".join(elements))
    archives.listed(folder)


def packed(content):
    return element(15, zlib.compress(content))[: 8 + len(zlib.compress(content))]


MATLAB = {
    "more images than there are": ((packed(matrix("X", 32, 32, 3, 73_258, size=999)),), "X has 73,258 images, more"),
    "more labels than there are": ((packed(matrix("y", 73_258, 1)),), "y is 73258 × 1"),
    "the images twice": ((packed(matrix("X", 32, 32, 3, 2)),) * 2, "X is in it twice"),
    "the labels twice": ((packed(matrix("y", 2, 1)),) * 2, "y is in it twice"),
    "thousands of arrays": ((element(14, matrix("z", 1, 1)[8:]) * 1001,), "more than 1,000 arrays"),
    "nothing, thousands of times": ((bytes(8) * 1001,), "more than 1,000 arrays"),
}


@pytest.mark.parametrize("hostile", MATLAB.values(), ids=MATLAB.keys())
def test_matlab_files_that_claim_more_than_the_official_ones_hold(folder, hostile):
    elements, said = hostile
    matlab(folder, *elements)
    refused("svhn", "train_32x32.mat", said)


def test_a_matlab_file_that_claims_gigabytes_takes_no_memory_for_them(folder):
    matlab(folder, packed(matrix("X", 32, 32, 3, 900_000, size=10_000_000)))
    tracemalloc.start()
    try:
        refused("svhn", "X has 900,000 images, more than 73,257")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


def test_arrays_of_other_names_are_passed_over_unread():
    file = io.BytesIO(HEADER + packed(matrix("z", 1000, 1000, 50)) + packed(matrix("y", 3, 1)))
    tracemalloc.start()
    try:
        (found,) = (array.values(3) for array in mat5.arrays(file, ("X", "y")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.tolist() == [0, 0, 0]
    assert peak < 5_000_000
