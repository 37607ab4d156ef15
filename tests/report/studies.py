"""Small studies made up for the tests: every figure in them is known."""

import itertools
import zlib

import numpy as np

from aspis_sim.report.source import Source
from aspis_sim.study import StoredTrace
from tests.rows import ROW

BASE = ROW.replaced(
    workers=15, files=455, load=91, batch_size=1820, steps=40, detection_rate=0.0, samples_processed=1000
)
ASSIGNMENT = {"median": "baseline", "detox": "repetition", "byzshield": "mols"}


def row_of(**given):
    return BASE.replaced(**given)


def rows_of(schemes=("aspis", "detox"), attacks=("strong", "weak"), payloads=("alie",), q=(1, 2, 3), seeds=(0, 1)):
    """Top-1 falls with q, more under the strong attack, and is 0.01 higher with each seed."""
    found = []
    for attack, payload, level, (place, scheme), seed in itertools.product(
        attacks, payloads, q, enumerate(schemes), seeds
    ):
        drop = 0.1 * level * (place + 1) * (1.0 if attack == attacks[0] else 0.5)
        detects = scheme.startswith("aspis")
        found.append(
            row_of(
                scheme=scheme,
                assignment=ASSIGNMENT.get(scheme, "subset"),
                detector="clique" if detects else "none",
                after_detection="published" if detects else "average",
                redundancy=1 if scheme == "median" else 3,
                attack=attack,
                payload=payload,
                q=level,
                seed=seed,
                top1=0.95 - drop + 0.01 * seed,
                distortion_theory=0.05 * level,
                distortion_measured=0.05 * level * (place + 1),
                detection_rate=0.5 if detects else None,
                false_accusation_rate=0.0 if detects else None,
                samples_processed=1000 * (place + 1),
                bytes_sent=10**6 * (place + 1),
                seconds_modelled=2.5 * (place + 1),
            )
        )
    return tuple(found)


def timeline_of(row, scored=True):
    """A run that finds the liars after half of its steps."""
    steps = row.steps
    half = np.arange(steps) >= steps // 2
    start = zlib.crc32(repr(row).encode()) % 7
    return StoredTrace(
        curve=tuple((step, (row.top1 or 0.0) * step / steps, 2.0 - step / steps) for step in range(10, steps + 1, 10))
        if scored
        else (),
        loss=np.linspace(2.0 + start, 0.5, steps, dtype=np.float32),
        distorted=np.where(half, 0, 10),
        lost=np.zeros(steps, int),
        excluded_byzantine=np.where(half, row.q, 0),
        excluded_honest=np.zeros(steps, int),
        outcome=np.where(half, 0, 2).astype(np.int8),
    )


def study_of(rows=None, name="first", traced=True, **more):
    rows = rows_of() if rows is None else rows
    return Source(name, rows, lambda index: timeline_of(rows[index]) if traced else None, traced, **more)


HOSTILE = (
    "<img src=x onerror=document.title='owned'>",
    "</script><script>document.title='owned'</script>",
    '<a href="javascript:alert(1)">b</a>',
    "&lt;b&gt;%{x}$y$\u2028",
    "[link](http://example.com)[red]|\\&%#_{}~^`",
    "../../etc/passwd\x1b[31m",
    "=HYPERLINK(1)",
)
"""Labels that mean something to HTML, JavaScript, Plotly, TeX, Markdown, Rich, a terminal, a shell or a spreadsheet."""
