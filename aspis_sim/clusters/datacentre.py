"""Machines of one data centre."""

from __future__ import annotations

from aspis_sim.clusters.base import Cluster


def datacentre(
    gflops: float = 50.0,
    straggling: float = 0.5,
    gigabits: float = 10.0,
    latency: float = 0.1,
    server_gflops: float = 50.0,
) -> Cluster:
    """A worker per machine with a few cores, and a link of 10 Gbit/s into the server.

    50 GFLOP/s is what two cores sustain on LeNet's gradients here (`python -m benchmarks convolutions`). The delay of
    half a worker's own time is an assumption; measure yours.

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
