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

    A batch of file gradients g becomes W g, whose columns are trigonometric polynomials of K - r + 1 consecutive
    frequencies on K points of the circle; the other r - 1 = 2s frequencies are zero, which is what the server
    checks. Column j is zero at the K - r workers that do not hold file j, and its coefficient at one frequency is
    the same for all files, so that this coefficient of W g is the sum.

    Source: DRACO (ICML 2018, arXiv 1803.09877), the cyclic code: W from the first K - 2s columns of the inverse DFT
    matrix, decoding by a random projection, its syndromes and a Hankel system. What differs:

    - File j is held by workers j..j+r-1 as in the assignment `cyclic`; the paper's worker i holds files i..i+r-1.
    - The sum is the coefficient one off the middle of the band, not the first one. W is then a closed form without
      a linear system, its entries are near 2^(1-r) C(r-1, t), and honest returns are summed with weights of modulus
      1. With the first coefficient the entries are larger (11 times at K = 15, r = 3) and cancel in the sum.
      The very middle would make W real for odd K, but then s + 1 workers who add the same vector can look like s.
    - Each worker multiplies its return by a fixed phase, with no pattern in common with the roots of unity, so that
      workers who return the same vector, or add the same one to theirs, do not look like a few others in error.
    - Four projections instead of one, normal with mean 0 instead of 1; `locate` says how errors are found, and that
      failure is reported, for which the paper has no rule.

    What no decoder can do: s + 1 workers who hold a file in common and mix the same false gradient of it as the code
    prescribes are a majority of its r holders. Their returns and the s honest holders' are then a correct word of
    another batch with s errors; that batch's sum is returned with ``ok``, and the honest holders are named. Lies of
    more than s workers that are not composed with the code in mind are reported (`decode` says how surely).

    Precision, measured at K = 9, r = 5 with iid gradients and every pattern: the sum's relative error is at most 2e-7
    in float32 and 8e-16 in float64 for errors from 1e-4 of an honest return up to 1e6 times one. Smaller ones may
    pass as rounding in float32, which costs 2.4e-6 at most. Neighbours are the hardest: see `amplification`.

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
        turns = frequencies[:, None] * np.arange(self.workers) % self.workers / self.workers  # whole turns cost digits
        return np.exp(-2j * np.pi * turns) / np.sqrt(self.workers)

    @cached_property
    def amplification(self) -> float:
        """How much longer than its syndromes an error of s workers can be; the worst s are neighbours.

        An error below this times the tolerance of `locate` can pass for rounding. 2.8 for K=9, r=5; 28 for K=24,
        r=7; 70 for K=25, r=11, where float32 no longer tells some neighbours with deviations of 1e-3 apart (it
        reports failure then, or names one neighbour for another at deviations of 1e-4).
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
            mixed = jax.lax.complex(float(weight.real) * values, float(weight.imag) * values)
            total = total + jnp.roll(mixed, offset, axis=0)
        return jnp.asarray(self.phases, total.dtype)[:, None] * total

    def sketch(self, returned: Array, key: Array) -> Sketch:
        """What `locate` needs of the returned rows; sketches of slices of the columns, with own keys, add up."""
        return sketch(returned, key)

    def locate(self, sketch: Sketch, silent: Array | None = None, missing: int = 0) -> Located:
        """Erroneous workers, and the weights with which the others' returns add up to the sum."""
        back = jnp.asarray(self.phases.conj(), sketch.projections.dtype)
        plain = sketch._replace(projections=sketch.projections * back[:, None])
        found = locate(plain, self.checks, float(jnp.finfo(back.dtype).eps), silent, missing)
        return found._replace(weights=found.weights * back)

    def combine(self, returned: Array, found: Located) -> Array:
        """The files' sum, real ``[d]``, from the returned rows of the workers that are neither located nor silent."""
        weights = found.weights[:, None].astype(returned.dtype)
        parts = weights.real * returned.real - weights.imag * returned.imag
        return jnp.where(found.workers[:, None], 0, parts).sum(0)

    def decode(self, returned: Array, key: Array, silent: Array | None = None, missing: int = 0) -> Decoded:
        """The sum of the files' gradients, whatever up to s workers returned, fewer where some are silent.

        Args:
            returned: complex ``[K, d]``, what each worker returned.
            key: of the random projections, which the adversary must not foresee.
            silent: bool ``[K]``, workers of whom nothing arrived: their rows are taken to be zero; None for none.
            missing: how many they are. q wrong workers beside them are found as long as r >= 2q + missing + 1.

        ``ok`` is False if no s workers explain what was returned, or if more than s rows are not finite. Since any 2s
        columns of H are independent, the errors of q > s given workers that s others can explain fill a proper
        subspace: with independent errors of any density they occur with probability zero, and within rounding with
        one near C(K, s) (tolerance * amplification / size)^m.
        """
        if silent is not None:
            returned = jnp.where(silent[:, None], 0, returned)
        found = self.locate(self.sketch(returned, key), silent, missing)
        return Decoded(self.combine(returned, found), found.workers, found.ok)


def cyclic_code(workers: int, redundancy: int) -> CyclicCode:
    """Build the code of K workers and K files with r copies of each file; it survives (r - 1) / 2 errors.

    The column of a file is zero at all but r consecutive points of the circle. A polynomial with these K - r zeros
    is, at the t-th of the r points, 1 / product over u != t of sin(pi |t - u| / K) up to a common factor and the
    rotation by which the band of frequencies lies off the centre.

    Raises:
        InputError: K and r allow no vote.
    """
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
