"""Downloads end in a whole, checked file or in none, however the server behaves."""

import fcntl
import hashlib

import numpy as np
import pytest

from aspis_sim.data.fetch import fetch
from aspis_sim.data.files import File
from aspis_sim.data.sums import SUMS
from aspis_sim.errors import DataError, InputError
from tests.data.server import Behaviour, serving

CONTENT = np.random.default_rng(0).bytes(300_000)
FILE = File("images.bin", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), ("https://nowhere.invalid/images.bin",))


@pytest.fixture
def target(tmp_path):
    return tmp_path / "new" / "images.bin"


def get(server, target, file=FILE, **changes):
    heard = []
    with serving(server) as address:
        found = fetch(file, target.parent, lambda *now: heard.append(now), changes.get("base", address), pause=0.0)
    return found, heard


def alone(target, content=CONTENT):
    """The file is there, whole, and nothing else is."""
    assert target.read_bytes() == content
    assert [path.name for path in target.parent.iterdir() if path.name != SUMS] == [target.name]


def served(content=CONTENT, **behaviour):
    return Behaviour({"/images.bin": content}, **behaviour)


def test_a_file_arrives_with_its_progress(target):
    found, heard = get(served(), target)
    assert found == target
    alone(target)
    assert heard[0] == (0, len(CONTENT))
    assert heard[-1] == (len(CONTENT), len(CONTENT))
    assert [here for here, _ in heard] == sorted(here for here, _ in heard)


def test_a_whole_file_is_not_fetched_again_and_a_damaged_one_is(target):
    get(served(), target)
    server = served()
    get(server, target)
    assert server.seen == []
    target.write_bytes(b"damaged")
    get(server, target)
    alone(target)
    assert len(server.seen) == 1


def test_a_cut_connection_goes_on_where_it_was_cut(target):
    server = served(cut=[100_000, 50_000])
    _, heard = get(server, target)
    alone(target)
    assert [seen[1:] for seen in server.seen] == [
        (None, None),
        ("bytes=100000-", '"1"'),
        ("bytes=150000-", '"1"'),
    ]
    assert heard[-1] == (len(CONTENT), len(CONTENT))


def test_a_download_given_up_is_continued_by_the_next_call(target):
    with pytest.raises(DataError, match="cut after 100,000 bytes, which are kept; run the same again"):
        get(served(cut=[100_000, 0, 0, 0]), target)
    assert not target.exists()
    assert (target.parent / "images.bin.part").stat().st_size == 100_000
    server = served()
    get(server, target)
    alone(target)
    assert server.seen == [("/images.bin", "bytes=100000-", '"1"')]


def test_an_interrupted_download_is_continued_by_the_next_call(target):
    def interrupt(here, expected):
        if here:
            raise KeyboardInterrupt

    with serving(served()) as address, pytest.raises(KeyboardInterrupt):
        fetch(FILE, target.parent, interrupt, address)
    here = (target.parent / "images.bin.part").stat().st_size
    assert 0 < here <= len(CONTENT)
    assert not target.exists()
    server = served()
    get(server, target)
    alone(target)
    assert [seen[1] for seen in server.seen] == ([f"bytes={here}-"] if here < len(CONTENT) else [])


def test_a_server_without_ranges_starts_again(target):
    server = served(cut=[100_000], ranges=False)
    get(server, target)
    alone(target)
    assert len(server.seen) == 2


def test_a_file_that_changed_between_two_attempts_is_fetched_from_its_start(target):
    with pytest.raises(DataError):
        get(served(bytes(300_000), cut=[100_000, 0, 0, 0], etag='"old"'), target)
    get(served(), target)
    alone(target)


def test_a_part_that_is_whole_or_longer_than_the_file(target):
    target.parent.mkdir()
    part = target.parent / "images.bin.part"
    part.write_bytes(CONTENT)
    server = served()
    get(server, target)
    alone(target)
    assert server.seen == []
    target.unlink()
    part.write_bytes(CONTENT + b"more")
    with pytest.raises(DataError, match="is not the file"):
        get(served(), target)
    assert not list(target.parent.iterdir())
    get(served(), target)
    alone(target)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (CONTENT[:-1], "has 299,999 bytes instead of 300,000"),
        (CONTENT + b"\0", "has 300,001 bytes instead of 300,000"),
        (b"\0" + CONTENT[1:], "is not the file: SHA-256"),
        (b"", "has 0 bytes"),
    ],
)
def test_truncated_and_tampered_files_leave_nothing(target, content, said):
    with pytest.raises(DataError, match=said):
        get(served(content), target)
    assert not list(target.parent.iterdir())


def test_a_list_of_sums_in_the_folder_replaces_size_and_sum(target):
    target.parent.mkdir()
    ours = CONTENT[:1000]
    (target.parent / SUMS).write_text(f"{hashlib.sha256(ours).hexdigest()}  images.bin\n")
    get(served(ours, cut=[300]), target)
    alone(target, ours)
    target.unlink()
    with pytest.raises(DataError, match=f"expected .* by {SUMS}"):
        get(served(CONTENT), target)


def test_a_missing_file_a_dead_server_and_redirections(target):
    with pytest.raises(DataError, match=r"HTTP 404 Not Found; try a mirror with `from=URL`"):
        get(Behaviour({}), target)
    with pytest.raises(DataError, match="refused"):
        get(served(), target, base="http://127.0.0.1:9")
    with pytest.raises(DataError, match="redirects to ftp://x/y, which is not https"):
        get(served(redirect="ftp://x/y"), target)
    assert not list(target.parent.iterdir())


def test_a_second_address_serves_where_the_first_does_not(target):
    with serving(Behaviour({})) as dead, serving(served()) as good:
        file = File(FILE.name, FILE.sha256, FILE.size, (f"{dead}/images.bin", f"{good}/images.bin"))
        assert fetch(file, target.parent, lambda here, expected: None, pause=0.0) == target
    alone(target)


def test_published_addresses_do_not_lead_to_plain_http(target):
    with serving(served()) as good, serving(served(redirect=f"{good}/images.bin")) as first:
        file = File(FILE.name, FILE.sha256, FILE.size, (f"{first}/images.bin",))
        with pytest.raises(DataError, match="which is not https"):
            fetch(file, target.parent, lambda here, expected: None, pause=0.0)


def test_what_is_no_address_and_what_cannot_be_written(target, tmp_path):
    for base in ("file:///etc", "mirror", "ftp://host/x"):
        with pytest.raises(InputError, match="not an address"):
            get(served(), target, base=base)
    (tmp_path / "new").write_text("a file")
    with pytest.raises(InputError, match="cannot write"):
        get(served(), target)


def test_two_downloads_of_a_file_do_not_mix(target):
    target.parent.mkdir()
    with (target.parent / "images.bin.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DataError, match="written by another download"):
            get(served(), target)
