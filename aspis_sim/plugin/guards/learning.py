"""The guards of what is learnt, and by what."""

from dataclasses import replace
from functools import wraps
from typing import Any

import numpy as np

from aspis_sim.data import PARTS, Dataset
from aspis_sim.plugin.guards.functions import Factory
from aspis_sim.plugin.part import Part, described


def dataset(part: Part, factory: Factory) -> Factory:
    """A `Dataset` whose parts have as many labels as inputs, labels within its classes."""

    @wraps(factory)
    def build(**options: Any) -> Dataset:
        built = part.blaming(factory)(**options)
        if not isinstance(built, Dataset):
            raise part.refuses(f"returned {described(built)}, not a Dataset")
        for name in PARTS:
            if name not in built.inputs or name not in built.labels:
                raise part.refuses(f"has no {name} part; a data set has {', '.join(PARTS)}")
            inputs, labels = built.inputs[name], built.labels[name]
            if inputs.dtype not in (np.uint8, np.float32) or not len(inputs):
                raise part.refuses(f"returned {described(inputs)} as {name} inputs, not uint8 or float32[samples, …]")
            part.array(labels, (len(inputs),), np.int32 if built.classes else np.float64, f"{name} labels")
            if built.classes and not 0 <= labels.min() <= labels.max() < built.classes:
                raise part.refuses(f"has {name} labels that are none of 0 to {built.classes - 1}")
        return replace(built, name=part.name)

    return build


def model(part: Part, factory: Factory) -> Factory:
    """A `Model`, or a flax module from inputs to scores ``[samples, classes]``."""

    @wraps(factory)
    def build(classes: int, **options: Any) -> Any:
        import flax.linen as nn

        from aspis_sim.models.base import Model
        from aspis_sim.plugin.guards.guarded_model import GuardedModel

        built = part.blaming(factory)(classes=classes, **options)
        if isinstance(built, nn.Module):
            built = Model(built)
        if not isinstance(built, Model):
            raise part.refuses(f"returned {described(built)}, not a Model or a flax module")
        return GuardedModel(built.module, built.sums, own=built, part=part, classes=classes)

    return build
