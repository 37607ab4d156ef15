"""Names that live although nobody in the library or the program speaks of them: reason -> file -> names."""

EXCEPTIONS: dict[str, dict[str, tuple[str, ...]]] = {}
