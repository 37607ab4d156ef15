"""Where --out may point: regular files are replaced, links followed, pipes and devices written through."""

import os
import pty
import socket
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from aspis_sim_cli import rows_file
from aspis_sim_cli.rows_file import RowsFile

from aspis_sim import files
from aspis_sim.errors import DataError, InputError
from aspis_sim.files import read_bounded, writable, write_whole
from aspis_sim.study import Study
from tests.cli.program import PROGRAM, SMALL, invoke, refused, rows

TABLE = "distortion --scheme aspis --q 2 --attack strong --format csv"
"""A row of a moment."""


@pytest.fixture
def device(tmp_path):
    """Makes a device node with the numbers of a real one, so that no code under test can harm the machine's own."""

    def made(name, kind=stat.S_IFCHR):
        path = tmp_path / f"{name}-copy"
        try:
            os.mknod(path, kind | 0o666, os.stat(f"/dev/{name}").st_rdev if kind == stat.S_IFCHR else os.makedev(7, 99))
            os.close(os.open(path, os.O_WRONLY)) if kind == stat.S_IFCHR else None
        except PermissionError:
            pytest.skip("only root may make device nodes, and open them where the file system lets it")
        return path

    return made


def drained(path, command):
    """What a reader of the named pipe gets while the command runs."""
    got = []
    reader = threading.Thread(target=lambda: got.append(path.read_text()), daemon=True)
    reader.start()
    command()
    reader.join(10)
    assert not reader.is_alive(), "nothing was written into the pipe"
    return got[0]


def test_a_named_pipe_is_written_through_and_stays(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    printed = []
    text = drained(pipe, lambda: printed.append(invoke(TABLE, "--out", pipe).stdout))
    assert [text] == printed
    assert len(rows(text)) == 1
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_sweep_writes_a_pipe_once_though_a_file_is_rewritten_as_cells_end(tmp_path, monkeypatch):
    monkeypatch.setattr(rows_file, "SAVE_EVERY", -1.0)
    pipe, plain = tmp_path / "pipe", tmp_path / "rows.csv"
    os.mkfifo(pipe)
    versions = [f"{number}\n" for number in range(6)]
    for path, read in ((plain, lambda path, command: command()), (pipe, drained)):
        left = iter(versions)
        file = RowsFile(path, left.__next__)

        def cells(file=file):
            file._next = 0.0
            file.now_and_then()
            file.save()

        text = read(path, cells)
        assert (text or path.read_text()) == ("1\n" if path is plain else "0\n")
    assert len(rows(drained(pipe, lambda: invoke(f"sweep {SMALL} --seeds 0 --lr 0.1 --quiet --out", pipe)))) == 4


def test_a_device_is_written_through_and_a_full_one_is_said(device):
    null, full = device("null"), device("full")
    assert len(rows(invoke(TABLE, "--out", null).stdout)) == 1
    assert f"cannot write {full}: No space left on device" in refused(TABLE, "--out", full, code=3)
    assert stat.S_ISCHR(os.lstat(null).st_mode)
    assert stat.S_ISCHR(os.lstat(full).st_mode)
    assert sorted(null.parent.iterdir()) == [full, null]


def test_a_disk_a_socket_and_a_folder_are_refused(tmp_path, device, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as own:
        own.bind("here")
        assert "cannot write here: it is a socket; name a file" in refused(TABLE, "--out here")
    assert "cannot write .: it is a folder" in refused(TABLE, ["--out", ""])
    disk = device("loop", stat.S_IFBLK)
    assert f"cannot write {disk}: it is a disk; name a file" in refused(TABLE, "--out", disk)
    assert stat.S_ISBLK(os.lstat(disk).st_mode)


def test_symbolic_links_are_followed_and_stay(tmp_path):
    kept, link, chain = tmp_path / "far/kept.csv", tmp_path / "link.csv", tmp_path / "chain.csv"
    link.symlink_to("far/kept.csv")
    chain.symlink_to(link)
    text = invoke(TABLE, "--out", chain).stdout  # dangling at first: the file and its folder are made
    assert kept.read_text() == text
    kept.write_text("old")
    invoke(TABLE, "--out", link)
    assert kept.read_text() == text
    assert (link.is_symlink(), chain.is_symlink(), kept.is_symlink()) == (True, True, False)
    assert list(kept.parent.iterdir()) == [kept]
    loop = tmp_path / "loop.csv"
    loop.symlink_to(loop)
    assert "Too many levels of symbolic links" in refused(TABLE, "--out", loop)


@pytest.mark.parametrize("mask", [0o077, 0o027, 0o002])
def test_a_new_file_has_the_permissions_of_the_mask_and_an_old_one_keeps_its_own(mask, tmp_path):
    new, old = tmp_path / "new.csv", tmp_path / "old.csv"
    old.write_text("old")
    old.chmod(0o640)
    before = os.umask(mask)
    try:
        write_whole(writable(new), "new")
        write_whole(writable(old), "new")
        Study.create(tmp_path / "study").close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(new.stat().st_mode) == 0o666 & ~mask
    assert stat.S_IMODE((tmp_path / "study/study.db").stat().st_mode) == 0o666 & ~mask
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert old.read_text() == "new"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes files of others")
def test_root_leaves_a_file_to_its_owner(tmp_path):
    path = tmp_path / "theirs.csv"
    path.write_text("old")
    os.chown(path, 12345, 23456)
    write_whole(writable(path), "new")
    assert (path.stat().st_uid, path.stat().st_gid, path.read_text()) == (12345, 23456, "new")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_refused(tmp_path):
    path = tmp_path / "fixed.csv"
    path.write_text("old")
    path.chmod(0o444)
    assert f"cannot write {path}: Permission denied" in refused(TABLE, "--out", path)


def test_names_of_any_length_that_the_system_takes():
    invoke(TABLE, "--out", "x" * 251 + ".csv")
    assert Path("x" * 251 + ".csv").is_file()
    assert "File name too long" in refused(TABLE, "--out", "x" * 300 + ".csv", lines=2)
    with pytest.raises(InputError, match="null character"):
        writable(Path("a\0b"))


def test_descriptors_of_the_process_are_written_through(tmp_path):
    """What /dev/stdout is, a link to /proc/self/fd/1, to a pipe and a file; a process substitution; a descriptor."""
    (tmp_path / "stdout").symlink_to("/proc/self/fd/1")
    script = """
        set -e
        "$@" --out stdout > redirected
        "$@" --out stdout | cat > piped
        "$@" --out >(cat > substituted) > /dev/null
        "$@" --out /dev/fd/7 7> seven > /dev/null
    """
    program = [*PROGRAM, *TABLE.removesuffix(" --format csv").split()]
    done = subprocess.run(["bash", "-c", script, "-", *program], cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert (tmp_path / "stdout").is_symlink()
    wanted = invoke(TABLE).stdout
    for name in ("redirected", "piped", "substituted", "seven"):
        text = (tmp_path / name).read_text()
        assert text.startswith(wanted), name
        assert (text == wanted) == (name in ("substituted", "seven"))  # a table follows on stdout


def test_a_terminal_is_written_through():
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    write_whole(writable(Path(name)), "seen\n")
    assert os.read(master, 100) == b"seen\r\n"
    assert stat.S_ISCHR(os.lstat(name).st_mode)
    os.close(master)
    os.close(slave)


def test_a_descriptor_that_is_closed_or_only_read_is_refused(tmp_path):
    with (tmp_path / "there").open("w+b") as file:
        number = file.fileno()
    with pytest.raises(InputError, match="Bad file descriptor"):
        writable(Path(f"/dev/fd/{number}"))
    with (tmp_path / "there").open("rb") as file, pytest.raises(InputError, match="Permission denied"):
        writable(Path(f"/dev/fd/{file.fileno()}"))


def test_a_full_disk_keeps_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "rows.csv"
    path.write_text("old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"cannot write .*rows\.csv: No space left on device"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "words", ["sweep --study=", "sweep --tensorboard=", "merge there --into=", "data status --data-dir="]
)
def test_an_empty_folder_name_is_refused(words, tmp_path):
    said = " ".join(invoke(words, code=2).stderr.split())
    assert "an empty name; name a folder" in said
    assert not list(tmp_path.iterdir())


def test_reading_is_bounded_by_what_comes_and_not_by_what_the_system_claims(tmp_path, monkeypatch):
    plain, pipe = tmp_path / "plain", tmp_path / "pipe"
    plain.write_bytes(b"x" * 100)
    os.mkfifo(pipe)
    assert read_bounded(plain, 100) == b"x" * 100
    for path, limit in ((plain, 99), (Path("/dev/zero"), 3 << 20)):
        with pytest.raises(InputError, match=rf"{path} is larger than {limit:,} bytes, which no table is"):
            read_bounded(path, limit, "table")
    writer = threading.Thread(target=pipe.write_bytes, args=(b"y" * 200_000,), daemon=True)
    writer.start()
    assert read_bounded(pipe, 200_000) == b"y" * 200_000
    writer.join()
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    with pytest.raises(InputError, match="a pipe into which nothing is written"):
        read_bounded(pipe, 100)
    reading, writing = os.pipe()
    os.write(writing, b"<(command)")
    os.close(writing)
    assert read_bounded(Path(f"/dev/fd/{reading}"), 100) == b"<(command)"
    os.close(reading)
    with pytest.raises(IsADirectoryError):
        read_bounded(tmp_path, 100)
