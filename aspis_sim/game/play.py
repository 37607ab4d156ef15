"""The game between q colluding workers and a detector: the most harm to one update, and how it is done."""

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection import detector as detector_named
from aspis_sim.errors import InputError
from aspis_sim.game.exhaustive import search_everything
from aspis_sim.game.local_search import climb
from aspis_sim.game.result import OBJECTIVES, Result, judge
from aspis_sim.registry import unknown_name


def play(
    assignment: Assignment,
    q: int,
    detector: str,
    *,
    objective: str = "count",
    seed: int = 0,
    effort: int = 2000,
    most_graphs: int = 100_000,
) -> Result:
    """Find the lies of q Byzantine workers that bring most distorted values into the update.

    The game: the workers of a set of q know the assignment and the detector. In each file the Byzantine
    holders have one common lie, and each returns it or the truth; honest workers return the truth. The
    detector sees who agrees with whom; its verdict selects the files and values of the update. Not covered:
    several different lies about one file, and what the robust rule makes of the distorted values.

    If the disagreement graphs are few enough, all are examined and the result is exact (`search_everything`);
    else a seeded local search gives a lower bound (`climb`). Either way the attack is judged by playing it:
    tokens, graph, verdict, update.

    Found for this project. The published analysis bounds the distorted votes when the detector is undecided
    (arXiv 2208.08085, Theorem 1), not what enters the update when it decides wrongly.

    Args:
        assignment: f files of r workers each.
        q: Byzantine workers, 0 <= q < K / 2; the detector is told the same number.
        detector: a name in `aspis_sim.detection.DETECTORS`. "sound" is followed by the majority vote,
            "certified" by the unanimous files if nothing is certified.
        objective: "count", the distorted files that enter the update, or "fraction", these over the files
            kept.
        seed: of the local search.
        effort: graphs that a local search looks at, 1 or more.
        most_graphs: examine all graphs if they are at most about this many; 0 always searches locally.

    Returns:
        The strongest attack found, and whether it is the strongest there is.

    Raises:
        InputError: unknown detector or objective, q or effort out of range.
    """
    decide = detector_named(detector)
    if objective not in OBJECTIVES:
        raise unknown_name("objective", objective, OBJECTIVES)
    if not 0 <= 2 * q < assignment.workers:
        raise InputError(
            f"{q} Byzantine workers of {assignment.workers}: a majority must be honest, "
            f"so q is 0 to {(assignment.workers - 1) // 2}"
        )
    if effort < 1:
        raise InputError(f"an effort of {effort} looks at no graph; it is 1 or more")
    best = search_everything(assignment, q, decide, objective, most_graphs)
    complete = best is not None
    if best is None:
        best = climb(assignment, q, decide, objective, seed, effort)
    score, _ = judge(assignment, best.liars, decide, q)
    return Result(
        detector=detector,
        objective=objective,
        count=score.count,
        kept=score.kept,
        byzantine=best.byzantine,
        liars=best.liars,
        # The exhaustive search gives tied votes to the liars, and proves nothing if the lies played do less.
        exhaustive=complete and score == best.score,
        graphs=best.graphs,
    )
