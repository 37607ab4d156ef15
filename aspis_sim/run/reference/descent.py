"""How the server of the readable run moves: optimizers written out, on arrays of NumPy or of a traced program."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp

from aspis_sim.optimizers import OPTIMIZERS
from aspis_sim.optimizers.base import as_long_as
from aspis_sim.run.resolve import Job
from aspis_sim.spec.part import parse_part


class Descent(NamedTuple):
    """The optimizer of the server.

    Attributes:
        begin: from the weights ``[d]`` to the state before the first step.
        along: from an update ``[d]``, a state and the weights to the direction, and the state after.
        past: from a state to what the weights last moved along, as long as a gradient.
    """

    begin: Callable[[Any], Any]
    along: Callable[[Any, Any, Any], tuple[Any, Any]]
    past: Callable[[Any], Any]


def descent(job: Job) -> Descent:
    """The optimizer of a job: written out here if it is one of the package, else as its plugin has it."""
    part = parse_part(job.cell.optimizer)
    if part.name in WRITTEN_OUT:
        given = {"momentum": job.cell.momentum} if OPTIMIZERS.accepts(part.name, "momentum") else {}
        return WRITTEN_OUT[part.name](**given, **part.options)
    made = job.build_optimizer()
    return Descent(lambda weights: made.directed.init(jnp.asarray(weights)), made.directed.update, made.past)


def _sgd(momentum: float, nesterov: bool = False) -> Descent:
    def along(update: Any, velocity: Any, weights: Any) -> tuple[Any, Any]:
        velocity = update + momentum * velocity
        return update + momentum * velocity if nesterov else velocity, velocity

    return Descent(lambda weights: 0 * weights, along, lambda velocity: (1 - momentum) * velocity)


def _remembering(begin: Callable[[Any], Any], along: Callable[[Any, Any, Any], tuple[Any, Any]]) -> Descent:
    """With what it last moved along, as long as the update."""

    def step(update: Any, state: Any, weights: Any) -> tuple[Any, Any]:
        direction, own = along(update, state[0], weights)
        return direction, (own, as_long_as(update, direction))

    return Descent(lambda weights: (begin(weights), 0 * weights), step, lambda state: state[1])


def _signum(momentum: float) -> Descent:
    def along(update: Any, mean: Any, weights: Any) -> tuple[Any, Any]:
        mean = momentum * mean + (1 - momentum) * update
        return jnp.sign(mean), mean

    return _remembering(lambda weights: 0 * weights, along)


def _adam(b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, weight_decay: float = 0.0) -> Descent:
    def along(update: Any, state: Any, weights: Any) -> tuple[Any, Any]:
        mean, square, steps = state
        mean, square, steps = b1 * mean + (1 - b1) * update, b2 * square + (1 - b2) * update**2, steps + 1
        direction = mean / (1 - b1**steps) / ((square / (1 - b2**steps)) ** 0.5 + eps)
        return direction + weight_decay * weights, (mean, square, steps)

    return _remembering(lambda weights: (0 * weights, 0 * weights, 0), along)


def _adagrad(initial: float = 0.0, eps: float = 1e-7) -> Descent:
    def along(update: Any, squares: Any, weights: Any) -> tuple[Any, Any]:
        squares = squares + update**2
        return update * jnp.where(squares > 0, (squares + eps) ** -0.5, 0), squares

    return _remembering(lambda weights: 0 * weights + initial, along)


def _rmsprop(decay: float = 0.9, eps: float = 1e-8) -> Descent:
    def along(update: Any, square: Any, weights: Any) -> tuple[Any, Any]:
        square = decay * square + (1 - decay) * update**2
        return update / (square + eps) ** 0.5, square

    return _remembering(lambda weights: 0 * weights, along)


WRITTEN_OUT: dict[str, Callable[..., Descent]] = {
    "sgd": _sgd,
    "signum": _signum,
    "adam": _adam,
    "adagrad": _adagrad,
    "rmsprop": _rmsprop,
}
