"""``aspis-sim doctor``: what is installed and found here, and what is wrong with it."""

from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.output import Format, stdout, texts


def doctor(format: options.FormatOption = Format.TABLE, quiet: options.Quiet = False) -> ExitStatus:
    """Check the installation.

    Versions, devices, memory, the cache of compiled programs, data sets (read
    and checked against their checksums), plugins and the terminal. Exit code 4
    if something is wrong; each such line says what to do.

    Examples:

      aspis-sim doctor

      aspis-sim doctor --format json
    """
    from aspis_sim.records import columns_of
    from aspis_sim_cli.doctor import EXAMINATIONS, Finding, State
    from aspis_sim_cli.output import spinner

    findings: list[Finding] = []
    with spinner(quiet) as say:
        for topic, examine in EXAMINATIONS.items():
            say(f"looking at {topic}")
            findings += examine()
    wrong = [one for one in findings if one.state is State.WRONG]
    if format is Format.TABLE:
        from aspis_sim_cli.render.doctor_table import doctor_view

        stdout().print(doctor_view(findings))
    else:
        print(texts(findings, columns_of(Finding))(format), end="")
    for one in wrong:
        complain(f"wrong: {one.topic} {one.name}: {one.value}; {one.remedy}")
    return ExitStatus.CELLS_FAILED if wrong else ExitStatus.DONE
