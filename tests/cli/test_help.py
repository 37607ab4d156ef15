"""What the help of the commands shows, at which width, and that colour and bold can be switched off."""

import io

import pytest
import typer
from aspis_sim_cli.app import HOMES, app
from aspis_sim_cli.options.help import First
from aspis_sim_cli.output import _console

from aspis_sim.registry import unknown_name
from aspis_sim.schemes import SCHEMES
from aspis_sim.spec.request import AXES
from tests.cli.program import invoke, one_line, refused

PROGRAM = typer.main.get_command(app)
WITH_SETTINGS = ("sweep", "train", "attack")


@pytest.fixture(autouse=True)
def _eighty_columns_and_a_program_of_its_own(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    built = getattr(typer.main.get_command, "__wrapped__", typer.main.get_command)
    for place in ("typer.main.get_command", "typer.testing._get_command"):
        monkeypatch.setattr(place, built)


def commands():
    """Every command by its words."""
    for name, command in PROGRAM.commands.items():  # type: ignore[attr-defined]
        for word, one in getattr(command, "commands", {"": command}).items():
            yield f"{name} {word}".strip(), one


def flags(command, first=False):
    """The options of a command, each with what its value is, as the help writes them."""
    return [
        f"{one.opts[-1]} {one.metavar}" if not one.is_flag else one.opts[-1]
        for one in command.params
        if one.param_type_name == "option" and (not first or isinstance(one.rich_help_panel, First))
    ]


@pytest.mark.parametrize("name", WITH_SETTINGS)
def test_the_short_help_has_what_is_used_first_on_two_screens(name):
    text = invoke(name, "--help").stdout
    lines = text.splitlines()
    command = dict(commands())[name]
    assert len(lines) <= 72
    assert max(map(len, lines)) <= 80
    assert "ASPIS_SIM_" not in text
    assert [one for one in flags(command, first=True) if f"  {one} " not in text and f"  {one}\n" not in text] == []
    assert 14 <= len(flags(command, first=True)) <= 20
    assert "--worker-momentum" not in text
    assert "{" not in text
    assert [panel for panel in ("System", "Defence", "Attack", "Training", "Output") if panel not in lines] == []
    assert lines[-1] == f"All {len(command.params)} options: aspis-sim {name} --help-all"


def test_the_full_help_has_every_option_and_every_name_with_its_variable():
    text = invoke("train --help-all").stdout
    assert max(map(len, text.splitlines())) <= 80
    assert [one for one in flags(dict(commands())["train"]) if f"  {one}" not in text] == []
    assert "[env: ASPIS_SIM_TRAIN_WORKER_MOMENTUM]" in text
    assert "SWEEP" not in text
    assert all(name in one_line(text) for name in SCHEMES)
    assert all(one.meaning.split("{")[0].split(". ")[0][:40] in one_line(text) for one in AXES.values())


def test_every_command_says_in_one_sentence_what_it_does_and_what_each_option_takes():
    listed = invoke("--help").stdout
    for name, command in commands():
        text = invoke(name, "--help").stdout
        assert max(map(len, text.splitlines())) <= 80, name
        assert command.help.split("\n\n")[0] in one_line(text), name
        assert [one for one in command.params if not one.help] == [], name
        assert [one.name for one in command.params if not (one.metavar or getattr(one, "is_flag", False))] == [], name
        if name in HOMES:
            assert HOMES[name].summary == command.help.split("\n\n")[0]
            assert HOMES[name].summary in one_line(listed)


def test_no_colour_is_no_bold_either(monkeypatch):
    for value, expected in (("1", "told\n"), ("", "\x1b[1mtold\x1b[0m\n")):
        monkeypatch.setenv("NO_COLOR", value)
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setenv("FORCE_COLOR", "1")
        file = io.StringIO()
        _console(file).print("told", style="bold")
        assert file.getvalue() == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sweep --memory 4", "--memory 4 is 4 bytes; did you mean 4GB?"),
        ("train --scheme aspis,detox", "a single run takes one value of scheme; use a sweep for several"),
        ("list rule", "unknown kind 'rule'; did you mean rules?"),
        ("train --steps twenty", "'twenty' is not a number; write 3, 1..7 or 1,2,5"),
        ("train --dataset iris", "unknown data set 'iris'; known: "),
    ],
)
def test_messages_say_what_would_work(words, said):
    assert said in refused(words)


def test_a_name_is_near_if_most_letters_agree_or_the_first_and_half_of_them():
    assert "did you mean mols" in str(unknown_name("assignment", "mosl", ["mols", "bibd"]))
    assert "did you mean cifar10" in str(unknown_name("data set", "cifar", ["cifar10", "digits"]))
    assert "known: digits" in str(unknown_name("data set", "iris", ["digits"]))
