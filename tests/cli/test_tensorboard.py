"""--tensorboard: event files hold the numbers of the run, a folder a run, and are written whole or not at all."""

import json
import struct
import sys

import pytest
from tensorboardX.proto.event_pb2 import Event

from aspis_sim.report import tensorboard
from aspis_sim.spec.grid import Grid
from tests.cli.program import invoke, refused

RUN = "--workers 5 --q 1 --steps 6 --samples-per-file 2 --model softmax"


def events(folder):
    """The events of the one file in a folder; its records are a length, a checksum, the event, a checksum."""
    (path,) = folder.iterdir()
    content, found = path.read_bytes(), []
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        found.append(Event.FromString(content[12 : 12 + length]))
        content = content[16 + length :]
    return found


def scalars(folder):
    values = [(value.tag, event.step, value.simple_value) for event in events(folder) for value in event.summary.value]
    return {
        tag: {step: value for name, step, value in values if name == tag}
        for tag in {tag for tag, _, _ in values}
        if tag != "cell/text_summary"
    }


def test_the_events_of_a_run_are_its_record(tmp_path):
    record = json.loads(
        invoke(f"train {RUN} --scheme aspis --attack weak --every 4 --format json --tensorboard {tmp_path}/tb").stdout
    )
    (folder,) = (tmp_path / "tb").iterdir()
    found = scalars(folder)
    files = record["row"]["files"]
    assert set(found) == {
        "train/loss", "epsilon/measured", "epsilon/lost", "excluded/byzantine", "excluded/honest",
        "test/top1", "test/loss",
    }  # fmt: skip
    steps = range(1, 7)
    assert found["train/loss"] == pytest.approx(dict(zip(steps, record["loss"], strict=True)))
    assert found["epsilon/lost"] == pytest.approx(dict.fromkeys(steps, record["lost"][0] / files))
    assert found["excluded/byzantine"] == dict.fromkeys(steps, 1)
    assert found["excluded/honest"] == dict.fromkeys(steps, 0)
    assert found["test/top1"] == pytest.approx({point["step"]: point["top1"] for point in record["curve"]})
    assert found["test/loss"][6] == pytest.approx(record["row"]["loss"])
    text = [value for event in events(folder) for value in event.summary.value if value.tag == "cell/text_summary"]
    assert b"- scheme: `aspis`" in text[0].tensor.string_val[0]


def test_a_sweep_writes_a_folder_a_run_and_the_same_run_again_replaces_its_own(tmp_path):
    sweep = f"sweep {RUN} --scheme aspis,median --seeds 0,1 --lr 0.03 --format csv --tensorboard {tmp_path}"
    invoke(sweep)
    first = {folder.name: scalars(folder) for folder in tmp_path.iterdir()}
    assert len(first) == 4
    assert sorted(name.split("-")[0] for name in first) == ["aspis", "aspis", "median", "median"]
    invoke(sweep)
    assert {folder.name: scalars(folder) for folder in tmp_path.iterdir()} == first


def test_what_is_not_finite_is_left_out_and_what_failed_leaves_nothing(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from aspis_sim import plugin\n"
        "plugin.rule('no-vector-at-all')(lambda: lambda rows: rows)\n"
        "plugin.scheme('broken-board', assignment='baseline', rule='no-vector-at-all')\n"
    )
    words = f"{RUN} --scheme average,broken-board --payload nan --seeds 0 --lr 0.03 --format csv --tensorboard tb"
    invoke(f"--plugin mine.py sweep {words}", code=4)
    (folder,) = (tmp_path / "tb").iterdir()
    assert folder.name.startswith("average-")
    found = scalars(folder)
    assert list(found["train/loss"]) == [1]
    assert "test/loss" not in found
    assert found["epsilon/measured"][6] == pytest.approx(0.2)


def test_names_of_runs_are_names_of_folders_and_no_two_cells_share_one():
    grid = Grid.of(
        scheme=("aspis+", "median"),
        q=(1, 2),
        attack=("weak",),
        payload=("alie:ddof=1", "zero"),
        strength=(0.5, 1.5),
    )
    names = [tensorboard.run_name(group.first) for group in grid.groups()]
    assert len(set(names)) == 16
    assert names[0].startswith("aspis+-weak-q1-alie-ddof-1-lr0.03-seed0-")
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._+-") for name in names)


def test_bad_input_is_said_before_any_work(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    assert f"cannot write {tmp_path}/file" in refused(f"train {RUN} --tensorboard {tmp_path}/file")
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    assert "pip install 'aspis-sim[tensorboard]'" in refused(f"train {RUN} --tensorboard tb")
