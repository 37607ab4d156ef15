"""The cache holds native programs: it is used only where nobody else can put files."""

import os

import jax
import pytest
from aspis_sim_cli import cache

from tests.cli.program import invoke, run

WORDS = "sweep --scheme median --workers 7 --q 1 --steps 1 --samples-per-file 2 --model softmax --format csv --quiet"
ROOT = os.geteuid() == 0


@pytest.fixture
def own(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("ASPIS_CACHE_DIR", str(folder))
    before = kept()
    yield folder
    jax.config.update("jax_compilation_cache_dir", before)


def kept():
    """Where JAX keeps compiled programs."""
    return jax.config.values["jax_compilation_cache_dir"]


def used(capsys):
    """Whether compiled programs would be kept, and what was said."""
    jax.config.update("jax_compilation_cache_dir", None)
    cache.use_compiled(True)
    return kept() is not None, capsys.readouterr().err


def test_a_new_folder_is_the_users_alone_whatever_the_mask(own, capsys):
    before = os.umask(0)
    try:
        assert used(capsys) == (True, "")
    finally:
        os.umask(before)
    made = [own, *(path for path in own.rglob("*") if path.is_dir())]
    assert len(made) == 3
    assert {path.stat().st_mode & 0o777 for path in made} == {0o700}
    assert cache.history() == own / "timings.jsonl"


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o702])
@pytest.mark.parametrize("part", ["", "programs"])
def test_a_folder_that_others_can_write_is_not_used_and_that_is_one_line(own, capsys, mode, part):
    folder = own / part
    folder.mkdir(parents=True, mode=0o700)
    folder.chmod(mode)
    ours, said = used(capsys)
    assert not ours
    assert said == (
        f"compiled programs are not kept: others can write {folder}; "
        "remove it, or empty it and take the right away: chmod go-w\n"
    )
    assert (cache.history() is None) == (part == "")


@pytest.mark.parametrize("name", ["shared", None])
def test_a_group_may_write_only_if_it_is_the_users_own(own, capsys, monkeypatch, name):
    import grp
    import pwd

    own.mkdir(mode=0o700)
    own.chmod(0o770)
    user = pwd.getpwuid(os.geteuid()).pw_name
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group((name or user, "x", gid, [])))
    ours, said = used(capsys)
    assert ours == (name is None)
    assert ("others can write" in said) == (name is not None)


@pytest.mark.skipif(not ROOT, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_used_not_even_by_root(own, capsys):
    own.mkdir(mode=0o700)
    os.chown(own, 12345, -1)
    ours, said = used(capsys)
    assert not ours
    assert said.startswith(f"compiled programs are not kept: {own} belongs to another user (12345); name a folder")


@pytest.mark.parametrize(("mode", "ours"), [(0o777, False), (0o1777, True)])
def test_a_folder_above_that_everybody_can_write_must_be_sticky(tmp_path, monkeypatch, own, capsys, mode, ours):
    above = tmp_path / "above"
    above.mkdir()
    above.chmod(mode)
    monkeypatch.setenv("ASPIS_CACHE_DIR", str(above / "cache"))
    used_it, said = used(capsys)
    assert used_it == ours
    assert ("others can replace what is in" in said) == (not ours)


def test_a_link_is_judged_by_where_it_leads(tmp_path, own, capsys):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    own.symlink_to(shared)
    assert used(capsys)[0] is False


def test_a_sweep_runs_without_the_cache_and_doctor_says_it(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    done = invoke(WORDS, ASPIS_CACHE_DIR=str(shared))
    assert done.stderr.count("compiled programs are not kept") == 1
    assert list(shared.iterdir()) == []
    result = run("doctor --format csv", ASPIS_CACHE_DIR=str(shared))
    assert f"others can write {shared}" in result.stdout
