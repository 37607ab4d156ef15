"""Simulator of Byzantine-resilient distributed training with redundant gradients."""

__version__ = "0.1.0"
