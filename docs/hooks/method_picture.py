"""The picture of the method in README and on the first page: `python docs/hooks/method_picture.py` draws it anew.

What it shows is computed: the copies, the lies of the weak attack, who agrees with whom, the verdict of the clique
detector, and how many files a bare majority vote would have lost.
"""

from collections.abc import Iterator
from itertools import combinations
from math import cos, pi, sin
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aspis_sim import assignment, detection
from aspis_sim.adversary.targeting import TARGETINGS

FILE = Path(__file__).parents[1] / "images" / "method.svg"
WORKERS, REDUNDANCY, BYZANTINE = 5, 3, 2
HONEST, LIE, INK, FAINT = "#56b4e9", "#d55e00", "#1f2933", "#9aa5b1"
CELL, LEFT, TOP = 24, 48, 100

STYLE = """\
<style>
text { font-family: Helvetica, Arial, sans-serif; font-size: 13px; fill: #1f2933; }
.step { font-size: 15px; font-weight: bold; }
.small { font-size: 12px; fill: #52606d; }
.middle { text-anchor: middle; }
</style>"""


def svg() -> str:
    """The picture as SVG, with a newline at its end."""
    groups = assignment.build("subset", workers=WORKERS, redundancy=REDUNDANCY)
    lies = TARGETINGS["weak"](groups, BYZANTINE)
    agree = _agreement(groups.files, lies.distorts)
    verdict = detection.detect_by_clique(agree, max_byzantine=BYZANTINE, assignment=groups)
    lost = int((lies.distorts.sum(1) > REDUNDANCY / 2).sum())
    saved = int(verdict.honest[groups.files].any(1).sum())
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="960" height="270" viewBox="0 0 960 270" role="img">',
        "<title>How redundancy exposes Byzantine workers</title>",
        STYLE,
        '<rect width="960" height="270" rx="8" fill="#ffffff"/>',
        *_copies(groups.files, lies.distorts),
        *_arrow(322),
        *_graph(agree, lies.byzantine),
        *_arrow(562),
        *_verdict(verdict.honest),
        *_arrow(730),
        *_update(len(groups.files), saved, lost),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _agreement(files: NDArray[np.integer], distorts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Who agrees with whom on all files that they share, bool ``[K, K]``: honest copies are equal, and so are lies."""
    agree = np.ones((WORKERS, WORKERS), bool)
    for holders, lying in zip(files, distorts, strict=True):
        for one, other in combinations(range(REDUNDANCY), 2):
            if lying[one] != lying[other]:
                agree[holders[one], holders[other]] = agree[holders[other], holders[one]] = False
    return agree


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{of_kind}>{text}</text>'


def _arrow(x: float) -> Iterator[str]:
    yield f'<path d="M{x:g} 160 h22 m-7 -6 l8 6 l-8 6" fill="none" stroke="{INK}" stroke-width="2"/>'


def _copies(files: NDArray[np.integer], distorts: NDArray[np.bool_]) -> Iterator[str]:
    yield _text(24, 36, "1  Copies", "step")
    yield _text(24, 58, f"each of {len(files)} files goes to r = {REDUNDANCY} workers", "small")
    for number in range(len(files)):
        yield _text(LEFT + CELL * (number + 0.5), TOP - 8, str(number + 1), "small middle")
    for worker in range(WORKERS):
        yield _text(20, TOP + CELL * (worker + 0.7), f"W{worker + 1}")
    for number, (holders, lying) in enumerate(zip(files, distorts, strict=True)):
        for worker, lie in zip(holders, lying, strict=True):
            x, y = LEFT + CELL * number + 2, TOP + CELL * worker + 2
            side = CELL - 4
            yield f'<rect x="{x}" y="{y}" width="{side}" height="{side}" rx="3" fill="{LIE if lie else HONEST}"/>'
            if lie:
                yield f'<path d="M{x + 6} {y + 6} l8 8 m0 -8 l-8 8" stroke="#fff" stroke-width="2"/>'
    y = TOP + CELL * WORKERS + 18
    yield f'<rect x="{LEFT}" y="{y}" width="14" height="14" rx="3" fill="{HONEST}"/>'
    yield _text(LEFT + 20, y + 12, "honest gradient", "small")
    yield f'<rect x="{LEFT + 124}" y="{y}" width="14" height="14" rx="3" fill="{LIE}"/>'
    yield f'<path d="M{LEFT + 128} {y + 4} l6 6 m0 -6 l-6 6" stroke="#fff" stroke-width="2"/>'
    yield _text(LEFT + 144, y + 12, f"lie ({BYZANTINE} Byzantine)", "small")


def _graph(agree: NDArray[np.bool_], byzantine: NDArray[np.bool_]) -> Iterator[str]:
    x, y, radius = 458.0, 162.0, 64.0
    yield _text(368, 36, "2  Agreement graph", "step")
    yield _text(368, 58, "line: all shared copies equal", "small")
    angles = [pi * (2 * worker / WORKERS - 0.5) for worker in range(WORKERS)]
    places = [(x + radius * cos(angle), y + radius * sin(angle)) for angle in angles]
    for one, other in combinations(range(WORKERS), 2):
        (x1, y1), (x2, y2) = places[one], places[other]
        line = f'stroke="{INK}" stroke-width="2.5"' if agree[one, other] else f'stroke="{FAINT}" stroke-dasharray="4 4"'
        yield f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {line}/>'
    for worker, (x1, y1) in enumerate(places):
        fill = LIE if byzantine[worker] else HONEST
        yield f'<circle cx="{x1:.1f}" cy="{y1:.1f}" r="15" fill="{fill}" stroke="#fff" stroke-width="2"/>'
        yield _text(round(x1, 1), round(y1 + 4.5, 1), f"W{worker + 1}", "middle")


def _verdict(honest: NDArray[np.bool_]) -> Iterator[str]:
    yield _text(600, 36, "3  Verdict", "step")
    yield _text(600, 58, "the largest clique stays", "small")
    for worker, stays in enumerate(honest):
        y = TOP + CELL * (worker + 0.5)
        yield f'<circle cx="612" cy="{y:g}" r="8" fill="{HONEST if stays else "#fff"}" stroke="{INK}"/>'
        if not stays:
            yield f'<path d="M608 {y - 4:g} l8 8 m0 -8 l-8 8" stroke="{LIE}" stroke-width="2.5"/>'
        yield _text(630, y + 4.5, f"W{worker + 1} {'stays' if stays else 'excluded'}")


def _update(files: int, saved: int, lost: int) -> Iterator[str]:
    yield _text(770, 36, "4  Update", "step")
    yield _text(770, 58, "mean over honest copies", "small")
    yield _text(770, 128, f"{saved} of {files} files honest")
    yield f'<rect x="770" y="138" width="150" height="10" rx="5" fill="{HONEST}"/>'
    share = 150 * lost / files
    yield _text(770, 190, "A majority vote alone:")
    yield f'<rect x="770" y="200" width="150" height="10" rx="5" fill="{HONEST}"/>'
    yield f'<rect x="{770 + 150 - share:g}" y="200" width="{share:g}" height="10" rx="5" fill="{LIE}"/>'
    yield _text(770, 230, f"{lost} of {files} files are lies", "small")


if __name__ == "__main__":
    FILE.write_text(svg(), encoding="utf-8")
