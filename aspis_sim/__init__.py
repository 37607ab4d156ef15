"""aspis-sim: simulate distributed training in which some workers are Byzantine and redundancy catches them.

    import aspis_sim

    results = aspis_sim.sweep(q="1..3", scheme="aspis,detox", attack="strong", steps=60)
    print(results.table())
    run = aspis_sim.train(scheme="aspis", q=4)
    run.trace.loss

What is named here is imported when it is first used: importing the package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aspis_sim.errors import DataError, InputError, PluginError
from aspis_sim.version import __version__

if TYPE_CHECKING:
    from aspis_sim.adversary import payload
    from aspis_sim.aggregation import preaggregation, rule
    from aspis_sim.front import Progress, Results, TrainedRun, attack, sweep, train
    from aspis_sim.run.row import Row
    from aspis_sim.study import Study

_HOMES = {
    "Progress": "aspis_sim.front",
    "Results": "aspis_sim.front",
    "Row": "aspis_sim.run.row",
    "Study": "aspis_sim.study",
    "TrainedRun": "aspis_sim.front",
    "attack": "aspis_sim.front",
    "payload": "aspis_sim.adversary",
    "preaggregation": "aspis_sim.aggregation",
    "rule": "aspis_sim.aggregation",
    "sweep": "aspis_sim.front",
    "train": "aspis_sim.front",
}
"""Name -> the module that it comes from."""

__all__ = [
    "DataError",
    "InputError",
    "PluginError",
    "Progress",
    "Results",
    "Row",
    "Study",
    "TrainedRun",
    "__version__",
    "attack",
    "payload",
    "preaggregation",
    "rule",
    "sweep",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import what is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted((*globals(), *_HOMES))
