"""What ``sweep`` and ``train`` have in common: how a run is put together and computed."""

from dataclasses import dataclass
from typing import Any

from aspis_sim_cli import cache
from aspis_sim_cli.commands import options
from aspis_sim_cli.plugins import load_named


@dataclass(frozen=True)
class RunOptions:
    """The options of a run that are no axis of a grid."""

    config: options.Config = None
    workers: options.Workers = 15
    framed: options.Framed = None
    assignment: options.AssignmentName = None
    detector: options.DetectorName = None
    aggregator: options.Aggregator = None
    convention: options.Convention = None
    after_detection: options.AfterDetection = None
    permute: options.Permute = None
    plugin: options.Plugins = None
    adversary_window: options.AdversaryWindow = None
    detection_window: options.DetectionWindow = 15
    dataset: options.DatasetName = "digits"
    samples: options.Samples = None
    dimension: options.Dimension = None
    data_dir: options.DataDir = None
    model: options.ModelName = None
    samples_per_file: options.SamplesPerFile = 4
    steps: options.Steps = None
    epochs: options.Epochs = None
    momentum: options.Momentum = None
    schedule: options.ScheduleName = "constant"
    clip_workers: options.ClipWorkers = None
    clip_server: options.ClipServer = None
    worker_momentum: options.WorkerMomentum = 0.0
    augment: options.Augment = "none"
    init: options.Initial = "model"
    precision: options.Precision = "float32"
    x64: options.X64 = False
    compute: options.Compute = "shared"
    devices: options.Devices = 1
    memory: options.Memory = "4GB"
    compile_cache: options.CompileCache = True

    def prepare(self) -> None:
        """Load plugins; settle where data are found and compiled programs kept, before anything is loaded."""
        from aspis_sim.data import search

        load_named(self.plugin)
        search.use(self.data_dir)
        cache.use_compiled(self.compile_cache)

    def grid_fields(self) -> dict[str, Any]:
        """These options as fields of an `aspis_sim.experiment.Grid`.

        Raises:
            InputError: one of them is not what it should be.
        """
        return {
            "workers": self.workers,
            "framed": options.framed_workers(self.framed),
            "assignment": self.assignment,
            "detector": self.detector,
            "rule": self.aggregator,
            "convention": self.convention,
            "after_detection": self.after_detection,
            "permute": self.permute,
            "adversary_window": self.adversary_window,
            "detection_window": self.detection_window,
            **options.data_and_model(self.dataset, self.samples, self.dimension, self.model, self.momentum),
            "samples_per_file": self.samples_per_file,
            "steps": self.steps,
            "epochs": self.epochs,
            "schedule": self.schedule,
            "clip_workers": self.clip_workers,
            "clip_server": self.clip_server,
            "worker_momentum": self.worker_momentum,
            "augment": self.augment,
            "initial": self.init,
            "precision": options.precision_of(self.precision, self.x64),
            "compute": self.compute,
            "devices": self.devices,
            "memory": options.memory_bytes(self.memory),
        }
