"""--config: options from a file, their precedence, where they came from, and what is said of a wrong file."""

import json

import pytest

from tests.cli import program
from tests.cli.program import invoke, without_seconds

SMALL = 'workers = 9\nscheme = ["aspis", "detox"]\nmodel = "softmax"\nsteps = 30\n'


def resolved(*words, command="sweep", **environment):
    result = invoke(command, *words, "--dry-run --format json", **environment)
    return {one["option"]: one for one in json.loads(result.stdout)["options"]}


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "study.toml"
        path.write_text(text)
        return path

    return write


def refused(path, command="sweep"):
    return program.refused(command, "--config", path, lines=3)


def test_a_flag_wins_over_the_environment_and_that_over_the_file(written):
    path = written(f'q = "1..2"\nlr = 0.5\nseeds = [3, 4]\n{SMALL}')
    found = resolved("--config", path, "--lr 0.1", ASPIS_SIM_SWEEP_SEEDS="7", ASPIS_SIM_SWEEP_LR="0.9")
    seen = {name: (found[name]["value"], found[name]["origin"]) for name in ("q", "lr", "seeds", "scheme", "payload")}
    assert seen == {
        "q": ("1..2", f"{path}:1"),
        "lr": ("0.1", "flag"),
        "seeds": ("7", "environment: ASPIS_SIM_SWEEP_SEEDS"),
        "scheme": ("aspis,detox", f"{path}:5"),
        "payload": ("alie", "default"),
    }


@pytest.mark.parametrize("command", ["sweep", "train"])
def test_every_option_can_stand_in_the_file(written, command):
    before = resolved(command=command)
    lines = [
        f"{name} = {one['value'] if one['value'] in ('true', 'false') else json.dumps(one['value'])}"
        for name, one in before.items()
        if one["value"] and name not in ("dry-run", "format")
    ]
    path = written("\n".join(lines))
    after = resolved("--config", path, command=command)
    assert len(lines) > 15
    assert {name: one["value"] for name, one in after.items()} == {name: one["value"] for name, one in before.items()}
    assert sum(one["origin"].startswith(str(path)) for one in after.values()) == len(lines)


@pytest.mark.parametrize(("text", "value"), [("true", "true"), ("false", "false"), ("[true, false]", "true,false")])
def test_yes_and_no_stand_in_the_file_too(written, text, value):
    path = written(f'scheme = "aspis+"\nattack = "weak"\npermute = {text}\nx64 = true\nmodel = "softmax"\nq = 1\n')
    found = resolved("--config", path)
    assert (found["permute"]["value"], found["permute"]["origin"]) == (value, f"{path}:3")
    assert found["x64"]["value"] == "true"


def test_true_stands_in_the_file_where_it_is_a_word(written):
    path = written("believed-q = true\nq = 1\n")
    assert resolved("--config", path)["believed-q"]["value"] == "true"
    path = written("believed-q = [2, true]\nq = 1\n")
    assert resolved("--config", path)["believed-q"]["value"] == "2,true"


def test_a_table_is_for_its_command_alone(written):
    path = written('workers = 15\nmodel = "softmax"\nsteps = 30\n[sweep]\nq = "1,2"\n[train]\nq = 3\nevery = 5\n')
    assert resolved("--config", path)["q"]["value"] == "1,2"
    of_train = resolved("--config", path, command="train")
    assert (of_train["q"]["value"], of_train["every"]["value"]) == ("3", "5")


def test_what_is_in_the_file_is_what_runs(written):
    path = written('q = 1\nseeds = 0\nlr = 0.1\nsteps = 3\nscheme = "detox"\nmodel = "softmax"\nformat = "csv"\n')
    by_file = invoke("sweep", "--config", path)
    words = "--q 1 --seeds 0 --lr 0.1 --steps 3 --scheme detox --model softmax --format csv"
    by_flags = invoke("sweep", words)
    assert without_seconds(by_file.stdout) == without_seconds(by_flags.stdout)


@pytest.mark.parametrize(
    ("text", "message", "caret"),
    [
        ('q = 1\n  sceme = "aspis"\n', "line 2: unknown key 'sceme' for sweep; did you mean scheme", "  ^^^^^"),
        ("[sweep]\nstep = 3\n", "line 2: unknown key 'step' for sweep; did you mean steps", "^^^^"),
        (
            "[swep]\nsteps = 3\n",
            "line 1: unknown table 'swep'; a table is named after a command; did you mean",
            " ^^^^",
        ),
        ('steps = "many"\n', "line 1: steps: 'many' is not a number; write 3, 1..7", "^^^^^"),
        ('protocol = "file"\n', "line 1: protocol: unknown protocol 'file'; did you mean files", "^^^^^^^^"),
        ("q = 1\nlr = [0.1, 0]\n", "line 2: lr: learning rate 0.0; it must be positive", "^^"),
        ("x64 = 1\n", "line 1: x64: true or false is wanted here", "^^^"),
        ("permute = 1\n", "line 1: permute: true or false is wanted here", "^^^^^^^"),
        ("permute = [true, 2]\n", "line 1: permute: true or false is wanted here", "^^^^^^^"),
        ("q = true\n", "line 1: q: a value is wanted here", "^"),
        ("q = [[1], [2]]\n", "line 1: q: a list holds words or numbers", "^"),
        ("q = 2024-01-01\n", "line 1: q: a value is a word, a number, true or false", "^"),
        ('q = "1..3\n', "line 1: invalid TOML: ", "         ^"),
        ("q = 1\nq = 2\n", "invalid TOML: cannot overwrite a value", None),
        ('[train]\nlr = "0.1,0.2"\n', "line 2: lr: a single run takes one value, not 2", "^^"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line_and_a_caret(written, text, message, caret):
    said = refused(written(text))
    assert message in said
    if caret is not None:
        assert said.splitlines()[2] == f"     | {caret}"


def test_what_is_no_configuration_is_refused(tmp_path, written):
    assert "No such file" in refused(tmp_path / "none.toml")
    assert "Is a directory" in refused(tmp_path)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"q = '\xff'")
    assert "not UTF-8 text" in refused(binary)
    assert "nested too deeply" in refused(written("q = " + "[" * 100_000))
    assert "larger than" in refused(written("#" * 1_000_001))


def test_a_hostile_key_moves_no_cursor_and_is_no_markup(written):
    said = refused(written('"\\u001b[2J[red]<b>" = 1\n'))
    assert "\x1b" not in said
    assert "?[2J[red]<b>" in said
