"""Lists and ranges as they are typed: ``1..7``, ``0.5..2:0.5``, ``aspis,detox``, and mixtures such as ``1,3..5``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aspis_sim.errors import InputError
from aspis_sim.printable import brief

if TYPE_CHECKING:
    from decimal import Decimal

MOST = 100_000
"""Values that a list or a range may have."""

LARGEST_WHOLE = 2**31 - 1
"""The largest whole number, unless a setting says otherwise: counts are 32-bit numbers in compiled programs."""

LARGEST, LONGEST = 308, 1000
"""Real numbers lie between 1e-308 and 1e308 on either side of 0, and are written in so many characters at most."""


def names(text: str) -> tuple[str, ...]:
    """Comma-separated names, in order, each once.

    Raises:
        InputError: there is none.
    """
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not found:
        raise InputError(f"no name in {brief(text)!r}; write one or several, as in aspis,detox")
    return found


def integers(text: str, option: str, most: int = LARGEST_WHOLE) -> tuple[int, ...]:
    """Whole numbers: ``1..7``, ``1,2,5``, ``2..10:2``.

    Raises:
        InputError: not a whole number of ``most`` or less on either side of 0, or a range that is reversed or has a
            step that is not positive.
    """
    values = _numbers(text, option, "3, 1..7 or 1,2,5")
    for value in values:
        if value != int(value):
            raise InputError(f"{option} {brief(text)}: {brief(value)} is not a whole number")
        if abs(value) > most:
            raise too_large(option, text, most)
    return tuple(dict.fromkeys(int(value) for value in values))


def reals(text: str, option: str) -> tuple[float, ...]:
    """Real numbers: ``0.5..2:0.5``, ``0.01,0.03``; ranges are exact in decimal.

    Raises:
        InputError: not a finite number, or a range that is reversed or has a step that is not positive.
    """
    return tuple(dict.fromkeys(float(value) for value in _numbers(text, option, "0.5, 0.1,0.2 or 0.5..2:0.5")))


def too_large(option: str, value: object, most: int) -> InputError:
    """The error for a whole number beyond what a setting can have."""
    return InputError(f"{option} {brief(value)}: out of range; it can be at most {most:,}")


def _numbers(text: str, option: str, example: str) -> list[Decimal]:
    from decimal import Decimal

    values: list[Decimal] = []
    for part in text.split(","):
        if len(values) > MOST:
            raise InputError(f"{option} {brief(text)}: more than {MOST:,} values; take fewer")
        if ".." not in part:
            values.append(_number(part, text, option, example))
            continue
        span, _, step_text = part.partition(":")
        first, _, last = span.partition("..")
        start, stop = _number(first, text, option, example), _number(last, text, option, example)
        step = _number(step_text, text, option, example) if step_text else Decimal(1)
        if stop < start:
            other = f"{brief(last.strip(), 30)}..{brief(first.strip(), 30)}"
            raise InputError(f"{option} {brief(text)}: the range is reversed; did you mean {other}?")
        if step <= 0:
            raise InputError(f"{option} {brief(text)}: the step {brief(step)} must be positive")
        count = int((stop - start) / step) + 1
        if count > MOST:
            many = f"{count:,}" if count < 10**15 else f"over 10^{len(str(count)) - 1}"
            raise InputError(f"{option} {brief(text)}: {many} values; a range may have {MOST:,} at most")
        values += [start + i * step for i in range(count)]
    return values


def _number(part: str, text: str, option: str, example: str) -> Decimal:
    from decimal import Decimal, InvalidOperation

    shown = f"{option} {brief(text)}: {brief(part.strip())!r}"
    try:
        value = Decimal(part.strip())
    except InvalidOperation:
        raise InputError(f"{shown} is not a number; write {example}") from None
    if not value.is_finite():
        raise InputError(f"{option} {brief(text)}: {brief(part.strip())} is not a finite number")
    if value.is_zero():
        return Decimal(0)  # whatever its exponent
    if len(part) > LONGEST:
        raise InputError(f"{shown} has {len(part):,} characters; write a number in fewer, as in 1e6")
    if not -LARGEST <= value.adjusted() < LARGEST:
        raise InputError(f"{shown} is out of range; numbers are 0, or between 1e-{LARGEST} and 1e{LARGEST}")
    return value
