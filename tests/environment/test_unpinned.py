"""What the environment says about numbers and cannot be pinned: runs are recorded with it, and known by it."""

from dataclasses import replace

import pytest

from aspis_sim.analysis import verification
from aspis_sim.environment import NO_NUMBERS, SWITCHES, TEXTS, unpinned
from aspis_sim.run.machine import this_machine
from aspis_sim.study.fingerprint import code_version, origin_of
from aspis_sim.study.study import Study
from tests.cli.program import invoke
from tests.study.made_up import cells

FAST = "--xla_cpu_enable_fast_math=true"


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch):
    for name in (*SWITCHES, *TEXTS):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", [*SWITCHES, *TEXTS])
def test_a_variable_that_changes_numbers_is_part_of_the_key_and_of_the_record(name, monkeypatch):
    cell = cells()[0]
    usual = origin_of(cell)
    assert usual.code == code_version()
    monkeypatch.setenv(name, "1" if name in SWITCHES else FAST)
    assert unpinned() == {name: "1" if name in SWITCHES else FAST}
    assert origin_of(cell).code != usual.code
    assert origin_of(cell).data == usual.data
    assert this_machine().versions[name] == unpinned()[name]
    monkeypatch.setenv(name, "0" if name in SWITCHES else " ")
    assert unpinned() == {}
    assert origin_of(cell) == usual


def test_flags_of_xla_that_change_no_number_do_not_count_and_a_file_of_flags_does(tmp_path, monkeypatch):
    silent = " ".join(f"--{one}x=8" for one in NO_NUMBERS)
    monkeypatch.setenv("XLA_FLAGS", silent)
    assert unpinned() == {}
    monkeypatch.setenv("XLA_FLAGS", f"{silent} {FAST}")
    assert unpinned() == {"XLA_FLAGS": FAST}
    file = tmp_path / "flags"
    file.write_text(f"{silent}\n{FAST}\n")
    monkeypatch.setenv("XLA_FLAGS", str(file))
    assert unpinned() == {"XLA_FLAGS": FAST}


def test_runs_with_and_without_fast_math_do_not_mix_in_a_study(monkeypatch):
    words = "sweep --study kept --workers 5 --q 1 --scheme median --steps 2 --model softmax --lr 0.1 --quiet"
    first = invoke(words, "--format csv --seeds 0")
    assert "XLA_FLAGS" not in first.stderr
    monkeypatch.setenv("XLA_FLAGS", FAST)
    refused = invoke(words, "--seeds 0,1", code=2)
    assert f"XLA_FLAGS={FAST} can change numbers: a study keeps such runs apart" in refused.stderr
    assert "other code" in refused.stderr
    both = invoke(words, "--seeds 0,1 --other-version rerun --format csv")
    assert len(both.stdout.splitlines()) == 3
    monkeypatch.delenv("XLA_FLAGS")
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    with Study.open("kept") as study:
        run = study.runs()[0]
        told = verification._elsewhere(replace(run, cell=study.cell(run.key)))
    assert f"XLA_FLAGS {FAST} then, unset now" in told
    assert "NVIDIA_TF32_OVERRIDE unset then, 0 now" in told
