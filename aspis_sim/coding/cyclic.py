"""DRACO's cyclic code: each worker returns one mixture of its files, and s wrong ones do not change the sum."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from aspis_sim.assignment.cyclic import shape
from aspis_sim.coding.location import Located, Sketch, locate, sketch


class Decoded(NamedTuple):
    """What the server makes of a round's returns.

    Attributes:
        total: real ``[d]``, the sum of all files' gradients; without meaning unless ``ok``.
        located: bool ``[K]``, workers found erroneous, non-finite ones among them.
        ok: bool, whether ``total`` can be relied on.
    """

    total: Array
    located: Array
    ok: Array


@dataclass(frozen=True, eq=False)
class CyclicCode:
    """K files, each in the mixtures of r = 2s + 1 consecutive workers; any s wrong workers are found.

    Attributes:
        workers: K, which is also the number of files.
        redundancy: r.
        mixture: complex ``[r]``, the weights of file i - t modulo K at worker i, for t = 0..r-1.
        phases: complex ``[K]``, of modulus 1; each worker multiplies its mixture by its phase.
    """

    workers: int
    redundancy: int
    mixture: NDArray[np.complex128]
    phases: NDArray[np.complex128]

    @property
    def errors(self) -> int:
        """s, the number of erroneous workers that the code survives."""
        return (self.redundancy - 1) // 2

    @cached_property
    def matrix(self) -> NDArray[np.complex128]:
        """W, complex ``[K, K]``: row i holds the weights of worker i, zero for files that it does not hold."""
        files = np.arange(self.workers)
        matrix = np.zeros((self.workers, self.workers), complex)
        for offset, weight in enumerate(self.mixture):
            matrix[(files + offset) % self.workers, files] = weight
        return self.phases[:, None] * matrix

    @cached_property
    def checks(self) -> NDArray[np.complex128]:
        """H, complex ``[2s, K]``: 2s consecutive rows of the unitary DFT matrix, with H W = 0 once W has no phases."""
        spare = self.workers - self.redundancy
        frequencies = round(spare / 2 + _off_centre(spare)) + 1 + np.arange(2 * self.errors)
        angles = -2 * np.pi * frequencies[:, None] * np.arange(self.workers) / self.workers
        return np.exp(1j * angles) / np.sqrt(self.workers)

    @cached_property
    def amplification(self) -> float:
        """How much larger than its syndrome an error of s workers can be: the worst s are neighbours.

        Errors that stay below the tolerance times this are not told from rounding, and no more than that, in
        units of an honest worker's return, is lost of each one's part of the sum.
        """
        if not self.errors:
            return 1.0
        return float(1 / np.linalg.svd(self.checks[:, : self.errors], compute_uv=False)[-1])

    def encode(self, gradients: Array) -> Array:
        """What the workers return, complex ``[K, d]``: W times the gradients.

        Args:
            gradients: real ``[K, d]``, one row a file; or ``[K, r, d]``, one value a copy, where copy a of file j
                is that of the a-th of its workers in ascending order, as in the assignment's ``files``.

        The product is summed over the r diagonals of W that are not zero, so that a non-finite gradient reaches
        its own r workers only.
        """
        total = jnp.zeros((), jax.dtypes.canonicalize_dtype(jnp.promote_types(gradients.dtype, jnp.complex64)))
        holders = (np.arange(self.workers)[:, None] + np.arange(self.redundancy)) % self.workers
        copy = np.argsort(np.argsort(holders, axis=1), axis=1)
        for offset, weight in enumerate(self.mixture):
            values = gradients if gradients.ndim == 2 else gradients[np.arange(self.workers), copy[:, offset]]
            mixed = jax.lax.complex(weight.real * values, weight.imag * values)
            total = total + jnp.roll(mixed, offset, axis=0)
        return jnp.asarray(self.phases, total.dtype)[:, None] * total

    def sketch(self, returned: Array, key: Array) -> Sketch:
        """What `locate` needs of the returned rows; sketches of slices of the columns, with own keys, add up."""
        return sketch(returned, key)

    def locate(self, sketch: Sketch) -> Located:
        """Erroneous workers, and the weights with which the others' returns add up to the sum."""
        back = jnp.asarray(self.phases.conj(), sketch.projections.dtype)
        plain = sketch._replace(projections=sketch.projections * back[:, None])
        found = locate(plain, self.checks, float(jnp.finfo(back.dtype).eps))
        return found._replace(weights=found.weights * back)

    def combine(self, returned: Array, found: Located) -> Array:
        """The files' sum, real ``[d]``, from the returned rows of the workers that are not located."""
        weights = found.weights[:, None].astype(returned.dtype)
        parts = weights.real * returned.real - weights.imag * returned.imag
        return jnp.where(found.workers[:, None], 0, parts).sum(0)

    def decode(self, returned: Array, key: Array) -> Decoded:
        """The sum of the files' gradients, whatever up to s workers returned.

        Args:
            returned: complex ``[K, d]``, what each worker returned.
            key: of the random projections; unknown to the adversary.
        """
        found = self.locate(self.sketch(returned, key))
        return Decoded(self.combine(returned, found), found.workers, found.ok)


def cyclic_code(workers: int, redundancy: int) -> CyclicCode:
    """Build the code."""
    shape(workers, redundancy)
    places = np.arange(redundancy)
    sines = np.sin(np.pi * abs(places[:, None] - places) / workers)
    np.fill_diagonal(sines, 1)
    turns = _off_centre(workers - redundancy) * places / workers
    mixture = np.exp(2j * np.pi * turns) / sines.prod(axis=1)
    phases = np.exp(2j * np.pi * np.sqrt(2) * np.arange(1, workers + 1) ** 2)
    return CyclicCode(workers, redundancy, mixture / mixture.sum(), phases)


def _off_centre(spare: int) -> float:
    """Distance of the sum's frequency from the middle of the band of K - r + 1 frequencies."""
    return spare % 2 / 2 + (spare > 1)
