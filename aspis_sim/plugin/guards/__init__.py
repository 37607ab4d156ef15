"""What a plugin's part must be to run: each kind's factory, checked where it is called.

Shapes and types of arrays are known when a program is traced, so a rule or payload that returns the wrong ones is
caught before anything is computed, under `jax.jit` as well. Every guard takes a part and its factory and returns a
factory with the same signature and documentation that raises `PluginError` where the part does not keep the contract
of its kind.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.adversary.timing import TIMINGS
from aspis_sim.aggregation import PREAGGREGATIONS, RULES
from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.callbacks import CALLBACKS
from aspis_sim.data import DATASETS
from aspis_sim.detection import DETECTORS
from aspis_sim.metrics import METRICS, TAKEN
from aspis_sim.models import MODELS
from aspis_sim.optimizers import OPTIMIZERS
from aspis_sim.partitions import PARTITIONS
from aspis_sim.plugin.guards.adversary import attack, payload, timing
from aspis_sim.plugin.guards.aggregation import preaggregation, rule
from aspis_sim.plugin.guards.functions import Factory
from aspis_sim.plugin.guards.learning import dataset, model
from aspis_sim.plugin.guards.redundancy import assignment, detector
from aspis_sim.plugin.guards.training import callback, metric, optimizer, partition, schedule
from aspis_sim.plugin.part import Part
from aspis_sim.registry import Registry
from aspis_sim.schedules import SCHEDULES

Guard = Callable[[Part, Factory], Factory]


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
