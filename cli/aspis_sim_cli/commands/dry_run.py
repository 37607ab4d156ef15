"""``--dry-run``: what a command would compile and run."""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from aspis_sim_cli import cache
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format, stdout

if TYPE_CHECKING:
    from aspis_sim.spec.grid import Replicates
    from aspis_sim_cli.options.config import OptionValue


def show_forecasts(groups: "Sequence[Replicates]", format: Format, settings: "Sequence[OptionValue]") -> ExitStatus:
    """Print every option with where its value came from (not as CSV), and a row for every program that is needed."""
    from aspis_sim.run.forecast import forecasts
    from aspis_sim_cli.render.forecast_table import forecast_view
    from aspis_sim_cli.render.settings_table import settings_view

    if not groups:
        complain("nothing is left to run")
        return ExitStatus.DONE
    made = forecasts(groups, cache.history())
    rows = [asdict(one) for one in made]
    if format is Format.JSON:
        print(json.dumps({"options": [asdict(one) for one in settings], "programs": rows}, indent=2))
    elif format is Format.CSV:
        writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        console = stdout()
        console.print(settings_view(settings))
        console.print(forecast_view(made))
    return ExitStatus.DONE
