"""Running cells: resolved into built parts, trained here or elsewhere, one row each."""
