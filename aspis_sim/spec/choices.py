"""The words that a cell's settings can be, and which attacks go with workers that change places."""

from typing import Literal

Precision = Literal["float32", "float64", "bfloat16"]
Initial = Literal["model", "normal"]
Compute = Literal["shared", "replicated"]
AfterDetection = Literal["average", "rule"]
Protocol = Literal["files", "batch", "work"]
Framed = int | Literal["auto"] | None

PERMUTED: dict[str, Literal["none", "weak", "majority"]] = {
    "none": "none",
    "weak": "weak",
    "strong": "majority",
    "majority": "majority",
}
"""Attacks that make sense when workers change places, and the targeting they come down to."""
