"""Grids of cells, their execution, and what is made of the results."""
