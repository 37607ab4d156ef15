"""The search for the worst attack on one defence: a generator of rounds, each chosen by what came of those before.

It sees scores on validation data, and nothing else.
"""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from math import exp, isfinite, log, sqrt

from aspis_sim.battery.lie import ALWAYS, Lie
from aspis_sim.battery.setup import Score, Setup, Trial, best_rate, worst, worst_and_rising, worst_of_each
from aspis_sim.battery.standard import (
    COMMON,
    FINALISTS,
    GOLDEN,
    PLACES,
    PROBES,
    RISING,
    ROUNDS,
    STRENGTHS,
    TIMED,
    VARIED,
    WHAT,
    WHOLE,
)

GOLDEN_RATIO = (sqrt(5) - 1) / 2

Scores = Mapping[Trial, Score]


@dataclass(frozen=True)
class Round:
    """Trials that run beside each other.

    Attributes:
        title: what they are.
        trials: each once.
    """

    title: str
    trials: tuple[Trial, ...]


@dataclass(frozen=True)
class Found:
    """What the search ends with.

    Attributes:
        finalists: the worst lies under the rate, one of each place and payload, the worst first.
        rate: that the defence takes under attack.
        clean_rate: that it takes without one.
    """

    finalists: tuple[Lie, ...]
    rate: float
    clean_rate: float


Search = Generator[Round, Scores, Found]


def search(setup: Setup, more: int = 0) -> Search:
    """The standard battery against one defence; see `aspis_sim.battery.standard`.

    Args:
        setup: the defence, and the system.
        more: whole runs beyond the battery, for changes of the worst lie that have not been tried.
    """
    clean = yield Round("no attack", (Trial(Lie.none(), setup.rates),))
    rate = next(iter(clean.values())).rate
    if not setup.places:
        return Found((Lie.none(),), rate, rate)

    known: dict[Lie, Score] = {}
    yield from _tried("where", setup, known, _pairs(setup.places, PROBES), rate, short=True)
    places = _places(known)
    yield from _tried("what", setup, known, _pairs(places[:PLACES], WHAT), rate, short=True)
    yield from _strengths(setup, known, rate)

    dear = _pairs(_places(known)[:1], setup.searching)
    yield from _tried("what it can find itself", setup, known, dear, rate, short=True)

    whole: dict[Lie, Score] = {}
    yield from _tried("whole runs", setup, whole, worst_and_rising(known, WHOLE, RISING), rate)
    for_time = [replace(lie, timing=when) for lie in worst_of_each(whole, TIMED) for when in setup.timings]
    yield from _tried("when", setup, whole, for_time, rate)
    yield from _adapted(setup, known, whole, rate, more)

    finalists = tuple(worst_of_each(whole, FINALISTS))
    scores = {rate: {lie: whole[lie] for lie in finalists}}
    others = [one for one in setup.rates if one != rate]
    found = yield Round("which rate", tuple(Trial(lie, (one,)) for one in others for lie in finalists))
    for trial, score in found.items():
        scores.setdefault(trial.rates[0], {})[trial.lie] = score
    taken = best_rate((rate, *others), {one: list(of_rate.values()) for one, of_rate in scores.items()}, setup.chance)
    return Found(tuple(worst(scores[taken], FINALISTS)), taken, rate)


def most_runs(setup: Setup) -> int:
    """How many runs the battery takes at most, its verdict included."""
    rates, places = len(set(setup.rates)), len(setup.places)
    in_search = rates + places * len(PROBES) + min(places, PLACES) * len(WHAT)
    in_search += len(VARIED) * len(STRENGTHS) + GOLDEN * ROUNDS + len(setup.searching)
    in_search += WHOLE + RISING + TIMED * len(setup.timings) + FINALISTS * (rates - 1)
    return in_search + 2 * (FINALISTS + len(COMMON) + 1) * len(setup.seeds)


def _tried(
    title: str, setup: Setup, known: dict[Lie, Score], lies: Iterable[Lie], rate: float, short: bool = False
) -> Generator[Round, Scores, None]:
    """Try the lies that are possible and not known yet, and note what came of them."""
    trials = [Trial(lie, (rate,), short) for lie in dict.fromkeys(lies) if lie not in known and setup.possible(lie)]
    if trials:
        scores = yield Round(title, tuple(trials))
        known.update((trial.lie, score) for trial, score in scores.items())


def _pairs(places: Iterable[tuple[str, int | None]], payloads: Iterable[str]) -> list[Lie]:
    return [Lie(attack, payload, framed) for attack, framed in places for payload in payloads]


def _places(known: Mapping[Lie, Score]) -> list[tuple[str, int | None]]:
    """The places by their worst lie, the worst first."""
    return list(dict.fromkeys(lie.where for lie in worst(known, len(known))))


def _strengths(setup: Setup, known: dict[Lie, Score], rate: float) -> Generator[Round, Scores, None]:
    """Vary strengths at the worst place, then narrow down those that do most by golden section on their logarithm."""
    bases = [lie for lie in _pairs(_places(known)[:1], VARIED) if lie in known]
    varied = [replace(lie, strength=strength) for lie in bases for strength in STRENGTHS]
    yield from _tried("how much", setup, known, varied, rate, short=True)
    ranked = dict.fromkeys(replace(lie, strength=None) for lie in worst(known, len(known)))
    narrowed = [lie for lie in ranked if lie in bases][:GOLDEN]
    for _ in range(ROUNDS):
        nearer = [one for lie in narrowed if (one := _golden(lie, setup.strength(lie), known)) is not None]
        yield from _tried("how much", setup, known, nearer, rate, short=True)


def _golden(base: Lie, own: float | None, known: Mapping[Lie, Score]) -> Lie | None:
    """The next strength between the best so far and its farther neighbour; None where it has not got two."""
    told = {one: own if one.strength is None else one.strength for one in known if replace(one, strength=None) == base}
    alike = {log(strength): one for one, strength in told.items() if strength is not None and strength > 0}
    points = sorted(alike)
    if len(points) < 3:
        return None
    place = max(range(len(points)), key=lambda place: known[alike[points[place]]].harm)
    if place in (0, len(points) - 1):
        return None
    below, best, above = points[place - 1 : place + 2]
    far = below if best - below > above - best else above
    return replace(base, strength=exp(best + (1 - GOLDEN_RATIO) * (far - best)))


def _adapted(
    setup: Setup, known: Mapping[Lie, Score], whole: dict[Lie, Score], rate: float, more: int
) -> Generator[Round, Scores, None]:
    """Change the worst lie of whole runs in one respect at a time, as long as runs are left and changes untried."""
    while more > 0:
        untried = [lie for lie in _changes(worst(whole, 1)[0], setup, known) if lie not in whole]
        untried = [lie for lie in untried if setup.possible(lie)][: min(more, WHOLE)]
        if not untried:
            return
        more -= len(untried)
        yield from _tried("around the worst", setup, whole, untried, rate)


def _changes(lie: Lie, setup: Setup, known: Mapping[Lie, Score]) -> list[Lie]:
    """The lies that differ from one in a single respect, the likeliest first."""
    if lie.has_strength:
        base = setup.strength(lie) or 1.0
        changed = [replace(lie, strength=base * factor) for factor in (1.25, 0.8, 1.6, 0.625)]
    else:
        changed = []
    ranked = worst(known, len(known))
    payloads = list(dict.fromkeys((one.payload, one.strength) for one in ranked if one.where == lie.where))
    changed += [replace(lie, payload=payload, strength=strength) for payload, strength in payloads[: 2 * WHOLE]]
    changed += [replace(lie, attack=attack, framed=framed) for attack, framed in _places(known)]
    changed += [replace(lie, timing=when) for when in (ALWAYS, *setup.timings)]
    return [one for one in dict.fromkeys(changed) if one.strength is None or isfinite(one.strength)]
