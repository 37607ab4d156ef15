"""Arrays of numbers in and out of one compressed block of bytes; nothing that is read can run."""

import json
import zlib
from collections.abc import Mapping
from math import prod

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import DataError

KINDS = "biuf"
"""NumPy's kinds of plain numbers."""


def pack(arrays: Mapping[str, NDArray[np.generic]]) -> tuple[str, bytes]:
    """Names, types and shapes as JSON, and the contents one after the other, compressed.

    A type that only JAX knows (bfloat16) is widened to float32, which holds all its values.
    """
    plain = {
        name: array if array.dtype.kind in KINDS else array.astype(np.float32)
        for name, array in ((name, np.ascontiguousarray(array)) for name, array in arrays.items())
    }
    heads = [[name, array.dtype.str, list(array.shape)] for name, array in plain.items()]
    return json.dumps(heads), zlib.compress(b"".join(array.tobytes() for array in plain.values()))


def unpack(heads: str, content: bytes) -> dict[str, NDArray[np.generic]]:
    """What `pack` was given.

    Raises:
        DataError: the bytes are not what the heads say.
    """
    try:
        kinds = [(str(name), np.dtype(kind), tuple(map(int, shape))) for name, kind, shape in json.loads(heads)]
        sizes = [kind.itemsize * prod(shape) for _, kind, shape in kinds]
        if any(kind.kind not in KINDS for _, kind, _ in kinds) or any(
            length < 0 for _, _, shape in kinds for length in shape
        ):
            raise ValueError("no plain numbers")
        whole = zlib.decompressobj().decompress(content, sum(sizes) + 1)
        if len(whole) != sum(sizes):
            raise ValueError(f"{len(whole)} bytes where {sum(sizes)} are expected")
    except (ValueError, TypeError, ArithmeticError, zlib.error, RecursionError) as error:
        raise DataError(f"a trace is damaged ({error})") from None
    arrays, start = {}, 0
    for (name, kind, shape), size in zip(kinds, sizes, strict=True):
        arrays[name] = np.frombuffer(whole, kind, prod(shape), start).reshape(shape)
        start += size
    return arrays
