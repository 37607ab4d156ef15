"""What can be built for K workers, what it costs and what q Byzantines do to it: the basis of a choice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aspis_sim.assignment import ASSIGNMENTS, build, check_workers, shape
from aspis_sim.detection import DETECTORS
from aspis_sim.distortion.result import check_byzantine
from aspis_sim.distortion.worst_case import worst_case, worst_case_of_subset
from aspis_sim.errors import InputError, PluginError

SEARCH_SECONDS = 10.0


@dataclass(frozen=True)
class Option:
    """One assignment that exists for K workers.

    Attributes:
        assignment: its registered name.
        redundancy: r.
        files: f.
        load: l, files a worker.
        overhead: computation against no redundancy, that is r: every sample's gradient is computed r times.
        q: Byzantine workers assumed.
        distorted: c, the most files that they can distort past the detector (the best known, if not exact).
        bound: what c is proven not to exceed.
        fraction: the proven worst ε, ``bound`` over f.
        proof: how c is known, as `worst_case` says it.
        detector: behind which the worst case is taken; "none" is the bare vote.
    """

    assignment: str
    redundancy: int
    files: int
    load: int
    overhead: int
    q: int
    distorted: int
    bound: int
    fraction: float
    proof: str
    detector: str = "none"


def buildable(
    workers: int,
    q: int,
    *,
    detectors: Sequence[str] = ("none",),
    max_redundancy: int = 7,
    max_load: int | None = None,
    time_limit: float = SEARCH_SECONDS,
) -> list[Option]:
    """List every assignment with default parameters that exists for K workers and an odd r, behind each detector.

    Without redundancy there is nothing to detect by, and only the detector "none" is listed.

    Args:
        workers: K.
        q: Byzantine workers, 0 <= q < K/2.
        detectors: registered names.
        max_redundancy: largest r tried.
        max_load: leave out assignments with more files a worker.
        time_limit: seconds for the search of one worst case.

    Returns:
        Options by r, then by name in the order of the registry, then by detector as given.

    Raises:
        InputError: K < 1 or too large, q not below K/2, or an unknown detector.
    """
    check_workers(workers)
    check_byzantine(workers, q)
    for detector in detectors:
        DETECTORS.check(detector)
    options = []
    for redundancy in range(1, min(workers, max_redundancy) + 1, 2):
        for name, files, load in _existing(workers, redundancy):
            if max_load is not None and load > max_load:
                continue
            complete = ASSIGNMENTS.traits(name).complete
            assignment = None if complete else build(name, workers=workers, redundancy=redundancy)
            for detector in detectors if redundancy > 1 else ("none",):
                if assignment is None:
                    found = worst_case_of_subset(workers, redundancy, q, detector)
                else:
                    found = worst_case(assignment, q, detector, time_limit)
                figures = (found.count, found.bound, found.bound / files, found.proof)
                options.append(Option(name, redundancy, files, load, redundancy, q, *figures, detector))
    return options


def plan(
    workers: int,
    q: int,
    *,
    detectors: Sequence[str] = ("none",),
    max_load: int | None = None,
    max_fraction: float | None = None,
    max_redundancy: int = 7,
    time_limit: float = SEARCH_SECONDS,
) -> list[Option]:
    """List the assignments that keep ε under a wanted value behind one of these detectors, cheapest first.

    Cheaper is a smaller overhead (computation), then fewer files a worker (messages), then a smaller ε. An
    ε that is not proven counts with its bound.

    Args:
        workers: K.
        q: Byzantine workers, 0 <= q < K/2.
        detectors: registered names.
        max_load: most files a worker may hold; None: any.
        max_fraction: the ε not to be exceeded; None: any.
        max_redundancy: largest r tried.
        time_limit: seconds for the search of one worst case.

    Raises:
        InputError: as `buildable`, a fraction outside 0..1, or nothing fits (says which ε is the least
            possible within the load).
    """
    if max_fraction is not None and not 0 <= max_fraction <= 1:
        raise InputError(f"a distortion fraction of {max_fraction} does not exist; try 0 to 1")
    limits: dict[str, Any] = {"max_redundancy": max_redundancy, "max_load": max_load, "time_limit": time_limit}
    options = buildable(workers, q, detectors=detectors, **limits)
    fitting = [option for option in options if max_fraction is None or option.fraction <= max_fraction]
    if not fitting:
        within = "" if max_load is None else f" and at most {max_load} files a worker"
        if not options:
            raise InputError(f"no assignment for {workers} workers{within}; try a larger load")
        best = min(options, key=lambda option: option.fraction)
        raise InputError(
            f"no assignment for {workers} workers{within} keeps ε within {max_fraction:g} at q={q}; "
            f"the least is {best.fraction:.4f} ({best.assignment}, redundancy {best.redundancy}, detector "
            f"{best.detector})"
        )
    return sorted(fitting, key=lambda option: (option.overhead, option.load, option.fraction))


def _existing(workers: int, redundancy: int) -> Iterator[tuple[str, int, int]]:
    for name in ASSIGNMENTS:
        # an assignment from a file has no K and r of its own; without redundancy all others are the baseline
        traits = ASSIGNMENTS.traits(name)
        if traits.from_file or (redundancy > 1) != traits.redundant:
            continue
        try:
            files, load = shape(name, workers=workers, redundancy=redundancy)
        except (InputError, PluginError):
            continue
        yield name, files, load
