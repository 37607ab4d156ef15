"""The devices that simulate the workers."""
