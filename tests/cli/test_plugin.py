"""Plugins: parts of a user's own that work as built-in ones do, and broken or hostile ones that do no harm."""

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
from textwrap import dedent

import jax.numpy as jnp
import numpy as np
import pytest
from aspis_sim_cli.app import app
from typer.testing import CliRunner

from aspis_sim import plugin
from aspis_sim.aggregation import RULES
from aspis_sim.aggregation import rule as build_rule
from aspis_sim.errors import InputError, PluginError
from aspis_sim.experiment.grid import Grid
from aspis_sim.experiment.scheme import SCHEMES
from aspis_sim.plugin import register
from aspis_sim.plugin.guards import KINDS

SMALL = "--workers 5 --q 1 --seeds 0 --steps 2 --lr 0.03 --samples-per-file 2 --model softmax --format csv"
HEAD = "import numpy as np\nfrom aspis_sim import plugin\n"


@pytest.fixture(autouse=True)
def _forgotten():
    """No part of a plugin outlives its test; what was compiled does, so tests give their parts names of their own."""
    yield
    for source in set(register._sources.values()):
        register.forget(source)


def names():
    return {(kind, name) for kind, one in KINDS.items() for name in one.registry} | {("scheme", s) for s in SCHEMES}


def write(text, name="mine.py", head=HEAD):
    with open(name, "w", encoding="utf-8") as file:
        file.write(head + dedent(text))
    return name


def invoke(words, code=0, **environment):
    result = CliRunner().invoke(app, words.split() if isinstance(words, str) else words, env=environment)
    assert result.exit_code == code, result.output
    return result


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


TWINS = """
    from aspis_sim.adversary.targeting import Attack
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
            "--model own-softmax --dataset own-digits"
        ).stdout
    )
    twin = json.loads(
        invoke(
            f"train {common} --scheme aspis-sound --aggregator median --attack weak --payload inner_product "
            "--strength 2 --model softmax"
        ).stdout
    )
    assert own["row"]["detection_rate"] == 1
    assert own["curve"] == twin["curve"]
    assert own["loss"] == twin["loss"]
    named = {"scheme": "own", "assignment": "own-triples", "rule": "own-median", "attack": "own-weak"}
    named |= {"payload": "own-scaled", "model": "own-softmax", "dataset": "own-digits"}
    different = {key: own["row"][key] for key in own["row"] if own["row"][key] != twin["row"][key]}
    different.pop("seconds", None)
    assert different.pop("distortion_theory") == 5 / 35  # of an attack that nothing is published on: the worst case
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


def test_a_file_of_options_names_plugins_too():
    write('plugin.scheme("of-a-file", assignment="baseline")')
    with open("study.toml", "w") as file:
        file.write('plugin = ["mine.py"]\nscheme = "of-a-file"\nq = "1"\n')
    result = invoke("sweep --config study.toml --dry-run --format csv")
    assert rows(result.stdout)[0]["schemes"] == "of-a-file"


def test_a_cell_knows_its_plugins_and_no_others():
    write(
        'plugin.scheme("used", assignment="baseline", rule="used-rule")\nplugin.rule("used-rule")(lambda: max)', "a.py"
    )
    write('plugin.scheme("unused", assignment="baseline")', "b.py")
    for name in ("a.py", "b.py"):
        plugin.load(name)
    own, other = (group.first for group in Grid(schemes=("used", "median"), q=(1,)).groups())
    assert [source.name for source in own.plugins] == ["a"]
    assert other.plugins == ()


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


RULES_THAT_BREAK = {
    "returned float32[] as the vector of float32[5, 650], not float32[650]": "lambda rows: rows.mean()",
    "returned float32[650, 5] as the vector": "lambda rows: rows.T",
    "returned int32[650] as the vector": "lambda rows: rows.mean(0).astype('int32')",
    "returned a NoneType as the vector": "lambda rows: None",
    "raised ZeroDivisionError: integer division": "lambda rows: rows[0] * (1 // 0)",
    "raised SystemExit: 3": "lambda rows: exit(3)",
    "raised TracerArrayConversionError": "lambda rows: np.asarray(rows)[0]",
    "returned a str, not a Rule or a function of the rows": "'median'",
}


@pytest.mark.parametrize(("message", "code"), RULES_THAT_BREAK.items())
def test_a_broken_rule_is_named_its_cells_fail_and_the_others_finish(message, code):
    name = f"broken-{list(RULES_THAT_BREAK).index(message)}"
    write(f"""
        @plugin.rule("{name}")
        def broken():
            return {code}
        plugin.scheme("broken", assignment="baseline", rule="{name}")
    """)
    result = invoke(f"sweep --plugin mine.py {SMALL} --scheme broken,median", code=4)
    failed, fine = rows(result.stdout)
    assert failed["status"].startswith(f"failed: PluginError: plugin mine: rule '{name}' {message}")
    assert (fine["scheme"], fine["status"]) == ("median", "ok")
    assert result.stderr.count(f"plugin mine: rule '{name}'") == 1
    assert "Traceback" not in result.output


OTHERS_THAT_BREAK = {
    "assignment": (
        '@plugin.assignment("odd")\ndef odd(workers, redundancy): return np.array([[0, 1, 2], [0, 1, 3]])\n'
        'plugin.scheme("broken", assignment="odd")',
        "--scheme broken,median",
        "assignment 'odd' gives 0 to 2 files to a worker; all must hold the same number",
    ),
    "assignment that raises": (
        '@plugin.assignment("worse")\ndef worse(workers, redundancy): raise KeyError("x")\n'
        'plugin.scheme("broken", assignment="worse")',
        "--scheme broken,median",
        "assignment 'worse' raised KeyError: 'x'",
    ),
    "detector": (
        "from aspis_sim.detection import Outcome, Verdict\n"
        '@plugin.detector("blind")\n'
        "def blind(agreement, *, max_byzantine, assignment):\n"
        "    return Verdict(np.ones(3, bool), Outcome.UNIQUE, average=True)\n"
        'plugin.scheme("broken", assignment="baseline", detector="blind")',
        "--scheme broken,median",
        "detector 'blind' returned bool[3] as honest, not bool[5]",
    ),
    "attack": (
        '@plugin.attack("slander")\n'
        "def slander(assignment, q):\n"
        "    return np.arange(assignment.workers) < q, np.ones(assignment.files.shape, bool)",
        "--scheme median --attack slander,weak",
        "attack 'slander' distorts copies of workers that are not Byzantine",
    ),
    "payload": (
        '@plugin.payload("half")\ndef half(): return lambda rows, key: rows[0].astype("float16")',
        "--scheme median --payload half,zero",
        "payload 'half' returned float16[650] as the vector of float32[5, 650], not float32[650]",
    ),
    "model": (
        'import flax.linen as nn\n@plugin.model("narrow")\ndef narrow(classes): return nn.Dense(classes - 1)',
        "--scheme median --model narrow",
        "model 'narrow' returned float32[2, 9] as the scores of 2 samples, not [2, 10]",
    ),
    "data set": (
        "from dataclasses import replace\nfrom aspis_sim.data import load\n"
        '@plugin.dataset("short")\n'
        'def short():\n    d = load("digits")\n    return replace(d, labels=d.labels | {"test": d.labels["test"][:9]})',
        "--scheme median --dataset short",
        "data set 'short' returned int32[9] as test labels, not int32[359]",
    ),
}


@pytest.mark.parametrize(("text", "words", "message"), OTHERS_THAT_BREAK.values(), ids=OTHERS_THAT_BREAK.keys())
def test_a_broken_part_of_any_kind_fails_its_cells_only(text, words, message):
    write(text, head=HEAD)
    found = rows(invoke(f"sweep --plugin mine.py {SMALL} {words}", code=4).stdout)
    assert found[0]["status"].startswith(f"failed: PluginError: plugin mine: {message}")
    assert [row["status"] for row in found[1:]] == ["ok"] * (len(found) - 1)
    assert len(found) == 1 + ("," in words)


def test_a_single_run_with_a_broken_part_ends_with_one_message_and_4():
    write('@plugin.rule("sum-of-all")\ndef f(): return lambda rows: rows.sum()')
    result = invoke("--plugin mine.py train --scheme median --aggregator sum-of-all --steps 2", code=4)
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "error: plugin mine: rule 'sum-of-all' returned float32[]" in result.stderr


def test_a_part_that_refuses_its_options_is_bad_input():
    write("""
        from aspis_sim.errors import InputError
        @plugin.rule("picky")
        def picky(share: float = 0.5):
            if not 0 < share < 1:
                raise InputError(f"share={share}; it is between 0 and 1")
            return lambda rows: share * rows.mean(0)
    """)
    run = f"--plugin mine.py sweep {SMALL} --scheme median --aggregator"
    assert "plugin mine: rule 'picky': share=2; it is between 0 and 1" in invoke(f"{run} picky:share=2", code=2).stderr
    assert "its parameters: share" in invoke(f"{run} picky:sahre=2", code=2).stderr
    assert rows(invoke(f"{run} picky:share=0.5").stdout)[0]["rule"] == "picky:share=0.5"


HOSTILE = [
    "<script>alert(1)</script>",
    "[red]x[/red]",
    "../../etc/passwd",
    "a/b",
    "a\nb",
    "\x1b[31m",
    "Median",
    "krum:f=3",
    "nnm+krum",
    "a,b",
    "",
    "-x",
    "x" * 41,
    "ε",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["rule", "scheme"])
def test_hostile_names_are_refused_and_shown_harmless(name, kind):
    before = names()
    text = (
        f"plugin.rule({name!r})(lambda: max)" if kind == "rule" else f"plugin.scheme({name!r}, assignment='baseline')"
    )
    write(text)
    result = invoke("--plugin mine.py list rules", code=2)
    assert result.stdout == ""
    assert f"error: plugin mine: {kind} {ascii(name)[:60]}: no such name; it is a small letter" in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stderr.strip().isascii()
    assert names() == before


BAD = {
    "shadowed rule": ('plugin.rule("median")(lambda: max)', "the rule 'median' exists already"),
    "shadowed scheme": ('plugin.scheme("aspis", assignment="subset")', "the scheme 'aspis' exists already"),
    "reserved attack": ('plugin.attack("random")(max)', "attack 'random': the name is used for something else"),
    "step before a rule": ('plugin.rule("nnm")(max)', "rule 'nnm': the name is used for something else"),
    "twice": ('for _ in "ab": plugin.rule("same")(lambda: max)', "the rule 'same' exists already"),
    "no function": ('plugin.rule("seven")(7)', "rule 'seven': expected a function that makes it, not a int"),
    "unknown part": ('plugin.scheme("bad", assignment="sbset")', "scheme 'bad': unknown assignment 'sbset'; did you"),
    "syntax": ("def (:", ", line 3: SyntaxError: invalid syntax"),
    "raises": ("a = 1\n1 / 0", ", line 4: ZeroDivisionError: division by zero"),
    "exits": ("raise SystemExit(0)", ", line 3: SystemExit: 0"),
    "missing module": ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("words", ["--plugin mine.py sweep", "sweep --plugin mine.py"])
def test_a_plugin_that_cannot_be_loaded_is_bad_input_and_leaves_nothing_behind(text, message, words):
    before = names()
    write('plugin.rule("good")(lambda: max)\n' + text if "line" not in message else text)
    result = invoke(words, code=2)
    assert result.stdout == ""
    assert "error: plugin mine" in result.stderr
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert names() == before
    assert plugin.loaded() == ()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.py", "none.py cannot be read: No such file"),
        ("[red]x.py", "plugin '[red]x': no such name"),
        ("Rule.py", "plugin 'Rule': no such name"),
        ("rule.txt", "a plugin is a file of Python"),
        ("a\x1b\n.py", r"plugin 'a\x1b\n': no such name"),
    ],
)
def test_the_file_of_a_plugin_is_checked(name, message):
    result = invoke(["--plugin", name, "list"], code=2)
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_plugin_that_has_changed_or_shares_a_name_is_refused(tmp_path):
    plugin.load(write('plugin.scheme("first", assignment="baseline")'))
    write('plugin.scheme("second", assignment="baseline")')
    with pytest.raises(InputError, match="plugin mine has changed since it was loaded"):
        plugin.load("mine.py")
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="two plugins are called mine"):
        plugin.load(write('plugin.scheme("third", assignment="baseline")', "other/mine.py"))
    assert "first" in SCHEMES


def test_other_failures_of_a_cell_say_that_a_plugin_took_part():
    write("""
        import jax
        def burn(rows):
            raise RuntimeError("inside")
        @plugin.rule("called-back")
        def called_back():
            return lambda rows: jax.pure_callback(burn, jax.ShapeDtypeStruct(rows.shape[1:], rows.dtype), rows)
    """)
    (row,) = rows(invoke(f"--plugin mine.py sweep {SMALL} --scheme median --aggregator called-back", code=4).stdout)
    assert row["status"].startswith("failed: ")
    assert row["status"].endswith("(it uses the plugin mine)")


def test_a_rule_that_does_not_keep_the_type_is_found_in_the_precision_where_it_does_not():
    @plugin.rule("always-float32")
    def always():
        return lambda rows: rows.mean(0).astype("float32")

    build_rule("always-float32")(jnp.ones((3, 2)))
    with pytest.raises(PluginError, match=r"float32\[2\] as the vector of bfloat16\[3, 2\], not bfloat16\[2\]"):
        build_rule("always-float32")(jnp.ones((3, 2), "bfloat16"))


@pytest.fixture
def site(tmp_path):
    """A folder of installed packages: a plugin that works, and one that does not."""
    for name, text in (("fine", 'plugin.scheme("fine-scheme", assignment="baseline")'), ("torn", "1 / 0")):
        (tmp_path / f"{name}_package.py").write_text(HEAD + text + "\n")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{plugin.GROUP}]\n{name} = {name}_package\n")
    return tmp_path


def test_installed_plugins_are_found_and_broken_ones_are_left_out(site):
    program = "from aspis_sim_cli.app import main; main()"
    search = os.pathsep.join([str(site), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", program, "list", "schemes", "--format", "csv"],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "schemes,fine-scheme," in done.stdout
    assert done.stderr.strip() == "left out: installed plugin torn: ZeroDivisionError: division by zero"


def test_nothing_of_a_plugin_stays_when_it_is_forgotten():
    before = names()
    source = plugin.load(write(TWINS))
    assert len(names()) == len(before) + 8
    assert "own-median" in RULES
    register.forget(source)
    assert names() == before
