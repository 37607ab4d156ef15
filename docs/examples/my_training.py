"""Parts of one's own that say how training goes: a step before a rule, a schedule, an optimizer, a partition."""

import jax.numpy as jnp
import numpy as np
import optax

from aspis_sim import plugin


@plugin.preaggregation("shortest")
def shortest(f: int = 1):
    """The rows without the f longest."""

    def step(rows):
        lengths = jnp.linalg.norm(rows, axis=1)
        return rows[jnp.argsort(lengths)[: len(rows) - f]]

    return step


@plugin.schedule("inverse-root")
def inverse_root(warmup: int = 10):
    """The rate rises for some steps, then falls as one over the root of the step (Vaswani et al., 2017)."""
    return lambda step: jnp.minimum((step + 1) / warmup, jnp.sqrt(warmup / (step + 1)))


@plugin.optimizer("yogi")
def yogi(b1: float = 0.9, b2: float = 0.999):
    """Adam whose mean of squares falls slowly (Zaheer et al., NeurIPS 2018), as in FedYogi."""
    return optax.scale_by_yogi(b1, b2)


@plugin.partition("uneven")
def uneven(power: float = 1.0):
    """Files of very different sizes: file i gets samples in proportion to i to the power of -power, one at least."""

    def shards(labels, files, generator):
        shares = np.arange(1.0, files + 1) ** -power
        others = generator.choice(files, len(labels) - files, p=shares / shares.sum())
        owner = generator.permutation(np.concatenate([np.arange(files), others]))
        return [np.flatnonzero(owner == file) for file in range(files)]

    return shards
