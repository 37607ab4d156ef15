"""Benchmarks: one script answers one question; contenders are proven equal first, compile time is kept apart."""
