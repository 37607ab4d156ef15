"""The gradients of the files of a round: formed from layers, in tiles, clipped or with momentum."""
