"""Completion in the shell: names of registries and plugins, the last of a list, without jax."""

import os
import shutil
import stat
import subprocess
import sys

import pytest
import typer
from aspis_sim_cli.app import app

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.data import DATASETS
from aspis_sim.schemes import SCHEMES
from aspis_sim.spec.grid import AXES
from tests.cli.program import invoke

SHELLS = ("bash", "zsh", "fish")
NAMED = {f"--{flag}" for one in AXES.values() if one.kind.type is str for flag in (one.flag, one.flag_of_several)}
"""The settings whose values are names."""


def offered(line):
    """What bash is offered at the end of a line."""
    words = f"aspis-sim {line}"
    environment = {
        "_ASPIS_SIM_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - (not words.endswith(" "))),
    }
    result = invoke(**environment)
    assert result.stderr == ""
    return result.stdout.split()


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("sweep --scheme ", list(SCHEMES)),
        ("sweep --scheme asp", [name for name in SCHEMES if name.startswith("asp")]),
        ("sweep --scheme aspis,det", ["aspis,detox"]),
        ("sweep --scheme detox,aspis,med", ["detox,aspis,median"]),
        ("sweep --scheme median,average,by", ["median,average,byzshield"]),
        ("train --scheme aspis,det", []),
        ("train --payload ", list(PAYLOADS)),
        ("sweep --payload alie,ze", ["alie,zero"]),
        ("sweep --attack strong,frame", ["strong,frame-up"]),
        ("sweep --aggregator tri", ["trimmed_mean"]),
        ("sweep --aggregator nnm+kru", ["nnm+krum"]),
        ("train --dataset fash", ["fashion-mnist"]),
        ("train --model resnet1", ["resnet18"]),
        ("train --precision float", ["float32", "float64"]),
        ("sweep --precision float32,bf", ["float32,bfloat16"]),
        ("sweep --framed 1,au", ["1,auto"]),
        ("train --after-detection ", ["published", "average", "rule"]),
        ("sweep --protocol w", ["work"]),
        ("train --schedule co", ["constant", "cosine"]),
        ("train --augment ci", ["cifar"]),
        ("sweep --convention by", ["byzfl"]),
        ("sweep --format ", ["table", "csv", "json"]),
        ("detect --detector clique,so", ["clique,sound"]),
        ("detect --assignment bi", ["bibd"]),
        ("worst-case --detector unan", ["unanimous"]),
        ("worst-case --objective fr", ["fraction"]),
        ("distortion --attack strong,ra", ["strong,random"]),
        ("plot acc", ["accuracy"]),
        ("reproduce fig-7", ["fig-7a", "fig-7b", "fig-7c"]),
        ("list schem", ["schemes"]),
        ("data verify ", list(DATASETS)),
        ("data fetch svh", ["svhn"]),
        ("tra", ["train"]),
        ("sweep --schem", ["--scheme"]),
    ],
)
def test_what_is_offered(line, names):
    assert offered(line) == names


def test_every_option_that_takes_names_offers_them():
    found = []
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        for option in {option for parameter in command.params for option in parameter.opts} & NAMED:
            found.append(f"{name} {option}")
            assert offered(f"{name} {option} "), found[-1]
    assert len(found) > 25


def test_a_name_is_offered_once_in_a_list():
    assert "aspis,aspis" not in offered("sweep --scheme aspis,asp")
    assert "aspis,aspis+" in offered("sweep --scheme aspis,asp")


def test_names_of_plugins_are_offered_and_broken_ones_are_silent(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from aspis_sim import plugin\nprint('hello')\nplugin.scheme('mine-all-mine', assignment='baseline')\n"
    )
    (tmp_path / "torn.py").write_text("1 / 0\n")
    assert offered("--plugin mine.py sweep --scheme median,mine") == ["median,mine-all-mine"]
    assert offered("sweep --plugin torn.py --plugin mine.py --scheme mine") == ["mine-all-mine"]


@pytest.mark.parametrize("shell", SHELLS)
def test_there_is_a_script_for_each_shell(shell):
    assert f"complete_{shell}" in invoke(_ASPIS_SIM_COMPLETE=f"source_{shell}").stdout


@pytest.mark.parametrize("option", ["--install-completion", "--show-completion"])
def test_the_options_that_set_it_up_are_in_the_help(option):
    assert option in invoke("--help").stdout


@pytest.fixture
def program(tmp_path):
    """A command ``aspis-sim`` of this checkout, in a folder of its own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "aspis-sim"
    heavy = "{'numpy', 'jax', 'flax', 'optax', 'networkx'}"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = {sys.path!r}\n"
        "from aspis_sim_cli.app import main\n"
        "try:\n    main()\nfinally:\n"
        f"    assert not {heavy} & set(sys.modules), 'something slow was imported'\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return folder


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_itself_completes_and_nothing_slow_is_imported(program):
    script = """
        eval "$(_ASPIS_SIM_COMPLETE=source_bash aspis-sim)"
        completer=$(complete -p aspis-sim | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        COMP_WORDS=(aspis-sim sweep --scheme aspis,det)
        COMP_CWORD=3
        $completer aspis-sim
        echo "${COMPREPLY[@]}"
    """
    environment = {**os.environ, "PATH": f"{program}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["aspis,detox"], done.stderr
    assert done.stderr == ""
