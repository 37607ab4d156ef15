"""The options of commands: those that several share, read off declarations where they are settings of a run."""
