"""How the program spells settings: the library names them in its messages, and here they become flags."""

import re

from aspis_sim.spec.request import AXES

NAMED = re.compile(r"`([a-z0-9_]+)(?:=([^`\s]+))?`")
"""A setting in a message of the library, alone or with a value: ```memory``` or ```workers=17```."""


def spelled(message: str) -> str:
    """A message with every setting as it is written on the command line: ``--memory``, ``--workers 17``."""
    return NAMED.sub(_flag, message)


def _flag(found: re.Match[str]) -> str:
    name, value = found[1], found[2]
    flag = AXES[name].flag if name in AXES else name.replace("_", "-")
    if name in AXES and AXES[name].kind.type is bool and value in ("true", "false"):
        return f"--{flag}" if value == "true" else f"--no-{flag}"
    return f"--{flag}" if value is None else f"--{flag} {value}"
