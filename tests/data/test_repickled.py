"""CIFAR's batches as Python 3 pickles them anew, with whatever stands for numbers there, and harmful pickles."""

import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aspis_sim.data import load
from aspis_sim.data.safe_pickle import MOST_INSTRUCTIONS, batch
from aspis_sim.errors import DataError
from tests.data import archives
from tests.data.refusals import refused

ROOT = Path(archives.__file__).parents[2]
NAME = "cifar-100-python.tar.gz"
IMAGES, LABELS = archives.pictures(200, 32, 3, 100)
DATA = archives.planes(IMAGES)

FORMS = {
    "a list": lambda labels: labels.tolist(),
    "a list of NumPy's numbers": list,
    "an array": lambda labels: labels,
    "bytes": lambda labels: labels.astype(np.uint8),
    "big-endian": lambda labels: labels.astype(">i4"),
}


def older(content):
    """A pickle as NumPy 1 makes it."""
    for name in (b"multiarray", b"numeric"):
        new, old = b"numpy._core." + name, b"numpy.core." + name
        content = content.replace(bytes([len(new)]) + new, bytes([len(old)]) + old).replace(b"c" + new, b"c" + old)
    return content


@pytest.mark.parametrize("numpy", [1, 2])
@pytest.mark.parametrize("labels", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_batches_of_every_protocol_are_read(folder, protocol, labels, numpy):
    content = archives.repickled(DATA, protocol, fine_labels=labels(LABELS), filenames=np.array(["a", None] * 100))
    if numpy == 1:
        content = older(content)
        assert b"_core" not in content
    archives.cifar(folder, NAME, [("train", content), ("test", content)])
    found = load("cifar100")
    np.testing.assert_array_equal(found.inputs["test"], IMAGES)
    np.testing.assert_array_equal(found.labels["test"], LABELS)


def test_only_an_archive_that_is_listed_is_read(folder):
    content = archives.repickled(DATA, 5, fine_labels=LABELS)
    archives.cifar(folder, NAME, [("train", content), ("test", content)])
    (folder / "SHA256SUMS").unlink()
    refused("cifar100", NAME, "is not the official file", "SHA256SUMS beside it")


WRONG = {
    "labels in a square": (archives.repickled(DATA, 5, fine_labels=LABELS.reshape(2, -1)), "none of whole numbers"),
    "labels with fractions": (archives.repickled(DATA, 5, fine_labels=LABELS / 2), "none of whole numbers"),
    "numbers with fractions": (archives.repickled(DATA, 5, fine_labels=list(LABELS / 2)), "a number that is not whole"),
    "a label too large": (archives.repickled(DATA, 4, fine_labels=LABELS + 1), "label 100 of image 99"),
    "a label beyond 63 bits": (
        archives.repickled(DATA, 4, fine_labels=np.full(200, 2**64 - 1, np.uint64)),
        "label -1 of image 0",
    ),
    "an array by columns": (archives.repickled(np.asfortranarray(DATA), 5, fine_labels=LABELS), "none of bytes"),
    "an array longer than its bytes": (
        archives.repickled(DATA, 5, fine_labels=LABELS.tolist()).replace(
            b"\x96" + struct.pack("<Q", DATA.size), b"C\0"
        ),
        "no whole pickle",
    ),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_labels_and_arrays_of_another_kind(folder, wrong):
    content, said = wrong
    archives.cifar(folder, NAME, [("train", content), ("test", content)])
    refused("cifar100", NAME, said)


TUPLE_OF_ITSELF = b")" + b"q\0h\0\x86" * 100
HARMFUL = {
    "300,000 nested tuples as a key": (b"\x80\x02})" + b"\x85" * 300_000 + b"K\x01s.", "a tuple where str belongs"),
    "a tuple of 2^100 as a key": (b"\x80\x02}" + TUPLE_OF_ITSELF + b"K\x01s.", "a tuple where str belongs"),
    "300,000 nested tuples as a type": (
        b"\x80\x02}U\x01acnumpy\ndtype\n)" + b"\x85" * 300_000 + b"Rs.",
        "a tuple where str belongs",
    ),
    "a tuple of 2^100 as a type": (
        b"\x80\x02}U\x01acnumpy\ndtype\n" + TUPLE_OF_ITSELF + b"\x85Rs.",
        "a tuple where str belongs",
    ),
    "300,000 nested lists": (b"\x80\x02}U\x01a" + b"]" * 300_000 + b"a" * 299_999 + b"s.", ""),
    "30 million lists": (b"\x80\x02}U\x01a(" + b"]" * 30_000_000 + b"ls.", "more than 2,000,000 instructions"),
    "30 million lists on the stack": (b"\x80\x02" + b"]" * 30_000_000 + b".", "more than 2,000,000 instructions"),
    "30 million marks": (b"\x80\x02" + b"(" * 30_000_000 + b".", "more than 2,000,000 instructions"),
}
READ = """
import os, resource, sys
from pathlib import Path
from aspis_sim.data.safe_pickle import batch
from aspis_sim.errors import DataError
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
for name in sorted(os.listdir(), key=int):
    if process := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)
        continue
    try:
        print(type(batch(Path(name).read_bytes())).__name__, end=" ", flush=True)
    except DataError as error:
        print(error, end=" ", flush=True)
    os._exit(0)
"""
"""Read every file in the folder, each in a process of its own; what comes of it, and how the process ends."""


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """Name of a harmful pickle -> what comes of reading it."""
    folder = tmp_path_factory.mktemp("harmful")
    for number, (content, _) in enumerate(HARMFUL.values()):
        (folder / str(number)).write_bytes(content)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", READ], capture_output=True, cwd=folder, env=environment, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")
    return dict(zip(HARMFUL, done.stdout.decode().splitlines(), strict=True))


@pytest.mark.parametrize("name", HARMFUL)
def test_harmful_pickles_are_refused_in_a_gibibyte(name, read):
    _, said = HARMFUL[name]
    assert read[name].endswith(" 0"), "the process ended otherwise"
    assert read[name] == "dict 0" if not said else said in read[name]


def test_a_pickle_may_have_the_instructions_that_are_said_and_not_one_more():
    start, end = b"\x80\x02}U\x01a(", b"ts."
    most = MOST_INSTRUCTIONS - len((b"\x80", b"}", b"U", b"(", b"t", b"s", b"."))
    assert len(batch(start + b"N" * most + end)["a"]) == most
    with pytest.raises(DataError, match="more than 2,000,000 instructions"):
        batch(start + b"N" * (most + 1) + end)


@pytest.mark.parametrize("name", ["os system", "builtins eval", "numpy load", "numpy._core.multiarray frombuffer"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_no_other_name_is_looked_up(name, protocol):
    module, _, function = name.partition(" ")
    called = f"c{module}\n{function}\n".encode()
    if protocol == 4:
        called = b"".join(b"\x8c" + bytes([len(part)]) + part.encode() for part in (module, function)) + b"\x93"
    with pytest.raises(DataError, match=f"names {module}.{function}, which no such file needs"):
        batch(b"\x80" + bytes([protocol]) + b"}U\x01a" + called + b"U\x01b\x85Rs.")


@pytest.mark.filterwarnings("ignore::DeprecationWarning:pickletools")
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_damaged_pickle_of_python_3_is_refused_or_read_but_never_fails_otherwise(protocol):
    numbers = np.random.default_rng(protocol)
    small = pickle.dumps(
        {"data": np.eye(2, 3, dtype=np.uint8), "labels": np.arange(2), "more": [np.int64(1)]}, protocol
    )
    read = 0
    for _ in range(1000):
        content = bytearray(small)
        for place in numbers.integers(0, len(content), numbers.integers(1, 4)):
            content[place] = numbers.integers(256)
        try:
            found = batch(bytes(content))
            for key in ("data", "labels"):
                if hasattr(found.get(key), "values"):
                    found[key].values(2 if key == "data" else 1, ("u1", "i8"), "numbers")
            read += 1
        except DataError:
            pass
    assert 0 < read < 1000
