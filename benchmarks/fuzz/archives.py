"""Data archives, small and then damaged before or after they are packed, mostly with sums that say they are right."""

import gzip
import hashlib
import io
import pickle
import random
import struct
import tarfile

import numpy as np

from benchmarks.fuzz import hostile
from benchmarks.fuzz.ground import Ground
from benchmarks.fuzz.inputs import Input

FOLDER = "data"
BATCHES = (*(f"data_batch_{part}" for part in range(1, 6)), "test_batch")
HOSTILE_PICKLES = (
    *(b"\x80\x02}(" * 2000, b"(" * 20_000, b"cos\nsystem\n(S'true'\ntR.", b"\x80\x04\x8c\x02os\x94\x8c\x06system\x93."),
    *(b"\x80\x02" + b"]q\x00" * 5000 + b".", b"\x80\x05\x96" + b"\xff" * 8, b"T\xff\xff\xff\x7f"),
    *(b"\x8b\xff\xff\xff\x7f", b"."),
    *(b"\x80\x02K\x00" + b"\x85" * 3000 + b".", b"I" + b"9" * 5000 + b"\n."),
    b"\x80\x02\x8a\xff" + b"\x7f" * 255 + b".",
)


def draw(draws: random.Random, ground: Ground) -> Input:
    """Verify one data set, whose files are these."""
    kind = draws.choice((_mnist, _cifar10, _cifar10_binary, _cifar100, _svhn))
    name, files = kind(draws)
    for path in list(files):
        if draws.random() < 0.3:
            files[path] = hostile.changed(draws, files[path])
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in files.items()).encode()
    if draws.random() < 0.15:
        sums = hostile.changed(draws, sums)
    if draws.random() < 0.97:
        files["SHA256SUMS"] = sums
    return Input(
        ("data", "verify", name, "--data-dir", FOLDER), {f"{FOLDER}/{path}": content for path, content in files.items()}
    )


def _spoilt(draws: random.Random, content: bytes) -> bytes:
    return hostile.changed(draws, content) if draws.random() < 0.15 else content


def _mnist(draws: random.Random) -> tuple[str, dict[str, bytes]]:
    files = {}
    packed = draws.random() < 0.7
    for prefix, count in (("train", 30), ("t10k", 12)):
        pixels, labels = bytes(count * 784), bytes(one % 10 for one in range(count))
        for kind, sizes, body in (("images-idx3", (count, 28, 28), pixels), ("labels-idx1", (count,), labels)):
            content = _spoilt(draws, bytes((0, 0, 8, len(sizes))) + struct.pack(f">{len(sizes)}I", *sizes) + body)
            content = gzip.compress(content, mtime=0) if packed else content
            files[f"{prefix}-{kind}-ubyte{'.gz' if packed else ''}"] = content
    return draws.choice(("mnist", "fashion-mnist")), files


def _cifar10(draws: random.Random) -> tuple[str, dict[str, bytes]]:
    return "cifar10", {
        "cifar-10-python.tar.gz": _tar(draws, {name: _batch(draws, "labels", 6, 10) for name in BATCHES})
    }


def _cifar10_binary(draws: random.Random) -> tuple[str, dict[str, bytes]]:
    members = {f"{name}.bin": b"".join(bytes((one,)) + bytes(3072) for one in range(6)) for name in BATCHES}
    return "cifar10", {"cifar-10-binary.tar.gz": _tar(draws, members)}


def _cifar100(draws: random.Random) -> tuple[str, dict[str, bytes]]:
    members = {name: _batch(draws, "fine_labels", 100, 100) for name in ("train", "test")}
    return "cifar100", {"cifar-100-python.tar.gz": _tar(draws, members)}


def _batch(draws: random.Random, key: str, count: int, classes: int) -> bytes:
    if draws.random() < 0.05:
        return draws.choice(HOSTILE_PICKLES)
    labels: object = [one % classes for one in range(count)]
    if draws.random() < 0.1:
        labels = draws.choice((np.arange(count) % classes, None, [1.5], "abc", [[0]], [-1] * count, [10**30], {}))
    content = {"data": np.zeros((count, 3072), np.uint8), key: labels}
    if draws.random() < 0.1:
        content["data"] = draws.choice((None, np.zeros((2, 2)), np.zeros(3072, np.uint8), b"abc", [1, 2]))
    return pickle.dumps(content, draws.choice((0, 1, 2, 2, 2, 3, 4, 5)))


def _tar(draws: random.Random, members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    kind = draws.choice((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    with tarfile.open(fileobj=made, mode="w", format=kind) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(f"batches/{name}")
            body = _spoilt(draws, content)
            info.size = len(body)
            if draws.random() < 0.03:
                info.type = draws.choice(
                    (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, b"S", b"x")
                )
                info.linkname = draws.choice(("/etc/passwd", "../../x", "test_batch", ""))
            if draws.random() < 0.03 and kind == tarfile.PAX_FORMAT:
                info.pax_headers = {
                    draws.choice(("size", "path", "mtime", "GNU.sparse.size")): draws.choice(("9" * 400, "x"))
                }
            archive.addfile(info, io.BytesIO(body))
    return gzip.compress(_spoilt(draws, made.getvalue()), 1, mtime=0)


def _svhn(draws: random.Random) -> tuple[str, dict[str, bytes]]:
    from scipy.io import savemat

    files = {}
    for name, count in (("train", 30), ("test", 12)):
        content = {"X": np.zeros((32, 32, 3, count), np.uint8), "y": np.arange(1, count + 1)[:, None] % 10 + 1}
        if draws.random() < 0.1:
            content[draws.choice("Xyz")] = draws.choice(
                (np.zeros(3), np.zeros((2, 2, 2)), np.array(["a"]), np.zeros(0))
            )
        made = io.BytesIO()
        savemat(made, content, do_compression=draws.random() < 0.7)
        files[f"{name}_32x32.mat"] = _spoilt(draws, made.getvalue())
    return "svhn", files
