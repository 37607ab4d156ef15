"""What is measured of a run beside its training: how files differ, what a rule realised, whether a backdoor took."""
