"""What `make lint` checks beyond ruff and mypy."""
