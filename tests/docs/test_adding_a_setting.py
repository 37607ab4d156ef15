"""The patch in docs/adding-a-setting.md: two files, after which every part of the program knows the setting."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.quick import ENVIRONMENT

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/adding-a-setting.md").read_text(encoding="utf-8")

ASK = r"""
import csv, json, os, sys
from pathlib import Path
from typer.testing import CliRunner
import jax
import aspis_sim
from aspis_sim_cli.app import app

jax.devices()
del os.environ["XLA_FLAGS"]
found = {}
small = "--scheme aspis,median --workers 7 --q 1 --steps 5 --samples-per-file 1 --model softmax"
small += " --seeds 0,1 --lr 0.1 --attack strong"

def run(line, **environment):
    result = CliRunner().invoke(app, line.split(), env={"COLUMNS": "160", **environment})
    found["code"] = result.exit_code
    return result.stdout + result.stderr

found["folder"] = str(Path(aspis_sim.__file__).parent)
found["help"] = run("sweep --help-all") + run("train --help-all")
found["sweep"] = run(f"sweep {small} --weight-decay 0,0.1 --study study --out rows.csv")
found["csv"] = list(csv.DictReader(open("rows.csv")))
found["again"] = run(f"sweep {small} --weight-decay 0,0.1 --study study --out again.csv")
Path("set.toml").write_text("[sweep]\nweight-decay = [0, 0.1]\n")
found["config"] = run(f"sweep {small} --config set.toml --dry-run --format json")
found["environment"] = run(f"sweep {small} --dry-run --format json", ASPIS_SIM_SWEEP_WEIGHT_DECAY="0.3")
found["refused"] = run(f"sweep {small} --weight-decay 0,-1")
found["refused code"] = found["code"]
found["single"] = run("train --weight-decay 0,0.1")
found["single code"] = found["code"]
found["compare"] = run("compare study --by weight_decay=0,0.1 --format csv")
found["export"] = run("export study --format csv")
found["report"] = run("report study --out page.html")
found["page"] = Path("page.html").read_text()
completed = CliRunner().invoke(app, [], prog_name="aspis-sim", env={
    "_ASPIS_SIM_COMPLETE": "complete_bash", "COMP_WORDS": "aspis-sim sweep --weight", "COMP_CWORD": "2"})
found["completion"] = completed.stdout
same = {"workers": 7, "q": 1, "steps": 5, "samples_per_file": 1, "model": "softmax", "seeds": 0, "lr": 0.1}
results = aspis_sim.sweep(scheme="aspis", weight_decay=[0, 0.1], **same)
found["python"] = [(row.weight_decay, row.loss) for row in results.rows]
found["signature"] = str(__import__("inspect").signature(aspis_sim.sweep))
Path("found.json").write_text(json.dumps(found))
"""


def patch():
    (text,) = re.findall(r"```diff\n(.*?)```", PAGE, re.S)
    return text


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patched")
    for part in ("aspis_sim", "cli"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "setting.patch").write_text(patch(), encoding="utf-8")
    applied = ["git", "apply", "--unsafe-paths", "setting.patch"]
    done = subprocess.run(applied, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": f"{folder}:{folder / 'cli'}"}
    done = subprocess.run([sys.executable, "-c", ASK], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    assert answers["folder"] == str(folder / "aspis_sim")
    return answers


def test_it_touches_at_most_three_files():
    assert 1 <= len(re.findall(r"^\+\+\+ b/", patch(), re.M)) <= 3


def test_help_completion_and_python_name_it(found):
    assert found["help"].count("--weight-decay") == 2
    assert "that the server adds to the loss" in found["help"]
    assert "--weight-decay" in found["completion"]
    assert "weight_decay" in found["signature"]


def test_a_configuration_file_and_the_environment_set_it(found):
    told = {one["option"]: one["value"] for one in json.loads(found["config"])["options"]}
    assert told["weight-decay"] == "0,0.1"
    told = {one["option"]: one["value"] for one in json.loads(found["environment"])["options"]}
    assert told["weight-decay"] == "0.3"


def test_it_has_a_column_and_an_effect(found):
    rows = {(row["scheme"], row["weight_decay"], row["seed"]): float(row["loss"]) for row in found["csv"]}
    assert {decay for _, decay, _ in rows} == {"0.0", "0.1"}
    assert len(rows) == 8
    assert all(rows[one, "0.0", seed] != rows[one, "0.1", seed] for one, _, seed in rows)
    losses = dict(found["python"])
    assert losses[0.0] == rows["aspis", "0.0", "0"]
    assert losses[0.1] == rows["aspis", "0.1", "0"]


def test_tables_name_it_and_stored_runs_are_told_apart_by_it(found):
    assert "aspis (weight_decay=0.1)" in found["sweep"]
    assert "8 of 8" in found["again"]


def test_wrong_values_and_lists_for_one_run_are_refused(found):
    assert (found["refused code"], found["single code"]) == (2, 2)
    assert "weight decay -1.0; it must be 0 or more" in found["refused"]
    assert "--weight-decay" in found["single"]


def test_compare_export_and_report_take_it(found):
    assert "weight_decay=0.1" in found["compare"]
    exported = found["export"].splitlines()
    assert len(exported) == 1 + 8
    assert "weight_decay" in exported[0]
    assert "filter-weight_decay" in found["page"]
