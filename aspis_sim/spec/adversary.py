"""Settings of the adversary: how many Byzantine workers there are, where they lie, and with what."""

from dataclasses import dataclass

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.adversary.timing import TIMINGS
from aspis_sim.silence import SILENCES
from aspis_sim.spec.kinds import Named, Number, Whole
from aspis_sim.spec.knob import knob

ADVERSARY = "The adversary"


def _byzantine(value: int) -> str | None:
    return None if value >= 0 else f"q={value} is negative; the number of Byzantine workers is 0 or more"


def _silent(value: int) -> str | None:
    return None if value >= 0 else f"`silent` {value} is negative; 0 or more workers return nothing"


def _window(value: int) -> str | None:
    return None if value >= 1 else f"`adversary_window` {value}: a window has 1 or more steps"


@dataclass(frozen=True, kw_only=True)
class Adversary:
    """Who lies about which files, when, and with what."""

    q: int = knob(
        Whole("Q", "1..7"),
        2,
        "Byzantine workers, q < K/2.",
        several=(1, 2, 3, 4, 5, 6, 7),
        panel=ADVERSARY,
        place="own",
        check=_byzantine,
        shapes=False,
        identity=True,
    )
    silent: int = knob(
        Whole("S", "0..3"),
        0,
        "Honest workers of which nothing arrives in a step.",
        panel=ADVERSARY,
        place="table",
        check=_silent,
    )
    silence: str = knob(
        Named("NAME", "NAME,…", registry=SILENCES),
        "random",
        "Which honest workers those are: {names}.",
        panel=ADVERSARY,
        place="table",
    )
    adversary_window: int | None = knob(
        Whole("T_b", "T_b,…", optional=True),
        None,
        "Steps after which other workers, drawn at random, are Byzantine.",
        panel=ADVERSARY,
        place="table",
        check=_window,
    )
    attack: str = knob(
        Named("NAME", "NAME,…", registry=TARGETINGS, settings=("framed",)),
        "strong",
        "Targeting of files: {names}.",
        panel=ADVERSARY,
        place="table",
        shapes=False,
        identity=True,
    )
    framed: int | str | None = knob(
        Whole("D", "1..6", optional=True, words=("auto",)),
        None,
        "Workers that a frame-up frames: d < q (default q-1), or auto: what harms most.",
        panel=ADVERSARY,
        place="table",
        shapes=False,
    )
    timing: str = knob(
        Named("NAME", "NAME,…", registry=TIMINGS),
        "always",
        "In which steps Byzantine workers lie: {names}.",
        panel=ADVERSARY,
        place="table",
    )
    payload: str = knob(
        Named("NAME", "NAME,…", registry=PAYLOADS),
        "alie",
        "What distorted copies hold: {names}.",
        panel=ADVERSARY,
        place="table",
        identity=True,
    )
    strength: float | None = knob(
        Number("X", "0.5..2:0.5", optional=True),
        None,
        "Strength of the payload (default: the payload's own).",
        panel=ADVERSARY,
        place="table",
        shapes=False,
    )
