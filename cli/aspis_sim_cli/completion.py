"""What a shell is offered for the options that take registered names, plugins' among them."""

from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, suppress
from io import StringIO
from pathlib import Path

import typer

from aspis_sim import plugin
from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.aggregation import PREAGGREGATIONS, RULES, conventions
from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.augmentations import AUGMENTATIONS
from aspis_sim.data import DATASETS
from aspis_sim.detection import DETECTORS
from aspis_sim.errors import InputError
from aspis_sim.models import MODELS
from aspis_sim.schedules import SCHEDULES
from aspis_sim.schemes import SCHEMES
from aspis_sim.spec.grid import PROTOCOLS
from aspis_sim_cli.plugins import load_named

Completer = Callable[[typer.Context, str], list[str]]

KNOWN: dict[str, Iterable[str]] = {
    "--scheme": SCHEMES,
    "--attack": TARGETINGS,
    "--payload": PAYLOADS,
    "--assignment": ASSIGNMENTS,
    "--detector": DETECTORS,
    "--dataset": DATASETS,
    "--model": MODELS,
    "--schedule": SCHEDULES,
    "--augment": AUGMENTATIONS,
    "--convention": conventions.NAMES,
    "--protocol": PROTOCOLS,
    "--precision": ("float32", "float64", "bfloat16"),
    "--compute": ("shared", "replicated"),
    "--init": ("model", "normal"),
    "--after-detection": ("average", "rule"),
}
"""Option -> the names that it takes."""


def of(option: str, several: bool = False) -> Completer | None:
    """What completes an option, None if nothing does; ``several``: it takes a list with commas."""
    if option == "--aggregator":
        return _rules
    return names(KNOWN[option], several) if option in KNOWN else None


def names(known: Iterable[str], several: bool = False) -> Completer:
    """Complete one of the names that are known then; of a list with commas the last, which is none of the others."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        _with_plugins(ctx)
        before, comma, last = incomplete.rpartition(",") if several else ("", "", incomplete)
        taken = before.split(",")
        return [f"{before}{comma}{name}" for name in known if name.startswith(last) and name not in taken]

    return complete


def _rules(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete a rule, also after the steps before it: of ``nnm+kr`` the last."""
    _with_plugins(ctx)
    before, plus, last = incomplete.rpartition("+")
    return [f"{before}{plus}{name}" for name in (*RULES, *PREAGGREGATIONS) if name.startswith(last)]


def _with_plugins(ctx: typer.Context) -> None:
    """Load what the line so far names, and what is installed; one that does not work has nothing to offer."""
    named: list[Path] = []
    one: typer.Context | None = ctx
    while one is not None:
        named += map(Path, one.params.get("plugin") or ())
        one = one.parent  # type: ignore[assignment]
    with redirect_stderr(StringIO()):
        plugin.installed()
        for path in named:
            with suppress(InputError):
                load_named([path])
