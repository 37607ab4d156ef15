"""Machines of volunteers, connected by the internet."""

from __future__ import annotations

from aspis_sim.clusters.base import Cluster


def internet(
    gflops: float = 50.0,
    straggling: float = 2.0,
    gigabits: float = 1.0,
    latency: float = 30.0,
    server_gflops: float = 500.0,
) -> Cluster:
    """Workers as fast as those of `datacentre`, far away, that come late more often; a larger server.

    All five are round assumptions; put in your own.

    Args:
        gflops: as in `Cluster`, like all others.
        straggling: see there.
        gigabits: see there.
        latency: see there.
        server_gflops: see there.
    """
    return Cluster(
        gflops=gflops, straggling=straggling, gigabits=gigabits, latency=latency, server_gflops=server_gflops
    )
