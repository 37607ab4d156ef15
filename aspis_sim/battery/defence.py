"""A defence as it is asked for: a scheme, its rule replaced, or a rule alone, with settings of its own.

``aspis``, ``byzshield+geometric_median``, ``nnm+krum``, ``median@worker_momentum=0.9``.
"""

from dataclasses import dataclass
from typing import Any

from aspis_sim.aggregation import PREAGGREGATIONS, RULES
from aspis_sim.errors import InputError
from aspis_sim.printable import brief
from aspis_sim.registry import unknown_name
from aspis_sim.schemes import SCHEMES
from aspis_sim.spec.adversary import Adversary
from aspis_sim.spec.grid import AXES
from aspis_sim.spec.knob import knobs
from aspis_sim.spec.part import parse_part

BARE = "average"
"""The scheme of a rule that stands alone: no redundancy, no detector."""

FOR_ALL = (*knobs(Adversary), "lr", "seed")
"""Settings of the adversary and of the search: they are the same for all defences."""


@dataclass(frozen=True)
class Defence:
    """A defence.

    Attributes:
        name: as it was asked for.
        settings: (setting, value as text), the scheme first.
    """

    name: str
    settings: tuple[tuple[str, str], ...]

    @property
    def as_grid(self) -> dict[str, Any]:
        """Setting -> value as text."""
        return dict(self.settings)


def defence(text: str) -> Defence:
    """Read a defence.

    Args:
        text: ``SCHEME``, ``SCHEME+RULE``, ``RULE`` or ``RULE+RULE``, options of the rule after colons as everywhere,
            then any number of ``@SETTING=VALUE``.

    Raises:
        InputError: unknown name (the nearest is named), or a setting that is not the defence's.
    """
    named, *given = text.split("@")
    settings = _parts(named)
    for one in given:
        name, equals, value = one.partition("=")
        name = _SPELLED.get(name.replace("-", "_"), name)
        if not (equals and value):
            raise InputError(f"{brief(text)!r}: {brief(one)!r} is no setting; write @name=value")
        if name not in AXES:
            raise unknown_name("setting", name, AXES)
        if name in FOR_ALL or name == "scheme":
            raise InputError(f"{brief(text)!r}: {name} is no setting of a defence; leave it out")
        if name in settings:
            raise InputError(f"{brief(text)!r}: {name} is given twice; leave one out")
        settings[name] = value
    return Defence(text, tuple(settings.items()))


def defences(text: str) -> tuple[Defence, ...]:
    """Read several, separated by commas; each once.

    Raises:
        InputError: as `defence`, or there is none.
    """
    found = tuple(dict.fromkeys(defence(one.strip()) for one in text.split(",") if one.strip()))
    if not found:
        raise InputError("no defence is named; write `scheme` and one or more, as in aspis,median")
    return found


def _parts(named: str) -> dict[str, str]:
    for scheme in sorted(SCHEMES, key=len, reverse=True):
        if named == scheme:
            return {"scheme": scheme}
        if named.startswith(f"{scheme}+") and (rest := named.removeprefix(f"{scheme}+")):
            return {"scheme": scheme, "rule": rest}
    known = tuple(dict.fromkeys((*SCHEMES, *RULES, *PREAGGREGATIONS)))
    for step in parse_part(named).name.split("+"):
        if step not in known:
            raise unknown_name("scheme or rule", step, known)
    return {"scheme": BARE, "rule": named}


_SPELLED = {one.flag.replace("-", "_"): name for name, one in AXES.items()}
