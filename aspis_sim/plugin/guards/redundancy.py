"""The guards of parts that hand out copies and that compare them."""

from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment import Assignment
from aspis_sim.detection import DETECTORS, Outcome, Verdict
from aspis_sim.plugin.guards.functions import Factory
from aspis_sim.plugin.part import Part, described


def assignment(part: Part, factory: Factory) -> Factory:
    """An `Assignment`, or its table of groups, int ``[f, r]``, of 0-based workers with the same load for all."""

    @wraps(factory)
    def build(**options: Any) -> Assignment:
        built = part.blaming(factory)(**options)
        workers, redundancy = options["workers"], options["redundancy"]
        files = np.asarray(built.files if isinstance(built, Assignment) else built)
        if files.ndim != 2 or files.dtype.kind not in "iu" or not len(files) or files.shape[1] != redundancy:
            raise part.refuses(f"returned {described(files)}, not whole numbers [f, {redundancy}]: a group a file")
        files = np.sort(files, axis=1)
        if files.min() < 0 or files.max() >= workers:
            raise part.refuses(f"names workers {files.min()} to {files.max()}; they are numbered 0 to {workers - 1}")
        if (files[:, 1:] == files[:, :-1]).any():
            raise part.refuses("gives a file to one worker twice")
        loads = np.bincount(files.ravel(), minlength=workers)
        if loads.min() != loads.max():
            raise part.refuses(f"gives {loads.min()} to {loads.max()} files to a worker; all must hold the same number")
        return Assignment(part.name, workers, files.astype(np.int32))

    return build


def detector(part: Part, judge: Factory) -> Factory:
    """A function ``(agreement, *, max_byzantine, assignment)`` to a `Verdict`."""

    @wraps(judge)
    def checked(agreement: NDArray[Any], *, max_byzantine: int, assignment: Assignment | None = None) -> Verdict:
        own = np.array(agreement, bool)
        verdict = part.blaming(judge)(own, max_byzantine=max_byzantine, assignment=assignment)
        if not isinstance(verdict, Verdict):
            raise part.refuses(f"returned {described(verdict)}, not a Verdict")
        part.array(verdict.honest, (len(own),), bool, "honest")
        if verdict.outcome not in tuple(Outcome):
            raise part.refuses(f"has no known outcome; it is one of {', '.join(Outcome)}")
        if verdict.certified is not None and not DETECTORS.traits(part.name).certifies:
            raise part.refuses("returned certificates; register it with DetectorTraits(certifies=True)")
        if verdict.kept is not None and not DETECTORS.traits(part.name).selects:
            raise part.refuses("selected files; register it with DetectorTraits(selects=True)")
        return verdict

    return checked
