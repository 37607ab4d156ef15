"""``aspis-sim list``: what is registered, with the first sentence of its documentation."""

import enum
import json
from typing import Annotated, Any

import typer

from aspis_sim.errors import InputError
from aspis_sim.registry import Registry, unknown_name
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options import completion
from aspis_sim_cli.output import Format, stdout


class Kind(enum.StrEnum):
    """Kinds of parts."""

    ASSIGNMENTS = "assignments"
    ATTACKS = "attacks"
    TIMINGS = "timings"
    PAYLOADS = "payloads"
    SILENCES = "silences"
    DETECTORS = "detectors"
    EVIDENCE = "evidence"
    AUDITS = "audits"
    RULES = "rules"
    PREAGGREGATIONS = "preaggregations"
    DATASETS = "datasets"
    PARTITIONS = "partitions"
    MODELS = "models"
    OPTIMIZERS = "optimizers"
    SCHEDULES = "schedules"
    AUGMENTATIONS = "augmentations"
    CLUSTERS = "clusters"
    METRICS = "metrics"
    CALLBACKS = "callbacks"
    SCHEMES = "schemes"


def list_parts(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]", help=f"{', '.join(Kind)}; all if left out.", autocompletion=completion.names(tuple(Kind))
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", help="List the assignments that can be built for K workers.", metavar="K"),
    ] = None,
    q: Annotated[
        int | None,
        typer.Option("--q", help="With --workers: how many files q Byzantine workers can distort.", metavar="Q"),
    ] = None,
    format: options.FormatOption = Format.TABLE,
) -> ExitStatus:
    """List schemes, attacks, rules and all other registered names.

    With --workers: the assignments that can be built for K workers.

    Examples:

      aspis-sim list

      aspis-sim list rules --format json

      aspis-sim list assignments --workers 24 --q 5
    """
    if kind is not None and kind not in tuple(Kind):
        raise unknown_name("kind", kind, Kind)
    if workers is not None:
        return _catalogue(kind, workers, q, format)
    if q is not None:
        raise InputError(f"--q {q} needs a number of workers; add --workers 15")
    kinds = list(Kind) if kind is None else [Kind(kind)]
    found = [(one, name, text) for one in kinds for name, text in _parts(one).items()]
    if format is Format.JSON:
        print(json.dumps([{"kind": one, "name": name, "summary": text} for one, name, text in found], indent=2))
    elif format is Format.CSV:
        import csv
        import sys

        csv.writer(sys.stdout, lineterminator="\n").writerows([("kind", "name", "summary"), *found])
    else:
        from rich.table import Table
        from rich.text import Text

        for one in dict.fromkeys(group for group, _, _ in found):
            table = Table(title=one.value, title_justify="left", title_style="bold", box=None, show_header=False)
            table.add_column(no_wrap=True, style="cyan")
            table.add_column()
            for group, name, text in found:
                if group is one:
                    table.add_row(Text(name), Text(text))
            stdout().print(table)
    return ExitStatus.DONE


def _catalogue(kind: str | None, workers: int, q: int | None, format: Format) -> ExitStatus:
    """Assignments for K workers: redundancy, files, load, overhead, and what q Byzantines distort."""
    if kind != Kind.ASSIGNMENTS:
        raise InputError(f"--workers lists what can be built; write: list assignments --workers {workers}")
    from dataclasses import asdict

    from aspis_sim.distortion.catalogue import buildable
    from aspis_sim_cli.output import spinner

    with spinner(quiet=False):
        found = buildable(workers, q or 0)
    if format is Format.TABLE:
        from aspis_sim_cli.render.catalogue_table import catalogue_view

        console = stdout()
        console.print(catalogue_view(found, workers, console.width, with_distortion=q is not None))
        return ExitStatus.DONE
    columns = ["assignment", "redundancy", "files", "load", "overhead"]
    columns += [] if q is None else ["q", "distorted", "bound", "fraction", "proof"]
    records = [{column: asdict(option)[column] for column in columns} for option in found]
    if format is Format.JSON:
        print(json.dumps(records, indent=2))
    else:
        import csv
        import sys

        writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
    return ExitStatus.DONE


def _parts(kind: Kind) -> dict[str, str]:
    from aspis_sim.adversary.payloads import PAYLOADS
    from aspis_sim.adversary.targeting import TARGETINGS
    from aspis_sim.adversary.timing import TIMINGS
    from aspis_sim.aggregation import PREAGGREGATIONS, RULES
    from aspis_sim.assignment import ASSIGNMENTS
    from aspis_sim.audits import AUDIT_POLICIES
    from aspis_sim.augmentations import AUGMENTATIONS
    from aspis_sim.callbacks import CALLBACKS
    from aspis_sim.clusters import CLUSTERS
    from aspis_sim.data import DATASETS
    from aspis_sim.detection import DETECTORS
    from aspis_sim.evidence import EVIDENCE
    from aspis_sim.metrics import METRICS
    from aspis_sim.models import MODELS
    from aspis_sim.optimizers import OPTIMIZERS
    from aspis_sim.partitions import PARTITIONS
    from aspis_sim.schedules import SCHEDULES
    from aspis_sim.schemes import SCHEMES
    from aspis_sim.silence import SILENCES

    if kind is Kind.SCHEMES:
        return {name: scheme.summary for name, scheme in SCHEMES.items()}
    registries: dict[Kind, Registry[Any]] = {
        Kind.ASSIGNMENTS: ASSIGNMENTS,
        Kind.ATTACKS: TARGETINGS,
        Kind.TIMINGS: TIMINGS,
        Kind.PAYLOADS: PAYLOADS,
        Kind.SILENCES: SILENCES,
        Kind.DETECTORS: DETECTORS,
        Kind.EVIDENCE: EVIDENCE,
        Kind.AUDITS: AUDIT_POLICIES,
        Kind.RULES: RULES,
        Kind.PREAGGREGATIONS: PREAGGREGATIONS,
        Kind.DATASETS: DATASETS,
        Kind.PARTITIONS: PARTITIONS,
        Kind.MODELS: MODELS,
        Kind.OPTIMIZERS: OPTIMIZERS,
        Kind.SCHEDULES: SCHEDULES,
        Kind.AUGMENTATIONS: AUGMENTATIONS,
        Kind.CLUSTERS: CLUSTERS,
        Kind.METRICS: METRICS,
        Kind.CALLBACKS: CALLBACKS,
    }
    registry = registries[kind]
    return {name: registry.summary(name) for name in registry}
