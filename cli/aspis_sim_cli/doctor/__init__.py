"""What can be found out about an installation, and what is wrong with it."""

from aspis_sim_cli.doctor.environment import cache_folder, data_sets, memory, plugins, settings, terminal
from aspis_sim_cli.doctor.finding import Finding, State
from aspis_sim_cli.doctor.jax_probe import devices
from aspis_sim_cli.doctor.packages import extras, versions

EXAMINATIONS = {
    "versions": versions,
    "extras": extras,
    "devices": devices,
    "memory": memory,
    "cache": cache_folder,
    "data": data_sets,
    "plugins": plugins,
    "terminal": terminal,
    "settings": settings,
}
"""Topic -> function that examines it and gives its findings."""

__all__ = ["EXAMINATIONS", "Finding", "State"]
