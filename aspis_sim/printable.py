"""Text from elsewhere as it may be shown: on one line, nothing in it that moves a terminal's cursor."""


def printable(text: object, instead: str = "?") -> str:
    """The text with ``instead`` for every character that cannot be printed."""
    return "".join(one if one.isprintable() else instead for one in str(text))
