"""Placeholder."""

from aspis_sim.assignment.designs.difference_families import Family

FAMILIES: dict[tuple[int, int], tuple[int, Family]] = {}
