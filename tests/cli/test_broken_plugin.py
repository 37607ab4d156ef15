"""Plugins that break, cannot be loaded, or bear hostile names: they are named and do no harm."""

import jax
import jax.numpy as jnp
import pytest

from aspis_sim import plugin
from aspis_sim.aggregation import rule as build_rule
from aspis_sim.errors import InputError, PluginError
from aspis_sim.schemes import SCHEMES
from tests.cli.plugins import HEAD, SMALL, names, write
from tests.cli.program import invoke, refused, rows, run

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
    "timing": (
        '@plugin.timing("torn")\ndef torn(): return lambda step, steps, exposed: exposed',
        "--scheme median --timing torn,always",
        "timing 'torn' returned bool[2] as whether workers lie, not bool[]",
    ),
    "timing that is none": (
        '@plugin.timing("never")\ndef never(): return False',
        "--scheme median --timing never,always",
        "timing 'never' returned a bool, not a function of step, steps and exposed",
    ),
    "payload": (
        '@plugin.payload("half")\ndef half(): return lambda rows, key: rows[0].astype("float16")',
        "--scheme median --payload half,zero",
        "payload 'half' returned float16[650] as the vector of float32[5, 650], not float32[650]",
    ),
    "payload of a scope that there was once": (
        "from aspis_sim.adversary import Payload\n"
        '@plugin.payload("flips")\ndef flips(): return Payload(lambda rows, key: rows[0], scope="labels")',
        "--scheme median --payload flips,zero",
        "payload 'flips' has the scope 'labels'; known: round, file, file and mean, files, samples",
    ),
    "payload that poisons nothing": (
        "from aspis_sim.adversary import Payload\n"
        '@plugin.payload("idle")\ndef idle(): return Payload(lambda rows, key: rows[0], scope="samples")',
        "--scheme median --payload idle,zero",
        "payload 'idle' has the scope 'samples' without `poisons`, or the other way round; they go together",
    ),
    "payload whose poison breaks": (
        "from aspis_sim.adversary import Payload\n"
        "def poisons(inputs, labels, data): return 1 // 0\n"
        '@plugin.payload("spill")\n'
        'def spill(): return Payload(lambda rows, key: rows[1], scope="samples", poisons=poisons)',
        "--scheme median --payload spill,zero",
        "payload 'spill' raised ZeroDivisionError",
    ),
    "step before a rule": (
        '@plugin.preaggregation("narrow-step")\ndef narrow(): return lambda rows: rows[:, 1:]',
        "--scheme median --aggregator narrow-step+median,median",
        "preaggregation 'narrow-step' returned float32[5, 649] as the rows made of float32[5, 650], not",
    ),
    "optimizer": (
        'import optax\n@plugin.optimizer("shrinking")\n'
        "def shrinking(): return optax.stateless(lambda updates, _: updates[1:])",
        "--scheme median --optimizer shrinking,sgd",
        "optimizer 'shrinking' returned float32[649] as the direction of float32[650], not float32[650]",
    ),
    "schedule": (
        '@plugin.schedule("many")\ndef many(): return lambda step: np.ones(2)',
        "--scheme median --schedule many,constant",
        "schedule 'many' returned float64[2] as the factor of the learning rate, not one number",
    ),
    "schedule that is none": (
        '@plugin.schedule("fixed")\ndef fixed(): return 0.5',
        "--scheme median --schedule fixed,constant",
        "schedule 'fixed' returned a float, not a function of the step",
    ),
    "partition": (
        '@plugin.partition("few")\n'
        "def few(): return lambda labels, files, generator: [np.flatnonzero(labels > 8 + j) for j in range(files)]",
        "--scheme median --heterogeneity few,iid",
        "heterogeneity 'few' gives no sample to file 1; each needs one at least",
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
    said = refused("--plugin mine.py train --scheme median --aggregator sum-of-all --steps 2", code=4, lines=1)
    assert "error: plugin mine: rule 'sum-of-all' returned float32[]" in said


def test_a_part_that_refuses_its_options_is_bad_input():
    write("""
        from aspis_sim.errors import InputError
        @plugin.rule("picky")
        def picky(share: float = 0.5):
            if not 0 < share < 1:
                raise InputError(f"share={share}; it is between 0 and 1")
            return lambda rows: share * rows.mean(0)
    """)
    words = f"--plugin mine.py sweep {SMALL} --scheme median --aggregator"
    assert "plugin mine: rule 'picky': share=2; it is between 0 and 1" in refused(f"{words} picky:share=2")
    assert "its parameters: share" in refused(f"{words} picky:sahre=2")
    assert rows(invoke(f"{words} picky:share=0.5").stdout)[0]["rule"] == "picky:share=0.5"


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
    said = refused("--plugin mine.py list rules", lines=1)
    assert f"error: plugin mine: {kind} {ascii(name)[:60]}: no such name; it is a small letter" in said
    assert said.count("\n") == 1
    assert said.strip().isascii()
    assert names() == before


BAD = {
    "shadowed rule": ('plugin.rule("median")(lambda: max)', "the rule 'median' exists already"),
    "shadowed scheme": ('plugin.scheme("aspis", assignment="subset")', "the scheme 'aspis' exists already"),
    "reserved attack": ('plugin.attack("random")(max)', "attack 'random': the name is used for something else"),
    "step before a rule": ('plugin.rule("nnm")(max)', "rule 'nnm': the name is used for something else"),
    "own step before a rule": (
        'plugin.preaggregation("a1")(max); plugin.rule("a1")(max)',
        "rule 'a1': the name is used",
    ),
    "rule": ('plugin.preaggregation("krum")(max)', "preaggregation 'krum': the name is used for something else"),
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
    said = refused(words, lines=1)
    assert "error: plugin mine" in said
    assert message in said
    assert said.count("\n") == 1
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
    said = refused(["--plugin", name, "list"], lines=1)
    assert message in said
    assert said.count("\n") == 1


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
    result = run(f"--plugin mine.py sweep {SMALL} --scheme median --aggregator called-back")  # JAX logs a traceback
    assert result.exit_code == 4
    (row,) = rows(result.stdout)
    assert row["status"].startswith("failed: ")
    assert row["status"].endswith("(it uses the plugin mine)")


def test_a_rule_that_does_not_keep_the_type_is_found_in_the_precision_where_it_does_not():
    @plugin.rule("always-float32")
    def always():
        return lambda rows: rows.mean(0).astype("float32")

    build_rule("always-float32")(jnp.ones((3, 2)))
    assert build_rule("always-float32")(jnp.ones((3, 2), "bfloat16")).dtype == "bfloat16"
    message = r"float32\[2\] as the vector of float64\[3, 2\], not float64\[2\]"
    with jax.enable_x64(True), pytest.raises(PluginError, match=message):
        build_rule("always-float32")(jnp.ones((3, 2), "float64"))
