"""Balanced incomplete block designs: every two workers share the same number of files, as Aspis+ needs."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment, Shape, check_numbers, listing, nearest
from aspis_sim.assignment.designs.cyclotomic import cyclotomic
from aspis_sim.assignment.designs.cyclotomic import pair_files as cyclotomic_pair_files
from aspis_sim.assignment.designs.difference_families import develop, families
from aspis_sim.assignment.designs.geometries import (
    affine_dimension,
    affine_lines,
    projective_dimension,
    projective_lines,
)
from aspis_sim.assignment.designs.triple_systems import least_pair_files, triple_system
from aspis_sim.errors import InputError

MOST_SHARED = 100_000
"""Files that two workers may share: so many copies of a design at most."""


class Design(NamedTuple):
    """A design that can be made.

    Attributes:
        pair_files: its λ.
        source: the construction, in words.
        make: builds its blocks ``[b, k]``.
    """

    pair_files: int
    source: str
    make: Callable[[], NDArray[np.int64]]


def designs(workers: int, redundancy: int) -> list[Design]:
    """Every design known here for v = K points and blocks of k = r, least λ first."""
    return sorted(_known(workers, redundancy), key=lambda design: design.pair_files)


def _known(v: int, k: int) -> Iterator[Design]:
    if not 2 < k < v:
        return
    if k == 3:
        yield Design(least_pair_files(v), "triple system", partial(triple_system, v))
    dimension = affine_dimension(v, k)
    if dimension is not None:
        yield Design(1, "lines of an affine space", partial(affine_lines, k, dimension))
    dimension = projective_dimension(v, k)
    if dimension is not None:
        yield Design(1, "lines of a projective space", partial(projective_lines, k, dimension))
    family = families().get((v, k))
    if family is not None:
        yield Design(family.pair_files, "difference family", partial(develop, k, family))
    multiplicity = cyclotomic_pair_files(v, k)
    if multiplicity is not None:
        yield Design(multiplicity, "cyclotomic classes", partial(cyclotomic, v, k))


def _choose(workers: int, redundancy: int, pair_files: int | None) -> tuple[Design, int]:
    """The design to use and how many copies of it."""
    check_numbers(workers, redundancy)
    known = designs(workers, redundancy)
    if not known:
        sizes = nearest(workers, [v for v in range(4, 2 * workers + 30) if designs(v, redundancy)])
        advice = f"try workers {listing(sizes, 'or')}" if sizes else "try redundancy 3"
        raise InputError(
            f"bibd: no design for {workers} workers with redundancy {redundancy} is known to this project; " + advice
        )
    if pair_files is None:
        return known[0], 1
    if pair_files > MOST_SHARED:
        raise InputError(f"bibd: pair_files {pair_files}: two workers share at most {MOST_SHARED:,} files")
    dividing = [design for design in known if pair_files > 0 and pair_files % design.pair_files == 0]
    if dividing:
        design = max(dividing, key=lambda d: d.pair_files)
        return design, pair_files // design.pair_files
    least = sorted({design.pair_files for design in known})
    raise InputError(
        f"bibd: no design for {workers} workers with redundancy {redundancy} in which two workers share "
        f"{pair_files} files is known to this project; try pair_files {listing(least, 'or')} or a multiple"
    )


def shape(workers: int, redundancy: int, pair_files: int | None = None) -> Shape:
    """Files and load, after checking the parameters as `bibd` does."""
    design, copies = _choose(workers, redundancy, pair_files)
    shared = design.pair_files * copies
    load = shared * (workers - 1) // (redundancy - 1)
    return Shape(load * workers // redundancy, load)


def bibd(workers: int, redundancy: int, pair_files: int | None = None) -> Assignment:
    """A 2-(K, r, λ) design: f = λ K (K-1) / (r (r-1)), l = λ (K-1) / (r-1), any two workers share λ files.

    Triple systems for r = 3 and every K >= 4; lines of affine and projective spaces, planes among them;
    difference families found by search; cyclotomic classes. Larger λ repeat the blocks of a design whose λ
    divides it.

    Source: Aspis+ of Konstantinidis, Ramamoorthy, Vaswani (arXiv 2208.08085), which uses 2-(v, 3, λ) designs;
    `designs` names the construction used. Here r may be any odd number.

    Args:
        workers: K, the points v.
        redundancy: r, the block size k.
        pair_files: λ; the least known by default.

    Raises:
        InputError: no such design is known here (the nearest K, or the λ that are known, are named), or K
            and r allow no vote.
    """
    design, copies = _choose(workers, redundancy, pair_files)
    blocks = np.sort(np.tile(design.make(), (copies, 1)), axis=1).astype(np.int32)
    order = np.lexsort(blocks.T[::-1])
    return Assignment("bibd", workers, blocks[order])
