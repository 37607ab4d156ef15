"""What ``sweep`` and ``train`` have in common beside the settings: plugins, data, compiled programs."""

from dataclasses import dataclass

from aspis_sim_cli import cache
from aspis_sim_cli.boundary import note_environment
from aspis_sim_cli.options import common as options
from aspis_sim_cli.plugins import load_named


@dataclass(frozen=True)
class RunOptions:
    """Options that are settled before a setting is read."""

    config: options.Config = None
    trust_config: options.TrustConfig = False
    plugin: options.ConfiguredPlugins = None
    data_dir: options.DataDir = None
    compile_cache: options.CompileCache = True
    help_all: options.HelpAll = False

    def prepare(self) -> None:
        """Load plugins; settle where data are found and compiled programs kept, before anything is loaded."""
        from aspis_sim.data import search

        load_named(self.plugin)
        search.use(self.data_dir)
        cache.use_compiled(self.compile_cache)
        note_environment()
