"""Rows as a sweep leaves them, without one."""

from aspis_sim.run.row import Row, settings_of
from aspis_sim.spec.cell import BY_COLUMN

ROW = Row(
    {
        "scheme": "aspis",
        "assignment": "subset",
        "workers": 7,
        "redundancy": 3,
        "files": 35,
        "load": 15,
        "q": 1,
        "attack": "strong",
        "payload": "alie",
        "strength": 1.0,
        "rule": "median",
        "dataset": "digits",
        "model": "mlp",
        "protocol": "files",
        "samples_per_file": 4,
        "batch_size": 140,
        "steps": 300,
        "lr": 0.1,
        "seed": 0,
        "distortion_theory": 0.1,
        "distortion_measured": 0.1,
        "lost_measured": 0.0,
        "detection_rate": 1.0,
        "false_accusation_rate": 0.0,
        "top1": 0.9,
        "loss": 0.5,
        "samples_processed": 126000,
        "seconds": 1.0,
        "status": "ok",
    }
)
MEDIAN = ROW.replaced(
    scheme="median", assignment="baseline", detector="none", after_detection="average", redundancy=1, files=7, load=1,
    batch_size=28,
    detection_rate=None, false_accusation_rate=None, samples_processed=8400, distortion_measured=0.2,
    distortion_theory=0.2,
)  # fmt: skip


def of_cell(cell, **figures):
    """The row of a cell, with these figures."""
    assert set(settings_of(cell)) == set(BY_COLUMN)
    strength = 1.0 if cell.strength is None else cell.strength
    of_it = {**settings_of(cell), "attack": cell.attack_label, "strength": strength}
    return ROW.replaced(**{**of_it, **figures})


def seeds(row, top1, **changes):
    """A row per seed with these accuracies."""
    return [row.replaced(seed=seed, top1=value, **changes) for seed, value in enumerate(top1)]
