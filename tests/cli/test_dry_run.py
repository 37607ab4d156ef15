"""--dry-run, and the cache of compiled programs that the next process finds."""

import json

import pytest

from aspis_sim.simulation import compilations
from tests.cli import program
from tests.cli.forked import Asked, forked
from tests.cli.program import rows

SWEEP = "sweep --workers 9 --q 1..3 --scheme aspis,detox --model softmax --steps 30 --seeds 0,1"


def invoke(words, **environment):
    return program.invoke(words, **environment).stdout


def test_nothing_is_compiled_and_the_programs_are_counted():
    before = compilations()
    found = rows(invoke(f"{SWEEP} --dry-run --format csv"))
    assert compilations() == before
    assert [(row["schemes"], row["files"], row["steps"]) for row in found] == [
        ("aspis", "84", str(3 * 3 * 30)),
        ("detox", "3", str(3 * 3 * 30)),
    ]


@pytest.mark.parametrize(("memory", "chunks"), [("4GB", 1), ("200kB", 3)])
def test_memory_decides_how_a_step_is_cut(memory, chunks):
    words = f"train --workers 7 --q 2 --steps 3 --memory {memory} --dry-run --format json"
    (one,) = json.loads(invoke(words))["programs"]
    assert (one["chunks"] >= chunks) == (one["chunks"] > 1 or chunks == 1)
    assert one["parameters"] == 4810
    assert one["peak_bytes"] > 0
    assert one["tiles"] >= 1


def test_a_run_is_remembered_and_told_to_the_next(tmp_path):
    words = "train --scheme median --workers 7 --q 2 --steps 40 --model softmax --quiet --format csv"
    (before,) = json.loads(invoke(f"{words} --dry-run --format json", ASPIS_CACHE_DIR=str(tmp_path / "cache")))[
        "programs"
    ]
    assert before["seconds"] is None
    invoke(f"{words} --no-compile-cache", ASPIS_CACHE_DIR=str(tmp_path / "cache"))
    (tmp_path / "cache/timings.jsonl").open("a").write("{broken\n[]\n")
    (after,) = json.loads(invoke(f"{words} --dry-run --format json", ASPIS_CACHE_DIR=str(tmp_path / "cache")))[
        "programs"
    ]
    assert after["seconds"] > 0
    assert after["compile_seconds"] > 0


KEPT = """
import os
from pathlib import Path
from aspis_sim_cli.app import main
try:
    main()
finally:
    print(*(one.name for one in Path(os.environ["ASPIS_CACHE_DIR"]).glob("programs/*/jit_advance-*-cache")))
"""
"""The program, and then which programs are kept."""


@pytest.mark.slow
def test_compiled_programs_are_kept_for_the_next_process_unless_told_otherwise(tmp_path):
    words = "train --scheme median --workers 5 --q 1 --steps 3 --model softmax --quiet --format csv"
    cache = {"ASPIS_CACHE_DIR": str(tmp_path / "cache")}
    asked = [Asked(f"{words} {more}", cache, KEPT) for more in ("--no-compile-cache", "", "")]
    ends = forked(asked, in_turn=True)
    assert [end.returncode for end in ends] == [0, 0, 0], ends
    alone, first, second = [end.stdout.splitlines() for end in ends]
    assert alone.pop() == ""
    kept = first.pop()
    assert len(kept.split()) == 1
    assert second.pop() == kept
    assert first == second == alone != []
