"""Where the runs of a sweep are computed: each executor takes cells and gives futures of their results."""

from aspis_sim.experiment.executors.base import Executor, Tick
from aspis_sim.registry import Registry

EXECUTORS = Registry(
    "executor",
    {
        "local": "aspis_sim.experiment.executors.threads:local",
        "ray": "aspis_sim.experiment.executors.ray_cluster:ray_cluster",
    },
)

__all__ = ["EXECUTORS", "Executor", "Tick"]
