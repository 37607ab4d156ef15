"""The largest numbers that anything is simulated with."""

MOST_WORKERS = 10_000
"""Workers of a system; beyond, the graph of who agrees with whom alone takes gigabytes."""

SEEDS = 2**64
"""How many seeds the generator of random numbers has: 0 and those that follow."""
