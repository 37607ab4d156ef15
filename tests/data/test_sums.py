"""Lists of sums as programs and systems write them: read, or refused with the remedy."""

import pytest

from aspis_sim.data import load
from aspis_sim.data.sums import SUMS, listed_sums
from aspis_sim.errors import DataError
from tests.data import archives
from tests.data.refusals import refused

ONE, OTHER = "ab" * 32, "0123456789abcdef" * 4
EXPECTED = {"one.tar.gz": ONE, "two (1).mat": OTHER}
LINES = [f"{ONE}  one.tar.gz", f"{OTHER}  two (1).mat"]
PLAIN = "\n".join(LINES) + "\n"

READ = {
    "sha256sum": PLAIN.encode(),
    "no last line break": PLAIN[:-1].encode(),
    "binary mode, folders": f"{ONE} *./one.tar.gz\n{OTHER} *.\\two (1).mat\n".encode(),
    "a mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "PowerShell's >": b"\xff\xfe" + PLAIN.replace("\n", "\r\n").encode("utf-16-le"),
    "UTF-16, big-endian": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "Windows": PLAIN.replace("\n", "\r\n").encode(),
    "upper-case": PLAIN.replace(ONE, ONE.upper()).encode(),
    "BSD": f"SHA256 (one.tar.gz) = {ONE}\nSHA256 (two (1).mat) = {OTHER}\n".encode(),
    "openssl": f"SHA256(one.tar.gz)= {ONE}\nSHA2-256(two (1).mat)= {OTHER}\n".encode(),
    "comments, blank lines, lines that say the same": f"# ours\n\n \r\n{PLAIN}{PLAIN}".encode(),
}


@pytest.mark.parametrize("content", READ.values(), ids=READ.keys())
def test_lists_that_are_read(tmp_path, content):
    (tmp_path / SUMS).write_bytes(content)
    assert listed_sums(tmp_path) == EXPECTED


def test_names_that_sha256sum_escapes(tmp_path):
    (tmp_path / SUMS).write_text(f"\\{ONE}  a\\\\b\\nc\\r.gz\n{OTHER}  a\\nb.gz\n\\SHA256 (x\\ny) = {ONE}\n")
    assert listed_sums(tmp_path) == {"a\\b\nc\r.gz": ONE, "a\\nb.gz": OTHER, "x\ny": ONE}


TABLE = f"\r\nAlgorithm   Hash   Path\r\n---------   ----   ----\r\nSHA256      {ONE.upper()}   C:\\o...\r\n"
REFUSED = {
    "a table": (b"\xff\xfe" + TABLE.encode("utf-16-le"), "line 2: a table of PowerShell's Get-FileHash"),
    "MD5": (b"d41d8cd98f00b204e9800998ecf8427e  one.tar.gz\n", "line 1: not a line of sha256sum"),
    "MD5, tagged": (b"MD5 (one.tar.gz) = d41d8cd98f00b204e9800998ecf8427e\n", "line 1: not a line of sha256sum"),
    "a tag that lies": (f"MD5 (one.tar.gz) = {ONE}\n".encode(), "line 1: not a line of sha256sum"),
    "no name": (f"{PLAIN}{ONE}  \n".encode(), "line 3: not a line of sha256sum"),
    "two sums of a file": (f"{PLAIN}{OTHER}  ./one.tar.gz\n".encode(), "line 3: another sum of one.tar.gz"),
    "UTF-16 without a mark": (PLAIN.encode("utf-16-le"), "line 1: not a line of sha256sum"),
    "UTF-16 cut short": (b"\xff\xfe" + PLAIN.encode("utf-16-le")[:-1], "cannot be read"),
    "no text": (b"\x80\x81\n", "cannot be read"),
    "too large": (b"#" * 1_000_001, "larger than 1,000,000 bytes"),
}


@pytest.mark.parametrize("wrong", REFUSED.values(), ids=REFUSED.keys())
def test_lists_that_are_refused(tmp_path, wrong):
    content, said = wrong
    (tmp_path / SUMS).write_bytes(content)
    with pytest.raises(DataError) as caught:
        listed_sums(tmp_path)
    assert str(tmp_path / SUMS) in str(caught.value)
    assert said in str(caught.value)
    assert "sha256sum FILES > SHA256SUMS" in str(caught.value)


@pytest.mark.parametrize("kind", ["device", "nowhere", "folder", "circle"])
def test_what_is_no_list_is_not_passed_over(tmp_path, kind):
    path = tmp_path / SUMS
    if kind == "folder":
        path.mkdir()
    else:
        path.symlink_to({"device": "/dev/zero", "nowhere": "nowhere", "circle": SUMS}[kind])
    with pytest.raises(DataError, match=f"{path} (cannot be read|is larger than)"):
        listed_sums(tmp_path)


def test_no_list_lists_nothing(tmp_path):
    assert listed_sums(tmp_path) == listed_sums(tmp_path / "nowhere") == {}


def test_a_data_set_is_held_against_powershells_list(folder):
    archives.mnist(folder / "mnist")
    path = folder / "mnist" / SUMS
    entries = [line.split("  ") for line in path.read_text().splitlines()]
    lines = "".join(f"{found.upper()}  {name}\r\n" for found, name in entries)
    path.write_bytes(b"\xff\xfe" + lines.encode("utf-16-le"))
    assert load("mnist").classes == 10
    load.__globals__["_load"].cache_clear()
    with (path.parent / "t10k-images-idx3-ubyte.gz").open("ab") as file:
        file.write(b"\0")
    refused("mnist", f"by its {SUMS}")
