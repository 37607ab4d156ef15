"""A configuration file is not code: it loads a plugin only if the command line says so."""

from pathlib import Path

import pytest

from tests.cli.plugins import write
from tests.cli.program import invoke, refused, rows

RUNS = 'open("ran", "w").close()\nplugin.scheme("of-a-file", assignment="baseline")'


@pytest.fixture(autouse=True)
def configured():
    write(RUNS)
    with open("study.toml", "w") as file:
        file.write('scheme = "of-a-file"\nq = "1"\nplugin = ["mine.py"]\n')


def ran():
    return Path("ran").exists()


@pytest.mark.parametrize("command", ["sweep", "train"])
@pytest.mark.parametrize("more", ["", "--dry-run"])
def test_a_file_alone_runs_no_python(command, more):
    said = refused(f"{command} --config study.toml {more}", lines=1)
    assert said.startswith("error: study.toml:3: plugins are Python that would run with your rights")
    assert "add --trust-config" in said
    assert said.rstrip().endswith("--plugin mine.py")
    assert not ran()


@pytest.mark.parametrize(
    "words",
    [
        "sweep --trust-config --config study.toml",
        "sweep --config study.toml --trust-config",
        "sweep --config study.toml --plugin mine.py",
        "--plugin mine.py sweep --config study.toml",
    ],
)
def test_the_command_line_may_trust_it_or_name_the_plugin_itself(words):
    assert rows(invoke(words, "--dry-run --format csv").stdout)[0]["schemes"] == "of-a-file"
    assert ran()


def test_a_plugin_of_the_environment_may_stand_in_the_file_too():
    invoke("sweep --config study.toml --dry-run", ASPIS_PLUGINS="mine.py")
    write('plugin.scheme("another", assignment="baseline")', "other.py")
    with open("two.toml", "w") as file:
        file.write('plugin = ["mine.py", "other.py"]\n')
    said = refused("sweep --config two.toml", lines=1)
    assert "--plugin other.py" in said
    assert "mine.py" not in said


@pytest.mark.parametrize("text", ["trust-config = true", "[sweep]\ntrust_config = true"])
def test_a_file_cannot_trust_itself(text):
    with open("own.toml", "w") as file:
        file.write(f'plugin = ["mine.py"]\n{text}\n')
    assert "unknown key 'trust" in refused("sweep --config own.toml", lines=3)
    assert not ran()


def test_completion_runs_no_python_of_a_file():
    words = "aspis-sim sweep --config study.toml --scheme "
    result = invoke(_ASPIS_SIM_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD="5")
    assert "detox" in result.stdout
    assert "of-a-file" not in result.stdout
    assert not ran()
