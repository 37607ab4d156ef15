"""What a plugin's part must be to run: each kind's factory, checked where it is called.

Shapes and types of arrays are known when a program is traced, so a rule or payload that returns the wrong ones is
caught before anything is computed, under `jax.jit` as well. Every guard takes a part and its factory and returns a
factory with the same signature and documentation that raises `PluginError` where the part does not keep the contract
of its kind.
"""

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from aspis_sim.adversary.choices import Attack
from aspis_sim.adversary.payloads import PAYLOADS, Payload
from aspis_sim.adversary.payloads.base import Scope
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.adversary.timing import TIMINGS, Timing
from aspis_sim.aggregation import PREAGGREGATIONS, RULES, Preaggregation, Rule
from aspis_sim.assignment import ASSIGNMENTS, Assignment
from aspis_sim.callbacks import CALLBACKS
from aspis_sim.data import DATASETS, PARTS, Dataset
from aspis_sim.detection import DETECTORS, Outcome, Verdict
from aspis_sim.metrics import METRICS, TAKEN
from aspis_sim.models import MODELS
from aspis_sim.optimizers import OPTIMIZERS
from aspis_sim.partitions import PARTITIONS
from aspis_sim.plugin.part import Part, described
from aspis_sim.plugin.training_guards import callback, metric, optimizer, partition, schedule
from aspis_sim.printable import brief
from aspis_sim.registry import Registry
from aspis_sim.schedules import SCHEDULES

Factory = Callable[..., Any]
Guard = Callable[[Part, Factory], Factory]


def rule(part: Part, factory: Factory) -> Factory:
    """A `Rule`, or a function from rows ``[n, d]`` (and, if it takes it, ``kept`` ``[n]``) to ``[d]``."""

    @wraps(factory)
    def build(**options: Any) -> Rule:
        built = part.blaming(factory)(**options)
        if not isinstance(built, Rule):
            takes_kept = _takes(part, built, "a Rule or a function of the rows", "kept")
            plain = built
            built = Rule(lambda rows, kept: plain(rows, kept) if takes_kept else plain(rows), takes_kept=takes_kept)
        bounded = None if built.bounded is None else _vector(part, built.bounded)
        return replace(built, function=_vector(part, built.function), bounded=bounded)

    return build


def preaggregation(part: Part, factory: Factory) -> Factory:
    """A `Preaggregation`, or a function from rows ``[n, d]`` to ``[m, d]``; one that takes ``kept`` returns both."""

    @wraps(factory)
    def build(**options: Any) -> Preaggregation:
        built = part.blaming(factory)(**options)
        if not isinstance(built, Preaggregation):
            takes_kept = _takes(part, built, "a Preaggregation or a function of the rows", "kept")
            plain = built
            built = Preaggregation(
                lambda rows, kept: plain(rows, kept) if takes_kept else (plain(rows), None), takes_kept=takes_kept
            )
        return replace(built, function=_rows(part, built.function))

    return build


def payload(part: Part, factory: Factory) -> Factory:
    """A `Payload`, or a function from honest rows ``[n, d]`` (and, if it takes it, a ``key``) to ``[d]``."""

    @wraps(factory)
    def build(**options: Any) -> Payload:
        built = part.blaming(factory)(**options)
        if not isinstance(built, Payload):
            takes_key = _takes(part, built, "a Payload or a function of the honest rows", "key")
            plain = built
            built = Payload(lambda rows, key: plain(rows, key) if takes_key else plain(rows), coordinatewise=False)
        if built.scope not in get_args(Scope):
            raise part.refuses(f"has the scope {brief(built.scope)!r}; known: {', '.join(get_args(Scope))}")
        if (built.scope == "samples") != (built.poisons is not None):
            raise part.refuses("has the scope 'samples' without `poisons`, or the other way round; they go together")
        largest = None if built.largest is None else part.blaming(built.largest)
        a_file = built.scope == "files"
        aimed = None if built.aimed is None else _vector(part, built.aimed, a_file)
        informed = None if built.informed is None else _vector(part, built.informed)
        planned = None if built.planned is None else _vector(part, built.planned, a_file)
        poisons = None if built.poisons is None else part.blaming(built.poisons)
        function = _vector(part, built.function, a_file)
        built = replace(built, function=function, largest=largest)
        return replace(built, aimed=aimed, informed=informed, planned=planned, poisons=poisons)

    return build


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


def attack(part: Part, factory: Factory) -> Factory:
    """An `Attack`, or the pair of its arrays: who is Byzantine, and which of their copies they distort."""

    @wraps(factory)
    def build(assignment: Assignment, q: int, **options: Any) -> Attack:
        built = part.blaming(factory)(assignment, q, **options)
        if isinstance(built, tuple) and len(built) == 2:
            built = Attack(*built)
        if not isinstance(built, Attack):
            raise part.refuses(f"returned {described(built)}, not an Attack or (byzantine, distorts)")
        part.array(built.byzantine, (assignment.workers,), bool, "byzantine")
        part.array(built.distorts, assignment.files.shape, bool, "distorts")
        if int(built.byzantine.sum()) > q:
            raise part.refuses(f"makes {int(built.byzantine.sum())} workers Byzantine where q={q}")
        if (built.distorts & ~built.byzantine[assignment.files]).any():
            raise part.refuses("distorts copies of workers that are not Byzantine")
        return built

    return build


def timing(part: Part, factory: Factory) -> Factory:
    """A function ``(step, steps, exposed)`` to one truth value, Python's own or of an array without axes."""

    @wraps(factory)
    def build(**options: Any) -> Timing:
        built = part.blaming(factory)(**options)
        if not callable(built):
            raise part.refuses(f"returned {described(built)}, not a function of step, steps and exposed")

        def lies(step: Any, steps: int, exposed: Any) -> Any:
            told = part.blaming(built)(step, steps, exposed)
            if not isinstance(told, bool):
                part.array(told, (), bool, "whether workers lie")
            return told

        return lies

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


def dataset(part: Part, factory: Factory) -> Factory:
    """A `Dataset` whose parts have as many labels as inputs, labels within its classes."""

    @wraps(factory)
    def build(**options: Any) -> Dataset:
        built = part.blaming(factory)(**options)
        if not isinstance(built, Dataset):
            raise part.refuses(f"returned {described(built)}, not a Dataset")
        for name in PARTS:
            if name not in built.inputs or name not in built.labels:
                raise part.refuses(f"has no {name} part; a data set has {', '.join(PARTS)}")
            inputs, labels = built.inputs[name], built.labels[name]
            if inputs.dtype not in (np.uint8, np.float32) or not len(inputs):
                raise part.refuses(f"returned {described(inputs)} as {name} inputs, not uint8 or float32[samples, …]")
            part.array(labels, (len(inputs),), np.int32 if built.classes else np.float64, f"{name} labels")
            if built.classes and not 0 <= labels.min() <= labels.max() < built.classes:
                raise part.refuses(f"has {name} labels that are none of 0 to {built.classes - 1}")
        return replace(built, name=part.name)

    return build


def model(part: Part, factory: Factory) -> Factory:
    """A `Model`, or a flax module from inputs to scores ``[samples, classes]``."""

    @wraps(factory)
    def build(classes: int, **options: Any) -> Any:
        import flax.linen as nn

        from aspis_sim.models.base import Model
        from aspis_sim.plugin.guarded_model import GuardedModel

        built = part.blaming(factory)(classes=classes, **options)
        if isinstance(built, nn.Module):
            built = Model(built)
        if not isinstance(built, Model):
            raise part.refuses(f"returned {described(built)}, not a Model or a flax module")
        return GuardedModel(built.module, built.sums, own=built, part=part, classes=classes)

    return build


@dataclass(frozen=True)
class Kind:
    """A kind of part that plugins can bring.

    Attributes:
        registry: the parts of this kind.
        guard: what checks them.
        reserved: names that the program uses for something else.
    """

    registry: Registry
    guard: Guard
    reserved: Collection[str] = ()


KINDS = {
    kind.registry.kind: kind
    for kind in (
        Kind(RULES, rule, PREAGGREGATIONS),
        Kind(PREAGGREGATIONS, preaggregation, RULES),
        Kind(PAYLOADS, payload),
        Kind(TARGETINGS, attack, ("random",)),
        Kind(TIMINGS, timing),
        Kind(ASSIGNMENTS, assignment),
        Kind(DETECTORS, detector),
        Kind(MODELS, model),
        Kind(DATASETS, dataset),
        Kind(OPTIMIZERS, optimizer),
        Kind(SCHEDULES, schedule),
        Kind(PARTITIONS, partition),
        Kind(METRICS, metric, TAKEN),
        Kind(CALLBACKS, callback),
    )
}


def _takes(part: Part, function: Any, expected: str, parameter: str) -> bool:
    """Whether a plain function takes this second argument."""
    if not callable(function):
        raise part.refuses(f"returned {described(function)}, not {expected}")
    with part.blamed():
        return parameter in inspect.signature(function).parameters


def _vector(part: Part, function: Callable[..., Any], a_file: bool = False) -> Callable[..., Any]:
    """The function of rows ``[n, d]``, whose result must be ``[d]``, or with ``a_file`` ``[n, d]``, in their type."""

    def checked(rows: Any, *rest: Any) -> Any:
        result = part.blaming(function)(rows, *rest)
        shape, what = (rows.shape, "the vectors") if a_file else (rows.shape[1:], "the vector")
        part.array(result, shape, rows.dtype, f"{what} of {described(rows)}")
        return result

    return checked


def _rows(part: Part, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of rows ``[n, d]``, which must return rows ``[m, d]`` in their type, and which of them are kept."""

    def checked(rows: Any, kept: Any) -> Any:
        result = part.blaming(function)(rows, kept)
        if not isinstance(result, tuple) or len(result) != 2:
            raise part.refuses(f"returned {described(result)}, not a pair: the new rows, and which are kept or None")
        shape: tuple[int, ...] = getattr(result[0], "shape", ())
        if len(shape) != 2 or not shape[0] or (result[0].dtype, *shape[1:]) != (rows.dtype, *rows.shape[1:]):
            rest = f"of {described(rows)}, not {rows.dtype.name}[m, {rows.shape[1]}]"
            raise part.refuses(f"returned {described(result[0])} as the rows made {rest}")
        if result[1] is not None:
            part.array(result[1], shape[:1], bool, "which rows are kept")
        return result

    return checked
