"""What the program shows: tables, progress, text."""
