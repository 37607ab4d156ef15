"""What can be asked for: every setting declared once, cells that hold them, grids that multiply them out; no jax."""
