"""Hostile inputs by the ten thousand: generators, each of one kind of input, and one judge of what comes of them."""
