"""What can be wrong with a request, as exceptions whose text is meant for the person who asked."""


class InputError(ValueError):
    """The request itself is wrong; the text says what was got and what would work (exit code 2)."""


class DataError(RuntimeError):
    """A data set is missing or damaged; the text names the file and the remedy (exit code 3)."""


class PluginError(RuntimeError):
    """A part of a user's plugin does not work; the text names the plugin and the part (exit code 4)."""
