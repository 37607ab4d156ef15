"""A callback of one's own: the parameters of the model are kept at every point of the curve."""

import flax.serialization

from aspis_sim import plugin


@plugin.callback("keep-parameters")
def keep_parameters(moment):
    """A file for every point, such as step-100.msgpack, for `flax.serialization.msgpack_restore`."""
    with open(f"step-{moment.step}.msgpack", "wb") as file:
        file.write(flax.serialization.to_bytes(moment.parameters))
