"""Searches for the q workers that have a majority in most files, or in fewest."""
