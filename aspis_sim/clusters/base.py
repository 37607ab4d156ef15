"""What a cluster is, and how long a step takes on it: expected values in closed form."""

from __future__ import annotations

from dataclasses import dataclass, fields

from aspis_sim.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """K workers of equal speed and a server.

    Attributes:
        gflops: 10^9 floating-point operations a second that a worker sustains.
        straggling: mean of the exponential part of a worker's time, as a share of the time without it.
        gigabits: 10^9 bits a second that reach the server, from all workers together, and leave it.
        latency: milliseconds from a worker to the server, and back.
        server_gflops: as ``gflops``, of the server.

    Raises:
        InputError: a speed that is not positive, or a negative delay.
    """

    gflops: float
    straggling: float
    gigabits: float
    latency: float
    server_gflops: float

    def __post_init__(self) -> None:
        for one in fields(self):
            value, delays = getattr(self, one.name), one.name in ("straggling", "latency")
            if not (value >= 0 if delays else value > 0) or value > 1e12:
                least = "0 or more" if delays else "more than 0"
                raise InputError(f"cluster: {one.name}={value:g}; it is {least}, and at most 1e12")

    def step_seconds(self, load: Load) -> float:
        """Expected seconds of a step, from the weights' departure to the last copy's arrival and the audits' end.

        A worker takes a time t for its gradients and an exponential delay of mean ``straggling`` t, as in Lee et al.
        ("Speeding up distributed machine learning using codes", IEEE Trans. Inf. Theory 2018), whose subtasks have
        shifted exponential times in proportion to their size. The server waits for the fastest ``waited`` of the
        ``workers``: the expected delay of the last of these is ``straggling`` t (1/K + ... + 1/(K - waited + 1)).
        Weights are sent to all at once, copies come in one after another over the server's link; the vote and the rule
        take no time.
        """
        own = load.flops / (self.gflops * 1e9)
        ranks = sum(1 / left for left in range(load.workers - load.waited + 1, load.workers + 1))
        link = self.gigabits * 1e9 / 8
        sent = load.waited * load.bytes_up / link + load.bytes_down / link + 2 * self.latency / 1e3
        return own * (1 + self.straggling * ranks) + sent + load.server_flops / (self.server_gflops * 1e9)


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a step asks of a cluster.

    Attributes:
        workers: K that are at work.
        waited: of these, waited for.
        flops: floating-point operations of a worker.
        bytes_up: that a worker sends.
        bytes_down: of the weights.
        server_flops: of the server's own gradients.
    """

    workers: int
    waited: int
    flops: float
    bytes_up: float
    bytes_down: float
    server_flops: float
