"""A loss of one's own: cross-entropy with smoothed labels (Szegedy et al., 2016), of a linear model."""

from dataclasses import dataclass

import flax.linen as nn
import jax
import optax

from aspis_sim import plugin
from aspis_sim.models.base import Model


class Linear(nn.Module):
    """One layer."""

    classes: int

    @nn.compact
    def __call__(self, inputs):
        """Scores ``[samples, classes]``."""
        return nn.Dense(self.classes)(inputs.reshape(len(inputs), -1))


@dataclass(frozen=True)
class Smoothed(Model):
    """A classifier whose labels share some of their weight with all classes."""

    share: float = 0.1

    def loss(self, parameters, inputs, labels):
        """Mean over the samples."""
        scores = self.scores(parameters, inputs)
        wanted = optax.smooth_labels(jax.nn.one_hot(labels, scores.shape[-1]), self.share)
        return optax.softmax_cross_entropy(scores, wanted).mean()


@plugin.model("smoothed")
def smoothed(classes, share: float = 0.1):
    """A linear model that is trained, and scored, with smoothed labels."""
    return Smoothed(Linear(classes), share=share)
