"""Published results beside ours: presets, curves, learning rates, verdicts."""
