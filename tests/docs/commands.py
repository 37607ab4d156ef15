"""Command lines of the documentation: which there are, and whether they can be given."""

import re
import shlex
from pathlib import Path

import typer
from aspis_sim_cli.app import app
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]

NOT_PLANNED = {
    "--plugin": "the plugin is the reader's; tests/installation/test_new_user.py runs it",
    "--add-seeds": "the study is the reader's; tests/cli/test_study.py runs it",
    "--shard": "the shard is a number that the cluster gives; tests/cli/test_slurm.py runs it",
}
"""Options of sweeps and runs that are read and not planned -> why."""


def of_pages():
    """Every command line in a block of README or a page, with the page's name."""
    for path in sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]):
        for block in re.findall(r"(?ms)^```\n(.*?)^```$", path.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("aspis-sim "):
                    yield path.name, re.split(r"  #| [|>] ", line)[0]


def give(line):
    """Plan a sweep or a single run up to the data, which may not be here; of other commands read every option."""
    words = shlex.split(line)[1:]
    if words[0] in ("sweep", "train") and not NOT_PLANNED.keys() & set(words):
        done = CliRunner().invoke(app, [*words, "--dry-run"])
        assert done.exit_code in ((0, 3) if "cifar10" in words else (0,)), done.output
        return
    program = typer.main.get_command(app)
    assert isinstance(program, typer.core.TyperGroup)
    if words[0].startswith("--"):
        assert words[0] in {option for one in program.params for option in one.opts}
        return
    command = program.commands[words.pop(0)]
    if isinstance(command, typer.core.TyperGroup):
        command = command.commands[words.pop(0)]
    command.make_context("aspis-sim", words)
