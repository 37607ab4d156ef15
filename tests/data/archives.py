"""Small archives in the official layouts, with the SHA256SUMS that makes them acceptable."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile

import numpy as np

from aspis_sim.data.sums import SUMS


def pictures(count, side=28, channels=1, classes=10, seed=0):
    """Images [count, side, side, channels] and labels, every class in turn."""
    numbers = np.random.default_rng(seed)
    return numbers.integers(0, 256, (count, side, side, channels), np.uint8), np.arange(count) % classes


def listed(folder):
    """Write SHA256SUMS for all files in the folder."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != SUMS
    ]
    (folder / SUMS).write_text("".join(lines))


def idx(array):
    array = np.asarray(array, np.uint8)
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def mnist(folder, train=60, test=20, packed=True):
    folder.mkdir(parents=True, exist_ok=True)
    for prefix, count, seed in (("train", train, 0), ("t10k", test, 1)):
        images, labels = pictures(count, seed=seed)
        for kind, content in (("images-idx3", idx(images[..., 0])), ("labels-idx1", idx(labels))):
            path = folder / f"{prefix}-{kind}-ubyte{'.gz' if packed else ''}"
            path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    listed(folder)


def planes(images):
    """Rows of 3,072 bytes, a channel after the other."""
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def tar(path, members):
    """Write a .tar.gz of name -> bytes, or of TarInfo objects."""
    with tarfile.open(path, "w:gz") as archive:
        directory = tarfile.TarInfo("cifar")
        directory.type = tarfile.DIRTYPE
        archive.addfile(directory)
        for name, content in members:
            if isinstance(name, tarfile.TarInfo):
                archive.addfile(name, io.BytesIO(content) if content else None)
                continue
            info = tarfile.TarInfo(f"cifar/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def cifar10_members(python, count=12):
    members = [("readme.html", b"not wanted")]
    for number, name in enumerate([*(f"data_batch_{part}" for part in range(1, 6)), "test_batch"]):
        images, labels = pictures(count, 32, 3, seed=number)
        if python:
            members.append((name, batch(planes(images), labels=labels.tolist())))
        else:
            rows = np.hstack([labels[:, None].astype(np.uint8), planes(images)])
            members.append((f"{name}.bin", rows.tobytes()))
    return members


def cifar100_members(python, count=200):
    members = []
    for name, seed in (("train", 0), ("test", 1)):
        images, labels = pictures(count, 32, 3, 100, seed)
        if python:
            members.append((name, batch(planes(images), fine_labels=labels.tolist(), coarse_labels=[0] * count)))
        else:
            both = np.stack([labels // 5, labels], axis=1).astype(np.uint8)
            members.append((f"{name}.bin", np.hstack([both, planes(images)]).tobytes()))
    return members


def cifar(folder, name, members):
    folder.mkdir(parents=True, exist_ok=True)
    tar(folder / name, members)
    listed(folder)
    return folder / name


def text(value):
    """A string as Python 2 pickles it."""
    value = value.encode() if isinstance(value, str) else value
    return b"T" + struct.pack("<i", len(value)) + value


def number(value):
    return b"J" + struct.pack("<i", value)


def batch(data, **lists):
    """A batch as Python 2 and its NumPy pickled it: the official files, instruction for instruction."""
    rows, columns = data.shape
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + text("b") + b"tR"
        b"(K\x01(" + number(rows) + number(columns) + b"tcnumpy\ndtype\n(" + text("u1") + b"K\x00K\x01tR"
        b"(K\x03" + text("|") + b"NNN" + number(-1) + number(-1) + b"K\x00tb\x89" + text(data.tobytes()) + b"tb"
    )
    items = text("batch_label") + text("part 1 of 5") + text("data") + array
    for key, values in lists.items():
        items += text(key) + b"](" + b"".join(number(value) for value in values) + b"e"
    return b"\x80\x02}(" + items + b"u."


def repickled(data, protocol, **lists):
    """A batch as Python 3 pickles it."""
    return pickle.dumps({"data": data, **lists}, protocol)


def svhn(folder, train=60, test=20, compressed=True, **changes):
    """Files written by scipy; ``changes`` replace variables of the training file."""
    from scipy.io import savemat

    folder.mkdir(parents=True, exist_ok=True)
    for name, count, seed in (("train", train, 0), ("test", test, 1)):
        images, labels = pictures(count, 32, 3, seed=seed)
        content = {"X": images.transpose(1, 2, 3, 0), "y": np.where(labels, labels, 10).astype(np.uint8)[:, None]}
        if name == "train":
            content |= changes
        savemat(folder / f"{name}_32x32.mat", content, do_compression=compressed)
    listed(folder)
