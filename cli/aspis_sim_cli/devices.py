"""The devices of a run, made available before JAX starts."""

from aspis_sim.errors import InputError
from aspis_sim_cli.output import keep_stdout_for_results

MOST_VIRTUAL = 64
"""Devices that one CPU stands for; with hundreds of them threads wait for each other without end."""


def use_devices(
    devices: int, coordinator: str | None = None, processes: int | None = None, process: int | None = None
) -> bool:
    """Make this many devices available before JAX starts: on a CPU they are virtual; False if another process speaks.

    Raises:
        InputError: JAX finds fewer accelerators, or several processes do not come together.
    """
    if coordinator is None and (processes, process) != (None, None):
        raise InputError("`processes` and `process` need `coordinator=HOST:PORT`, the same for all of them")
    if coordinator is not None:
        from aspis_sim.devices.mesh import join_hosts

        join_hosts(None if coordinator == "auto" else coordinator, processes, process, devices)
        keep_stdout_for_results()  # the transport between CPUs announces its connections there
    elif devices == 1:
        return True
    import jax

    if coordinator is None:
        jax.config.update("jax_num_cpu_devices", min(devices, MOST_VIRTUAL))
    if len(jax.devices()) < devices:
        found = len(jax.devices())
        raise InputError(
            f"{devices} devices asked for, JAX finds {found} ({jax.default_backend()}); take `devices={found}` or fewer"
        )
    return jax.process_index() == 0
