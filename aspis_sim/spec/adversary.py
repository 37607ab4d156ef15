"""Settings of the adversary: how many Byzantine workers there are, where they lie, and with what."""

from dataclasses import dataclass

from aspis_sim.spec.kinds import Named, Number, Whole
from aspis_sim.spec.knob import knob

ADVERSARY = "Attack"


def _byzantine(value: int) -> str | None:
    return None if value >= 0 else f"q={value} is negative; the number of Byzantine workers is 0 or more"


def _silent(value: int) -> str | None:
    return None if value >= 0 else f"`silent` {value} is negative; 0 or more workers return nothing"


def _window(value: int) -> str | None:
    return None if value >= 1 else f"`adversary_window` {value}: a window has 1 or more steps"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Adversary:
    """Who lies about which files, when, and with what."""

    q: int = knob(
        Whole("Q", "1..7"),
        2,
        "Number of Byzantine workers, q < K/2.",
        first="Number of Byzantine workers, q < K/2.",
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
        "Number of honest workers that return nothing in a step.",
        panel=ADVERSARY,
        place="table",
        check=_silent,
    )
    silence: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.silence:SILENCES"),
        "random",
        "Which honest workers are silent: {names}.",
        panel=ADVERSARY,
        place="table",
    )
    adversary_window: int | None = knob(
        Whole("T_b", "T_b,…", optional=True),
        None,
        "Number of steps after which a new random set of workers becomes Byzantine.",
        panel=ADVERSARY,
        place="table",
        check=_window,
    )
    attack: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.adversary.targeting:TARGETINGS", settings=("framed",)),
        "strong",
        "Attack: which copies the Byzantine workers distort: {names}.",
        first="Which copies are distorted: strong, weak, …",
        panel=ADVERSARY,
        place="table",
        shapes=False,
        identity=True,
    )
    framed: int | str | None = knob(
        Whole("D", "1..6", optional=True, words=("auto",)),
        None,
        "Number of honest workers that a frame-up frames, d < q (default q-1; auto: the most harmful number).",
        panel=ADVERSARY,
        place="table",
        shapes=False,
    )
    timing: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.adversary.timing:TIMINGS"),
        "always",
        "Steps in which the Byzantine workers lie: {names}.",
        panel=ADVERSARY,
        place="table",
    )
    payload: str = knob(
        Named("NAME", "NAME,…", home="aspis_sim.adversary.payloads:PAYLOADS"),
        "alie",
        "Value of the distorted copies: {names}.",
        first="What distorted copies hold: alie, min_max, …",
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
