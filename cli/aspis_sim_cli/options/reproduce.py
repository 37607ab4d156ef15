"""The options of ``aspis-sim reproduce`` that are of studies that train nets."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from aspis_sim.spec.request import AXES
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options import completion

PANEL = "Training"


def _option(flag: str, text: str, metavar: str | None = None) -> Any:
    name = flag.removeprefix("--")
    complete = completion.of(name) if name in AXES else None
    return typer.Option(flag, rich_help_panel=PANEL, help=text, metavar=metavar, autocompletion=complete)


@dataclass(frozen=True)
class TrainingOptions:
    """The options of studies that train nets."""

    scale: Annotated[
        str,
        _option(
            "--scale",
            "paper: CIFAR-10 and ResNet-18; small: a small net on CIFAR-10, else Fashion-MNIST, else digits.",
            "paper|small",
        ),
    ] = "paper"
    series: Annotated[
        list[str] | None, _option("--series", "Only series whose label contains this; may be repeated.", "TEXT")
    ] = None
    seeds: Annotated[
        str | None, _option("--seeds", "Random seeds (default: the preset's; 428 and 50 as published).", "N,…")
    ] = None
    max_steps: Annotated[
        int | None, _option("--max-steps", "Stop every run after N steps; there is no verdict then.", "N")
    ] = None
    model: Annotated[
        str | None, _option("--model", "Model in place of the preset's; there is no verdict then.", "NAME")
    ] = None
    samples_per_file: Annotated[
        int | None,
        _option("--samples-per-file", "Samples per file in place of the preset's; there is no verdict then.", "N"),
    ] = None
    study: Annotated[
        Path | None,
        _option("--study", "Keep every run in this folder; the same command then resumes.", "FOLDER"),
    ] = None
    other_version: Annotated[
        str | None,
        _option("--other-version", "Runs made with different code or data: keep or rerun them.", "keep|rerun"),
    ] = None
    search: Annotated[
        bool,
        typer.Option(
            "--search",
            rich_help_panel=PANEL,
            help="Search for learning rates on validation data instead; --out FILE.toml keeps them.",
        ),
    ] = False
    rates: Annotated[
        Path | None, _option("--rates", "Learning rates from the --out FILE.toml of a --search.", "FILE.toml")
    ] = None
    data_dir: options.DataDir = None
    devices: Annotated[int, _option("--devices", AXES["devices"].meaning, "N")] = 1
    memory: Annotated[str, _option("--memory", AXES["memory"].meaning, "4GB")] = "4GB"
    compile_cache: options.CompileCache = True
    dry_run: options.DryRun = False
    json_log: options.JsonLog = None

    def refuse(self, study: str, but: Sequence[str] = ()) -> None:
        """Refuse all of them, ``but`` for some, for a study that they mean nothing to.

        Raises:
            InputError: one of them was given.
        """
        from aspis_sim.errors import InputError

        for field in fields(self):
            if field.name not in but and getattr(self, field.name) not in (field.default, [], ()):
                raise InputError(f"{study} takes no `{field.name}`: it is the same everywhere")
