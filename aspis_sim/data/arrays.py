"""From arrays of samples and labels to the parts of a data set: checked, split, cast and normalised."""

import hashlib
from collections.abc import Iterator, Mapping
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import InputError

FURTHEST = 1e12
"""Largest value of an input that is normalised: beyond, it is a mark for something missing, or a slip."""
FURTHEST_AS_IT_IS = 1e4
"""The same where inputs reach the model as they are."""

AT_ONCE = 4096
"""Samples that are normalised at once, in float64."""

Samples = tuple[NDArray[Any], NDArray[Any]]
"""Inputs ``[samples, ...]`` and labels ``[samples]``."""


class Prepared(NamedTuple):
    """What a `Dataset` is made of; its attributes are those of the same name."""

    inputs: Mapping[str, NDArray[Any]]
    labels: Mapping[str, NDArray[np.int32]]
    classes: int
    sha256: str
    shift: NDArray[np.float32]
    scale: NDArray[np.float32]


def prepare(
    x: Any,
    y: Any,
    *,
    test: float | tuple[Any, Any],
    validation: float,
    seed: int,
    relabel: bool,
    unit: bool,
    normalise: bool,
) -> Prepared:
    """The parts of a data set; arguments and errors as those of `Dataset.from_arrays`."""
    given = [_samples(x, y, "x", "y")]
    if isinstance(test, tuple | list):
        if len(test) != 2:
            raise InputError(f"test has {len(test)} arrays; it is a share such as 0.2, or a pair (x_test, y_test)")
        given.append(_samples(*test, "x_test", "y_test"))
        if given[1][0].shape[1:] != given[0][0].shape[1:] or given[1][0].dtype != given[0][0].dtype:
            there, here = (f"{one.dtype}{list(one.shape[1:])}" for one, _ in given)
            raise InputError(f"samples of x are {there} and those of x_test {here}; they must be alike")
        if (given[0][1].dtype.kind in "US") != (given[1][1].dtype.kind in "US"):
            raise InputError(f"y holds {given[0][1].dtype} and y_test {given[1][1].dtype}; they must be alike")
    if not normalise:
        for (some, _), name in zip(given, ("x", "x_test"), strict=False):
            _check_as_it_is(some, name)
    names = _classes(given[0][1], relabel)
    labels = [_numbered(one, names, name) for (_, one), name in zip(given, ("y", "y_test"), strict=False)]
    parts = _split(labels[0], None if len(given) == 2 else test, validation, seed)
    inputs = {part: given[0][0][rows] for part, rows in parts.items()}
    split = {part: labels[0][rows] for part, rows in parts.items()}
    if len(given) == 2:
        inputs["test"], split["test"] = given[1][0], labels[1]
    trained = np.bincount(split["train"], minlength=len(names))
    if (none := np.flatnonzero(trained == 0)).size:
        raise InputError(
            f"no sample of label {names[none[0]]} is left to train on, of {int((labels[0] == none[0]).sum())}; "
            "take more samples of it, or smaller shares"
        )
    held, shift, scale = _scaled(inputs, unit, normalise)
    return Prepared(held, split, len(names), _sum(held, split, shift, scale), shift, scale)


def _samples(x: Any, y: Any, name: str, name_of_labels: str) -> Samples:
    """Inputs and labels as arrays, of kinds that can be right."""
    inputs, labels = np.asarray(x), np.asarray(y)
    if labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels.flat):
        labels = labels.astype(str)
    if inputs.dtype.kind not in "buif":
        raise InputError(f"{name} holds {inputs.dtype}; it holds numbers: whole ones, floats, or images as uint8")
    if inputs.ndim < 2 or not inputs.size:
        raise InputError(f"{name} has the shape {list(inputs.shape)}; it is [samples, features] or images, in rows")
    if inputs.ndim == 3:
        inputs = inputs[..., None]
    if inputs.ndim == 4 and inputs.shape[1] in (1, 3) and inputs.shape[2] == inputs.shape[3] > 4:
        raise InputError(
            f"{name} has the shape {list(inputs.shape)}, images with their channels first; "
            f"write {name}.transpose(0, 2, 3, 1)"
        )
    if labels.ndim != 1:
        fix = f"{name_of_labels}.argmax(1)" if labels.ndim == 2 and labels.shape[1] > 1 else f"{name_of_labels}.ravel()"
        raise InputError(f"{name_of_labels} has the shape {list(labels.shape)}; it is one label a sample: try {fix}")
    if len(inputs) != len(labels):
        raise InputError(f"{name} has {len(inputs):,} samples and {name_of_labels} {len(labels):,} labels")
    if inputs.dtype == np.float16:
        inputs = inputs.astype(np.float32)
    if inputs.dtype.itemsize > 2:
        _check_numbers(inputs, name)
    return inputs, labels


def _check_numbers(inputs: NDArray[Any], name: str) -> None:
    """Refuse what is no number, or too large to be meant."""
    wrong: dict[str, Any] = {"NaN": np.isnan, "Inf": np.isinf} if inputs.dtype.kind == "f" else {}
    for what, are in {**wrong, f"numbers beyond {FURTHEST:g}": _far}.items():
        found = are(inputs)
        if found.any():
            rows = np.flatnonzero(found.reshape(len(inputs), -1).any(1))
            raise InputError(
                f"{name} holds {what} in {len(rows):,} of {len(inputs):,} samples, first in sample {rows[0]:,}; "
                "leave such samples out, or fill in what is missing"
            )


def _far(inputs: NDArray[Any]) -> NDArray[np.bool_]:
    return (inputs > FURTHEST) | (inputs < -FURTHEST)


def _check_as_it_is(inputs: NDArray[Any], name: str) -> None:
    most = max(abs(float(inputs.max())), abs(float(inputs.min())))
    if most > FURTHEST_AS_IT_IS:
        raise InputError(
            f"{name} has values as large as {most:,.7g}, and models learn from inputs around 0 to 1; "
            "divide them, or leave out normalise=False"
        )


def _classes(labels: NDArray[Any], relabel: bool) -> NDArray[Any]:
    """The labels that there are, in order: these are the names of classes 0, 1, ..."""
    if labels.dtype.kind == "f" and not (np.isfinite(labels).all() and (labels == np.floor(labels)).all()):
        raise InputError(
            "y holds floats that are no whole numbers; labels are classes (for a regression build a Dataset with "
            "classes=0)"
        )
    if labels.dtype.kind not in "buif" and not (relabel and labels.dtype.kind in "US"):
        fix = "; relabel=True numbers them in alphabetical order" if labels.dtype.kind in "US" else ""
        raise InputError(f"y holds {labels.dtype}; labels are whole numbers from 0{fix}")
    names = np.unique(labels)
    if len(names) < 2:
        raise InputError(f"all labels are {names[0]}; a classifier needs two classes at least")
    if not relabel and not np.array_equal(names.astype(np.float64), np.arange(len(names))):
        raise InputError(
            f"the {len(names):,} labels are {_listed(names)}, not 0 to {len(names) - 1}; relabel=True numbers them in "
            "this order"
        )
    return names


def _listed(names: NDArray[Any]) -> str:
    """The first few and the last."""
    return ", ".join(map(str, names)) if len(names) <= 4 else f"{names[0]}, {names[1]}, {names[2]} … {names[-1]}"


def _numbered(labels: NDArray[Any], names: NDArray[Any], where: str) -> NDArray[np.int32]:
    """Labels as classes 0, 1, ..."""
    unknown = np.flatnonzero(~np.isin(labels, names))
    if len(unknown):
        raise InputError(f"the label {labels[unknown[0]]} in {where} is none of those in y, {_listed(names)}")
    return np.searchsorted(names, labels).astype(np.int32)


def _split(labels: NDArray[np.int32], test: Any, validation: Any, seed: Any) -> dict[str, NDArray[np.int64]]:
    """Rows of each part, in the order that they have; every class is shared out as all samples are, up to one."""
    shares = {"validation": validation} | ({} if test is None else {"test": test})
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
            raise InputError(f"{name}={share}; it is a share of the samples, more than 0 and less than 1")
    if sum(shares.values()) >= 1:
        raise InputError(f"validation={validation:g} and test={test:g} leave nothing to train on; their sum is below 1")
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise InputError(f"seed={seed}; it is a whole number, 0 or more")
    drawn = np.random.Generator(np.random.PCG64(int(seed))).permutation(len(labels))
    left = drawn[np.argsort(labels[drawn], kind="stable")]
    parts: dict[str, NDArray[np.int64]] = {}
    for name, share in shares.items():
        count = max(1, round(share * len(labels)))
        if count >= len(left):
            raise InputError(f"{len(labels):,} samples cannot be split into {', '.join(('train', *shares))}; take more")
        chosen = np.zeros(len(left), bool)
        chosen[((np.arange(count) + 0.5) * len(left) / count).astype(int)] = True
        parts[name], left = np.sort(left[chosen]), left[~chosen]
    return {"train": np.sort(left), **parts}


def _scaled(inputs: Mapping[str, NDArray[Any]], unit: bool, normalise: bool) -> tuple[Any, Any, Any]:
    """Inputs as they are held, and the shift and the scale with which they are prepared.

    Bytes are held as they are; anything else is normalised here, in float64, and held in float32.
    """
    train = inputs["train"]
    bytes_ = train.dtype == np.uint8
    axes = (0, 1, 2) if train.ndim == 4 else tuple(range(train.ndim)) if bytes_ else 0
    mean, deviation = _moments(train, axes) if normalise else (np.zeros(()), np.full((), 255 if bytes_ and unit else 1))
    if bytes_:
        return inputs, mean.astype(np.float32), deviation.astype(np.float32)
    held = {part: np.empty(some.shape, np.float32) for part, some in inputs.items()}
    for part, some in inputs.items():
        for rows, values in _in_turns(some):
            held[part][rows] = (values - mean) / deviation
    return held, np.zeros((), np.float32), np.ones((), np.float32)


def _moments(train: NDArray[Any], axes: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation over these axes, the first among them; 1 in the place of a deviation of 0."""
    mean = np.asarray(sum(values.sum(axes) for _, values in _in_turns(train)))
    count = train.size / mean.size
    least, most = (np.asarray(of(train, axes)).astype(np.float64) for of in (np.min, np.max))
    mean = np.where(least == most, least, mean / count)
    squares = np.asarray(sum(np.square(values - mean).sum(axes) for _, values in _in_turns(train)))
    return mean, np.where(least < most, np.sqrt(squares / count), 1)


def _in_turns(samples: NDArray[Any]) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Rows, and what they hold, in float64."""
    for start in range(0, len(samples), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        yield rows, samples[rows].astype(np.float64)


def _sum(*content: Any) -> str:
    """SHA-256 of all that the model sees, and of how it is split."""
    total = hashlib.sha256()
    for one in content:
        for name, array in one.items() if isinstance(one, dict) else [("", one)]:
            plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            total.update(f"{name} {plain.dtype.str} {plain.shape}\n".encode())
            total.update(plain.data)
    return total.hexdigest()
