"""Lists and ranges as they are typed: ``1..7``, ``0.5..2:0.5``, ``aspis,detox``, and mixtures such as ``1,3..5``."""

from decimal import Decimal, InvalidOperation

from aspis_sim.errors import InputError

MOST = 100_000
"""Values that a range may have."""


def names(text: str) -> tuple[str, ...]:
    """Comma-separated names, in order, each once.

    Raises:
        InputError: there is none.
    """
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not found:
        raise InputError(f"no name in {text!r}; write one or several, as in aspis,detox")
    return found


def integers(text: str, option: str) -> tuple[int, ...]:
    """Whole numbers: ``1..7``, ``1,2,5``, ``2..10:2``.

    Raises:
        InputError: not a whole number, or a range that is reversed or has a step that is not positive.
    """
    values = _numbers(text, option)
    for value in values:
        if value != int(value):
            raise InputError(f"{option} {text}: {value} is not a whole number")
    return tuple(dict.fromkeys(int(value) for value in values))


def reals(text: str, option: str) -> tuple[float, ...]:
    """Real numbers: ``0.5..2:0.5``, ``0.01,0.03``; ranges are exact in decimal.

    Raises:
        InputError: not a finite number, or a range that is reversed or has a step that is not positive.
    """
    return tuple(dict.fromkeys(float(value) for value in _numbers(text, option)))


def _numbers(text: str, option: str) -> list[Decimal]:
    values: list[Decimal] = []
    for part in text.split(","):
        if ".." not in part:
            values.append(_number(part, text, option))
            continue
        span, _, step_text = part.partition(":")
        first, _, last = span.partition("..")
        start, stop = _number(first, text, option), _number(last, text, option)
        step = _number(step_text, text, option) if step_text else Decimal(1)
        if stop < start:
            raise InputError(f"{option} {text}: the range is reversed; did you mean {last.strip()}..{first.strip()}?")
        if step <= 0:
            raise InputError(f"{option} {text}: the step {step} must be positive")
        count = int((stop - start) / step) + 1
        if count > MOST:
            raise InputError(f"{option} {text}: {count:,} values; a range may have {MOST:,} at most")
        values += [start + i * step for i in range(count)]
    return values


def _number(part: str, text: str, option: str) -> Decimal:
    try:
        value = Decimal(part.strip())
    except InvalidOperation:
        raise InputError(
            f"{option} {text}: {part.strip()!r} is not a number; write 3, 1..7, 1,2,5 or 0.5..2:0.5"
        ) from None
    if not value.is_finite():
        raise InputError(f"{option} {text}: {part.strip()} is not a finite number")
    return value
