"""Plugins: parts of a user's own that work as built-in ones do, and how they are found."""

import hashlib
import json
import os
import sys
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aspis_sim
from aspis_sim import plugin
from aspis_sim.aggregation import RULES
from aspis_sim.aggregation import rule as build_rule
from aspis_sim.errors import InputError, PluginError
from aspis_sim.plugin import register
from aspis_sim.records import columns_of
from aspis_sim.run.curve import Point, as_rows
from aspis_sim.run.figures.published import published_fraction
from aspis_sim.run.rate import Validation
from aspis_sim.run.resolve import resolve
from aspis_sim.run.train import Result
from aspis_sim.simulation import Score, Trace
from aspis_sim.spec.grid import Grid
from tests.cli.plugins import HEAD, SMALL, names, write
from tests.cli.program import ended, invoke, rows

TWINS = """
    from aspis_sim.adversary.choices import Attack
    from aspis_sim.aggregation import rule
    from aspis_sim.data import load
    from aspis_sim.detection.sound import detect_by_forced_workers
    import flax.linen as nn

    @plugin.rule("own-median")
    def own_median():
        "My median."
        return lambda rows, kept: rule("median")(rows, kept)

    @plugin.payload("own-scaled")
    def own_scaled(strength: float = 3.0):
        return lambda rows: -strength * rows.mean(0)

    @plugin.attack("own-weak")
    def own_weak(assignment, q):
        byzantine = np.arange(assignment.workers) < q
        return byzantine, byzantine[assignment.files]

    @plugin.timing("own-late")
    def own_late(after: float = 0.5):
        return lambda step, steps, exposed: step >= after * steps

    @plugin.assignment("own-triples")
    def own_triples(workers, redundancy):
        from itertools import combinations
        return np.array(list(combinations(range(workers), redundancy)))

    @plugin.detector("own-sound")
    def own_sound(agreement, *, max_byzantine, assignment):
        return detect_by_forced_workers(agreement, max_byzantine=max_byzantine)

    @plugin.model("own-softmax")
    def own_softmax(classes):
        class Softmax(nn.Module):
            @nn.compact
            def __call__(self, inputs):
                return nn.Dense(classes)(inputs.reshape(len(inputs), -1))
        return Softmax()

    @plugin.dataset("own-digits")
    def own_digits():
        return load("digits")

    plugin.scheme("own", assignment="own-triples", detector="own-sound", rule="own-median", summary="Mine.")
"""


def test_parts_of_every_kind_give_the_numbers_of_their_built_in_twins():
    write(TWINS)
    common = "--workers 7 --q 2 --steps 4 --samples-per-file 2 --format json"
    own = json.loads(
        invoke(
            f"train --plugin mine.py {common} --scheme own --attack own-weak --payload own-scaled --strength 2 "
            "--model own-softmax --dataset own-digits --timing own-late:after=0.25"
        ).stdout
    )
    twin = json.loads(
        invoke(
            f"train {common} --scheme aspis-sound --aggregator median --attack weak --payload inner_product "
            "--strength 2 --model softmax --timing late:after=0.25"
        ).stdout
    )
    assert own["row"]["detection_rate"] == 0.75
    assert own["curve"] == twin["curve"]
    assert own["loss"] == twin["loss"]
    named = {"scheme": "own", "assignment": "own-triples", "rule": "own-median", "attack": "own-weak"}
    named |= {"payload": "own-scaled", "model": "own-softmax", "dataset": "own-digits", "detector": "own-sound"}
    named |= {"timing": "own-late:after=0.25"}
    different = {key: own["row"][key] for key in own["row"] if own["row"][key] != twin["row"][key]}
    different.pop("seconds", None)
    assert different == named


def test_list_errors_and_other_commands_know_the_names():
    write(TWINS)
    listed = json.loads(invoke("--plugin mine.py list --format json").stdout)
    assert {"kind": "rules", "name": "own-median", "summary": "My median."} in listed
    assert {"kind": "schemes", "name": "own", "summary": "Mine."} in listed
    assert "did you mean own-median" in invoke(f"sweep {SMALL} --aggregator own-medain", code=2).stderr
    assert "did you mean own?" in invoke(f"sweep {SMALL} --scheme owm", code=2).stderr
    found = rows(
        invoke("detect --workers 7 --q 2 --attack own-weak --detector own-sound,sound --trials 2 --format csv").stdout
    )
    assert [row["detector"] for row in found] == ["own-sound", "sound"]
    assert found[0] | {"detector": "sound"} == found[1]
    assert "own-triples" in invoke("list assignments --workers 7 --format csv").stdout
    assert "own-digits" in invoke("data status --format csv").stdout


def test_a_file_is_named_on_the_command_line_in_the_environment_or_from_python(tmp_path):
    one = write('plugin.scheme("one-more", assignment="baseline")', "one.py")
    two = write('plugin.scheme("two-more", assignment="baseline")', "two.py")
    listed = invoke("list schemes --format csv", ASPIS_PLUGINS=os.pathsep.join([one, two])).stdout
    assert "one-more" in listed
    assert "two-more" in listed
    assert plugin.loaded() == tuple(
        (name, hashlib.sha256((tmp_path / f"{name}.py").read_bytes()).hexdigest()) for name in ("one", "two")
    )
    assert plugin.paths() == (tmp_path / "one.py", tmp_path / "two.py")
    assert plugin.load(one).name == "one"
    assert len(plugin.loaded()) == 2


def test_a_cell_knows_its_plugins_and_no_others():
    write(
        'plugin.scheme("used", assignment="baseline", rule="used-rule")\nplugin.rule("used-rule")(lambda: max)', "a.py"
    )
    write('plugin.scheme("unused", assignment="baseline")', "b.py")
    for kind in ("preaggregation", "optimizer", "schedule", "partition"):
        write(f'plugin.{kind}("used-{kind}")(lambda: max)', f"{kind}.py")
    for name in ("a.py", "b.py", "preaggregation.py", "optimizer.py", "schedule.py", "partition.py"):
        plugin.load(name)
    own, other = (group.first for group in Grid.of(scheme=("used", "median"), q=(1,)).groups())
    assert [source.name for source in own.plugins] == ["a"]
    assert other.plugins == ()
    for kind, cell in (
        ("preaggregation", replace(other, rule="used-preaggregation+median")),
        ("optimizer", replace(other, optimizer="used-optimizer")),
        ("schedule", replace(other, schedule="used-schedule")),
        ("partition", replace(other, heterogeneity="used-partition")),
    ):
        assert [source.name for source in cell.plugins] == [kind]


def test_nothing_is_published_about_an_attack_of_ones_own():
    plugin.attack("unheard-of")(lambda assignment, q: (np.arange(assignment.workers) < q, None))
    (own,), (weak,) = (
        [group.first for group in Grid.of(scheme=("aspis",), q=(3,), attack=(attack,)).groups()]
        for attack in ("unheard-of", "weak")
    )
    assert published_fraction(resolve(own)) is None
    assert published_fraction(resolve(weak)) == 1 / 455


def test_a_metric_is_a_column_after_those_of_the_curve():
    cell = Grid.of(scheme=("median",), q=(1,)).groups()[0].first
    trace = Trace(*(np.zeros(2, int) for _ in Trace._fields))
    plain = Result(cell, Validation(), trace=trace, curve=((1, Score(0.5, 2.0)), (2, Score(0.75, 1.0))))
    found, columns = as_rows(replace(plain, metrics=((1, {"mine": 0.25}), (2, {"mine": 0.5}))))
    assert columns == (*columns_of(Point), "mine")
    assert [(row["step"], row["top1"], row["mine"]) for row in found] == [(1, 0.5, 0.25), (2, 0.75, 0.5)]
    assert as_rows(plain)[1] == columns[:-1]


def test_a_callback_sees_every_point_of_the_curve_and_one_that_raises_ends_the_run():
    moments: list[Any] = []
    plugin.callback("looks")(moments.append)
    settings: dict[str, Any] = {"scheme": "median", "q": 1, "steps": 5, "model": "softmax", "workers": 5}
    curve = aspis_sim.train(**settings, every=2).curve
    assert [(one.step, one.top1, one.loss) for one in moments] == list(curve)
    assert [one.step for one in moments] == [2, 4, 5]
    leaves = [jax.tree.leaves(one.parameters) for one in moments]
    assert all(type(leaf) is np.ndarray for leaf in leaves[0])
    assert not np.array_equal(leaves[0][-1], leaves[1][-1])

    @plugin.callback("spoils-its-copies")
    def spoil(moment):
        for leaf in jax.tree.leaves(moment.parameters):
            leaf[...] = np.nan

    assert aspis_sim.train(**settings, every=2).curve == curve
    plugin.callback("stops")(lambda moment: 1 // (moment.step - 4))
    with pytest.raises(PluginError, match="callback 'stops' raised ZeroDivisionError"):
        aspis_sim.train(**settings, every=2)


def test_a_part_can_be_registered_from_python_without_a_file():
    @plugin.rule("from-python")
    def from_python():
        return lambda rows: rows[0]

    assert np.array_equal(build_rule("from-python")(jnp.eye(3)), [1, 0, 0])
    assert plugin.loaded()[0][0] == __name__
    with pytest.raises(InputError, match="the rule 'from-python' exists already"):
        plugin.rule("from-python")(from_python)


def test_what_a_plugin_prints_stays_out_of_the_results():
    write('print("hello"); plugin.scheme("loud", assignment="baseline")')
    result = invoke(f"--plugin mine.py sweep {SMALL} --scheme loud")
    assert result.stdout.startswith("scheme,")
    assert "hello" in result.stderr


@pytest.fixture
def site(tmp_path):
    """A folder of installed packages: a plugin that works, and one that does not."""
    for name, text in (("fine", 'plugin.scheme("fine-scheme", assignment="baseline")'), ("torn", "1 / 0")):
        (tmp_path / f"{name}_package.py").write_text(HEAD + text + "\n")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[aspis_sim.plugins]\n{name} = {name}_package\n")
    return tmp_path


def test_installed_plugins_are_found_and_broken_ones_are_left_out(site):
    done = ended("list schemes --format csv", PYTHONPATH=os.pathsep.join([str(site), *sys.path]))
    assert done.returncode == 0, done.stderr
    assert "schemes,fine-scheme," in done.stdout
    assert done.stderr.strip() == "left out: installed plugin torn: ZeroDivisionError: division by zero"


def test_nothing_of_a_plugin_stays_when_it_is_forgotten():
    before = names()
    source = plugin.load(write(TWINS))
    assert len(names()) == len(before) + 9
    assert "own-median" in RULES
    register.forget(source)
    assert names() == before
