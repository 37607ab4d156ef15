"""A new user's way: the wheel in a clean environment, then the commands of README and the guides in an empty folder."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import numpy as np
import pytest

from tests.quick import ENVIRONMENT

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/tutorial.md", "docs/your-own-parts.md")

RUN = "--workers 9 --steps 2 --lr 0.03 --samples-per-file 2"
"""What a run is given on top of what a page says, so that it takes a moment; the last of an option's values counts."""

SWEEP = f"{RUN} --q 3 --seeds 0 --payload constant"

SCHEMES = "--scheme aspis,median"
"""Of sweeps that name none."""

BESIDE_A_PLUGIN = "--scheme median"
"""Where the plugin is of no scheme: the program that compiles fastest, for each of them takes one of its own."""

LEFT_OUT = {
    "aspis-sim attack --scheme aspis,byzshield,nnm+krum --q 2,4,7": "searches for minutes",
    "aspis-sim compare study --by scheme=aspis,median": "needs a study of both; tests/cli/test_compare.py",
    "aspis-sim bench": "needs the benchmarks, which are no part of the wheel; tests/cli/test_bench.py",
    "aspis-sim reproduce distortion": "takes 5 s; tests/cli/test_reproduce.py",
    "aspis-sim plot": "the name of a command",
    "aspis-sim sweep --study demo": "resumes what is done; tests/cli/test_study.py",
    "aspis-sim sweep --study first --add-seeds 5": "takes no other settings; tests/cli/test_study.py",
    "aspis-sim sweep --q 4 --scheme aspis --detector clique,certified --momentum 0,0.9 --study parts": "four programs",
    "aspis-sim train --plugin my_rule.py --scheme median --aggregator median-length:factor=0.5 --q 2": "a program more",
    "aspis-sim doctor": "exits with 4 where something is missing; tests/cli/test_doctor.py",
}
"""Commands of the pages that are not run -> why."""

IMAGES = np.random.default_rng(0).integers(0, 256, (400, 5, 5), dtype=np.uint8)
"""The user's own data, for the files that the page on plugins names."""

QUICKLY = {**ENVIRONMENT, "COLUMNS": "100"}
"""Of the programs: what is asserted does not hang on machine code."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    hatchling = pytest.importorskip("hatchling.builders.wheel")
    (found,) = hatchling.WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("dist")))
    return Path(found)


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """Nothing but the wheel; what it depends on is borrowed from the environment of the tests."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder)
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "--quiet", "--no-compile"]
    run(*pip, "--no-index", "--no-deps", wheel, cwd=folder)
    own = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    Path(own, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def run(*words, cwd, given="", **more):
    """A process that knows nothing of the checkout; it must end well."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "ASPIS_PLUGINS")}
    done = subprocess.run(
        words, cwd=cwd, env={**kept, **more}, input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def commands():
    """Every command line of the pages, in blocks and in text, in their order and once each."""
    found: dict[str, None] = {}
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        fenced = re.findall(r"(?ms)^```([^\n]*)\n(.*?)^```$", text)
        blocks = "".join(block for language, block in fenced if not language).replace("\\\n", " ")
        prose = re.sub(r"(?ms)^```.*?^```$", "", text).replace("\n", " ")
        found |= dict.fromkeys(re.findall(r"(?m)^aspis-sim .*$", blocks) + re.findall(r"`(aspis-sim [^`]*)`", prose))
    return list(found)


def small(line):
    """A command with so little to train that it takes a moment."""
    words = line.split()
    if not {"sweep", "train"} & set(words):
        return line
    more = [SWEEP if "sweep" in words else RUN, *([] if "--model" in words else ["--model softmax"])]
    if "--plugin" in words and "my_rule.py" not in " ".join(words):
        more.append(BESIDE_A_PLUGIN)
    elif "sweep" in words and "--scheme" not in words:
        more.append(SCHEMES)
    return " ".join([line, *more])


def test_commands_that_are_left_out_are_on_the_pages():
    assert set(LEFT_OUT) <= set(commands())


@pytest.mark.slow
def test_what_the_pages_tell_a_new_user_to_do_works_in_an_empty_folder(environment, tmp_path, pytestconfig):
    for example in (ROOT / "docs/examples").glob("*.py"):
        shutil.copyfile(example, tmp_path / example.name)
    for file in ("my_data.npz", "more.npz"):
        np.savez(tmp_path / file, x=IMAGES, y=(IMAGES.mean(axis=(1, 2)) > 127).astype(int))
    # in one process plugins of one name are one file
    lines = [small(line).replace("docs/examples/", "") for line in commands() if line not in LEFT_OUT]
    notebook = json.loads((ROOT / "docs/examples/front_door.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    told = json.loads(
        run(
            environment / "bin/python", ROOT / "tests/installation/new_user.py", cwd=tmp_path,
            given=json.dumps({"commands": lines, "cells": cells}), **QUICKLY, **kept(pytestconfig),
        )
    )  # fmt: skip
    assert all(Path(place).is_relative_to(environment) for place in told["from"])
    failed = [f"{line}\n{shown}" for line, code, shown in told["ended"] if code != 0]
    assert not failed, "\n".join(failed)
    assert len(told["ended"]) == len(lines) > 15
    assert any("--dataset mine" in line for line in lines)
    assert told["resumed"]
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {"demo/report.html", "accuracy.pdf", "accuracy.png", "first/report.html", "rules.png"} <= written


def test_the_program_is_there_under_its_name(environment, tmp_path):
    assert "frame-up" in run(environment / "bin/aspis-sim", "list", "attacks", cwd=tmp_path)


def kept(config):
    """Where the tests keep compiled programs."""
    return {"ASPIS_CACHE_DIR": str(config.cache.mkdir("compiled"))} if hasattr(config, "cache") else {}
