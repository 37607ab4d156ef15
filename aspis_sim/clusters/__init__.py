"""Clusters on which a run's time is modelled, one kind a file; what is modelled changes no number of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aspis_sim.registry import Registry

if TYPE_CHECKING:
    from aspis_sim.clusters.base import Cluster

CLUSTERS: Registry[None] = Registry(
    "cluster",
    {
        "datacentre": "aspis_sim.clusters.datacentre:datacentre",
        "internet": "aspis_sim.clusters.internet:internet",
    },
)


def cluster(name: str, **parameters: Any) -> Cluster:
    """Build the cluster ``name``.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter that it does not take or cannot have.
    """
    return CLUSTERS.build(name, **parameters)


__all__ = ["CLUSTERS", "cluster"]
