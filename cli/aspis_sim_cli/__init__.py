"""The program ``aspis-sim``: parsing, rendering and exit codes over the library."""
