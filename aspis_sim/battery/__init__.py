"""The standard battery: the same search for the worst attack on every defence, and the verdict on what it found."""
