"""How a scheme looks: one colour and one marker, the same in every figure.

The colours are Okabe and Ito's (distinguishable with any colour vision) without the yellow and the black that vanish on
a white or a black page; a marker, and where colours run out a dash, says the same once more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aspis_sim.schemes import SCHEMES

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#808080")
MARKERS = (
    ("circle", "o"),
    ("square", "s"),
    ("diamond", "D"),
    ("triangle-up", "^"),
    ("triangle-down", "v"),
    ("x", "X"),
    ("cross", "P"),
    ("star", "*"),
    ("pentagon", "p"),
    ("hexagon", "h"),
    ("triangle-left", "<"),
    ("triangle-right", ">"),
)
"""Names in Plotly and in matplotlib."""
DASHES = (("solid", "-"), ("dash", "--"), ("dot", ":"), ("dashdot", "-."))


@dataclass(frozen=True)
class Look:
    """How one scheme is drawn.

    Attributes:
        colour: as #rrggbb.
        marker: names in Plotly and in matplotlib.
        dash: likewise.
    """

    colour: str
    marker: tuple[str, str]
    dash: tuple[str, str]


def styles(scheme_of: Mapping[str, str]) -> dict[str, Look]:
    """The look of each label, from label to scheme; a preset has its own wherever there are colours left for it."""
    known = {label: SCHEMES[name].look for label, name in scheme_of.items() if name in SCHEMES}
    found: dict[str, Look] = {}
    colours: list[int] = []
    markers: list[int] = []
    order = sorted(scheme_of, key=lambda label: 99 if known.get(label) is None else known[label] or 0)
    for number, label in enumerate(order):
        look = known.get(label)
        wanted = number if look is None else look
        colour = _free(wanted, colours, len(COLOURS))
        marker = _free(wanted, markers, len(MARKERS))
        dash = DASHES[colours.count(colour) % len(DASHES)]
        colours.append(colour)
        markers.append(marker)
        found[label] = Look(COLOURS[colour], MARKERS[marker], dash)
    return {label: found[label] for label in scheme_of}


def _free(wanted: int, taken: Sequence[int], count: int) -> int:
    """The wanted one of ``count``, or the next that is taken least often."""
    order = [(wanted + step) % count for step in range(count)]
    return min(order, key=taken.count)
