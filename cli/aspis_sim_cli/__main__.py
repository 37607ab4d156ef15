"""The start of the program: ``aspis-sim``, or ``python -m aspis_sim_cli``. Ctrl-C counts from here on."""

import sys


def main() -> None:
    """Load the commands, and run the program."""
    try:
        from aspis_sim_cli import app
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    app.main()


if __name__ == "__main__":
    main()
