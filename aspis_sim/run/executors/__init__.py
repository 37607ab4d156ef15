"""Where the runs of a sweep are computed: each executor takes cells and gives futures of their results."""

from aspis_sim.registry import Registry
from aspis_sim.run.executors.base import Executor

EXECUTORS: Registry[None] = Registry(
    "executor",
    {
        "local": "aspis_sim.run.executors.local:local",
        "ray": "aspis_sim.run.executors.ray_cluster:ray_cluster",
    },
)

__all__ = ["EXECUTORS", "Executor"]
