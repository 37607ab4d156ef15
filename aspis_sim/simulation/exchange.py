"""What a round starts from, what reaches the server in it, and what the server makes of that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self

from jax import Array

from aspis_sim.detection.agreement import Agreement, Copies, Views, agreement_graph
from aspis_sim.gradients.layout import Layout
from aspis_sim.gradients.momentum import History
from aspis_sim.gradients.source import Gradients


class Batch(NamedTuple):
    """What a round's gradients are computed from.

    Attributes:
        weights: float ``[d]``.
        history: of the workers' momentum, empty without.
        statistics: running ones of batch norms, empty without any.
        inputs: training inputs ``[samples, ...]``.
        labels: training labels ``[samples]``.
        files: int ``[f, samples per file]``, the samples of each file.
        key: of the round's augmentation, None without one.
        rate: learning rate of the round, for local steps; None without.
    """

    weights: Array
    history: History
    statistics: Any
    inputs: Array
    labels: Array
    files: Array
    key: Array | None = None
    rate: Array | None = None


class Returned(NamedTuple):
    """What has reached the server in a round.

    Attributes:
        copies: (band, tile) -> the copies of a tile; each device holds its slice of the tile's columns.
        honest: the files' gradients.
        distorts: bool ``[f, r]``, which copies are distorted.
        agreement: of the copies.
        graph: bool ``[K, K]``, the agreement graph of this round.
        history: of the workers' momentum after the round, empty without.
        statistics: running ones of batch norms, as the worker whose they are has them after the round.
    """

    copies: Callable[[int, Array | int], Views | Copies]
    honest: Gradients
    distorts: Array
    agreement: Agreement
    graph: Array
    history: History
    statistics: Any

    def received(self, files: Array, silent: Array) -> Self:
        """The same where nothing arrives of ``silent`` workers ``[K]``; ``files`` ``[f, r]`` are those of each file."""
        return self._replace(
            agreement=self.agreement.received(files, silent),
            graph=agreement_graph(self.agreement.agree, files, len(silent), silent),
        )

    def corrected(self, audited: Array) -> Self:
        """The same with what the server computed itself in the place of all copies of the files ``[f]`` audited."""
        return self._replace(
            copies=lambda band, tile: self.copies(band, tile).corrected(audited),
            distorts=self.distorts & ~audited[:, None],
            agreement=self.agreement.corrected(audited),
        )


def made_once(made: Callable[[int, Array | int], Views], layout: Layout) -> Callable[[int, Array | int], Views]:
    """The same function of band and tile; the tile that is looked at first it makes once, if its band has no other."""
    probe = layout.probe
    if layout.bands[probe].tiles > 1:
        return made
    first = made(probe, 0)
    return lambda band, tile: first if band == probe else made(band, tile)


class RoundOutcome(NamedTuple):
    """What the server has made of a round.

    Attributes:
        update: float ``[d]``, what the optimizer is given.
        honest: bool ``[K]``, workers that are not excluded.
        kept: bool ``[f]``, files that entered the update.
        distorted: bool ``[f]``, files that entered it with another value than their honest gradient.
        outcome: of the detector, an index into the members of `aspis_sim.detection.Outcome`.
    """

    update: Array
    honest: Array
    kept: Array
    distorted: Array
    outcome: Array
