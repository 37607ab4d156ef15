"""What a compiled run depends on, apart from the numbers that are fed to it."""

from dataclasses import dataclass

from aspis_sim.adversary.targeting import Lies
from aspis_sim.gradients.source import TILE_BYTES
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.part import Parameters


@dataclass(frozen=True)
class RunShape:
    """Everything that shapes the program of a run: two jobs with equal shapes share one compilation.

    Attributes:
        settings: of the cell. Those that are fed to the program, or never reach it, are None; ``rule`` and ``payload``
            are names alone, ``samples_per_file`` is what a file really holds, and ``detection_window`` is 0 without a
            detector that works in windows.
        rule_parameters: of the robust rule.
        payload_parameters: of the payload, without its strength, which is fed to the run.
        payload_takes_strength: whether it has one.
        detects: whether a detector is asked about agreement graphs.
        certifies: whether its verdicts carry certificates.
        selects: whether its verdicts name the files to keep.
        may_drop_files: whether files can be dropped before the robust rule.
        lies: where workers change places: which copies of a file Byzantine workers distort.
        measures: whether the rule's realised coefficient is measured.
        chunks: parts in which the files go through the model where not all of it fits into memory at once.
        tile_bytes: what the gradients of all files for a tile of the parameters may take.
        turns: calls of the model for the files of a step, where all are kept.
    """

    settings: Cell
    rule_parameters: Parameters = ()
    payload_parameters: Parameters = ()
    payload_takes_strength: bool = True
    detects: bool = False
    certifies: bool = False
    selects: bool = False
    may_drop_files: bool = False
    lies: Lies = "majority"
    measures: bool = False
    chunks: int = 1
    tile_bytes: int = TILE_BYTES
    turns: int = 1

    @property
    def remembers(self) -> bool:
        """Whether the server knows of earlier steps, or convicts workers in this one."""
        return self.settings.evidence != "step" or self.settings.audits > 0
