"""What Python users are shown: README's examples and the notebook run, and the front door keeps what it promises."""

import csv
import inspect
import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from aspis_sim_cli.app import app
from typer.testing import CliRunner

import aspis_sim
from aspis_sim import front
from aspis_sim.detection import DETECTORS
from aspis_sim.run.row import COLUMNS
from aspis_sim.spec.grid import AXES

pytestmark = pytest.mark.usefixtures("runs_of_its_own")

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs/examples/front_door.ipynb"
CHEAP: dict[str, Any] = {"scheme": "median", "workers": 5, "model": "softmax", "steps": 3, "lr": 0.03, "seeds": 0}


def python_of(path):
    return re.findall(r"(?ms)^```python\n(.*?)^```$", path.read_text(encoding="utf-8"))


def test_the_first_example_of_the_readme_sweeps_trains_and_refuses(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {}
    exec(python_of(ROOT / "README.md")[0], space)
    shown = capsys.readouterr().out
    assert [f"{done} of 4: " in shown for done in range(1, 6)] == [True] * 4 + [False]
    assert shown.rstrip().endswith("unknown detector 'cliqe'; did you mean clique?")
    assert len(list(csv.DictReader((tmp_path / "first.csv").open(encoding="utf-8")))) == 4
    assert space["best"].top1 == max(row.top1 for row in space["results"].rows)
    assert space["run"].trace.loss.shape == (10,)
    assert (tmp_path / "first/study.db").is_file()


def test_the_second_example_of_the_readme_does_what_its_comments_say():
    space: dict[str, Any] = {}
    exec(python_of(ROOT / "README.md")[1], space)
    assert (space["worst"].count, len(space["groups"].files)) == (8, 25)
    assert space["verdict"].honest.tolist() == [False] * 4 + [True] * 11
    assert space["median"](space["np"].array([[1.0, 5.0], [2.0, 4.0], [9.0, 0.0]])).tolist() == [2, 4]
    assert len(python_of(ROOT / "README.md")) == 2


SMALLER = ("steps=60", 'steps=2, workers=9, model="softmax", lr=0.03, seeds=0')
"""What the sweep of the tutorial is given instead of its steps, so that it takes a moment."""


@pytest.mark.parametrize("page", ["tutorial.md", "your-own-parts.md"])
def test_the_examples_of_the_guides_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = python_of(ROOT / "docs" / page)
    exec(code.replace(*SMALLER), {"__name__": "example"})
    if page == "your-own-parts.md":
        assert not DETECTORS.traits("trusting").detects
    else:
        assert SMALLER[0] in code
        assert (tmp_path / "first/study.db").is_file()


def test_the_notebook_runs_cell_by_cell(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], len({cell["id"] for cell in notebook["cells"]})) == (4, len(notebook["cells"]))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in cells] == [([], None)] * len(cells)
    space: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        exec(compile("".join(cell["source"]), f"cell {number}", "exec"), space)
    shown = capsys.readouterr().out
    assert len(re.findall(r"\d of 4: (median|average), q=[13], top-1 0\.\d{3}", shown)) == 4
    assert space["resumed"].rows == space["results"].rows
    assert len(space["frame"]) == 4
    if "matplotlib" not in shown:
        assert (tmp_path / "rules.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("function", "several"), [(aspis_sim.sweep, True), (aspis_sim.train, False)])
def test_the_signature_and_the_help_list_every_setting(function, several):
    words = [(one.flag_of_several if several else one.flag).replace("-", "_") for one in AXES.values()]
    listed = list(inspect.signature(function).parameters)
    assert listed[: len(words)] == words
    assert set(listed[len(words) :]) <= set(inspect.getfullargspec(inspect.unwrap(function)).kwonlyargs) | {
        *("study", "progress", "executor", "other_version", "every", "yes")
    }
    told = (function.__doc__ or "").split("Settings and their defaults:")[1]
    assert re.findall(r"(?m)^ +(\w+): ", told) == words
    assert set(front.keywords(several).values()) == set(AXES)


def test_progress_is_told_of_growing_steps_and_of_every_row():
    told: list[aspis_sim.Progress] = []
    results = aspis_sim.sweep(**CHEAP, q="1,2", progress=told.append)
    done = [one.steps_done for one in told]
    assert done == sorted(done)
    assert (done[-1], told[-1].steps, told[-1].cells_done, told[-1].cells) == (6, 6, 2, 2)
    rows = sorted((one.row for one in told if one.row is not None), key=lambda row: row.q)
    assert all(row.same_numbers(other) for row, other in zip(rows, results.rows, strict=True))
    assert results.complete


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"momentun": 0.5}, "unknown setting 'momentun'; did you mean momentum"),
        ({"detector": "cliqe"}, "unknown detector 'cliqe'; did you mean clique"),
        ({"aggregator": "medain"}, "unknown rule 'medain'; did you mean median"),
        ({"workers": "many"}, "`workers` many: 'many' is not a number"),
        ({"rule": "median", "aggregator": "krum"}, "the setting rule is given twice"),
    ],
)
@pytest.mark.parametrize("function", [aspis_sim.sweep, aspis_sim.train])
def test_what_cannot_be_is_refused_with_the_nearest_that_can(function, given, message):
    with pytest.raises(aspis_sim.InputError, match=re.escape(message)):
        function(**given)


def test_a_run_takes_one_value_and_a_large_grid_is_asked_for():
    with pytest.raises(aspis_sim.InputError, match="a single run takes one value of momentum"):
        aspis_sim.train(momentum=[0, 0.9])
    with pytest.raises(aspis_sim.InputError, match=r"110,000 cells .*, more than 100,000; ask for them with `yes`"):
        aspis_sim.sweep(seeds=range(11_000), q=[1, 2], scheme="aspis,aspis-sound,detox,median,average")


def test_the_rows_are_those_of_the_command():
    results = aspis_sim.sweep(**CHEAP, aggregator="median,krum", q=[1], momentum=[0, 0.9])
    words = "--scheme median --workers 5 --model softmax --steps 3 --lr 0.03 --seeds 0 --q 1 --momentum 0,0.9"
    done = CliRunner().invoke(app, ["sweep", *words.split(), "--aggregator", "median,krum", "--format", "csv"])
    assert done.exit_code == 0, done.output

    def told(text):
        return [{**row, "seconds": ""} for row in csv.DictReader(io.StringIO(text))]

    assert told(results.to_csv()) == told(done.stdout)
    assert [(row.rule, row.momentum) for row in results.rows] == [
        ("median", 0.0), ("median", 0.9), ("krum", 0.0), ("krum", 0.9),
    ]  # fmt: skip
    assert results.to_csv().splitlines()[0].split(",") == list(COLUMNS)


def test_a_study_resumes_and_trains_nothing_twice(tmp_path):
    first = aspis_sim.sweep(**CHEAP, q=[1], study=tmp_path / "study")
    told: list[aspis_sim.Progress] = []
    second = aspis_sim.sweep(**CHEAP, q=[1], study=tmp_path / "study", progress=told.append)
    assert (second.rows, sum(one.row is not None for one in told)) == (first.rows, 0)
    assert sum(one.steps_done for one in told) == 0
    more = aspis_sim.sweep(**CHEAP, q=[1, 2], study=tmp_path / "study", progress=told.append)
    assert (len(more.rows), told[-1].steps_done) == (2, CHEAP["steps"])
    with aspis_sim.Study.open(tmp_path / "study") as study:
        assert len(study.runs()) == 2


def test_a_data_frame_needs_pandas_and_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(aspis_sim.InputError, match="a data frame needs pandas; install it with: pip install pandas"):
        front.Results(()).to_pandas()


def test_rows_are_written_to_a_file_that_is_named(tmp_path):
    results = aspis_sim.sweep(**CHEAP, q=[1])
    assert results.to_csv(tmp_path / "rows.csv") == (tmp_path / "rows.csv").read_text(encoding="utf-8")
    assert os.listdir(tmp_path) == ["rows.csv"]
    assert "q  median\n" in results.table()
