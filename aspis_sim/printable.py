"""Text from elsewhere as it may be shown: nothing in it that moves a terminal's cursor, nothing longer than is read."""

from math import ceil

LONGEST_VALUE, LONGEST_WORD = 60, 110
"""Characters of a value, and of a word without spaces, that are shown whole."""

ROWS, WIDTH = 6, 80
"""Rows of a terminal that a message may take, and their characters."""


def printable(text: object, instead: str = "?") -> str:
    """The text with ``instead`` for every character that cannot be printed."""
    return "".join(one if one.isprintable() else instead for one in str(text))


def brief(value: object, most: int = LONGEST_VALUE) -> str:
    """A value as a message quotes it: printable, and without its middle where it has more than ``most`` characters."""
    try:
        text = str(value)
    except ValueError:  # whole numbers of thousands of digits have no text in Python
        return "a number of thousands of digits"
    start = 2 * most // 3
    if len(text) <= most:
        return printable(text)
    return f"{printable(text[:start])}…{printable(text[len(text) - (most - start - 1) :])}"


def message(text: str) -> str:
    """A message as it may be shown: printable lines, long words shortened, six rows of a terminal at most."""
    lines = [" ".join(brief(word, LONGEST_WORD) for word in line.split(" ")) for line in text.split("\n")[:ROWS]]
    taken = [max(1, ceil(len(line) / WIDTH)) for line in lines]
    while sum(taken) > ROWS:
        longest = taken.index(max(taken))
        taken[longest] = max(1, ROWS - (sum(taken) - taken[longest]))
        lines[longest] = brief(lines[longest], taken[longest] * WIDTH)
    return "\n".join(lines)
