"""Balanced incomplete block designs, one family a file; `bibd` chooses among them."""
