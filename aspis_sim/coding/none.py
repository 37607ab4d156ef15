"""No code: workers return gradients, and copies are voted on."""


def none(workers: int, redundancy: int) -> None:
    """Workers return gradients, and copies are voted on."""
    del workers, redundancy
