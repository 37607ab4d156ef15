"""Detection without training: many trials of an adversary against detectors."""
