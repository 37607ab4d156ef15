"""What came out of a run, and what follows from its settings: the figures of a row."""
