"""Results as CSV: rows of a sweep with other values, columns and bytes."""

import csv
import io
import random

from benchmarks.fuzz import hostile
from benchmarks.fuzz.ground import Ground
from benchmarks.fuzz.inputs import Input

COMMANDS = (
    "compare rows.csv --by scheme=aspis,median",
    "compare rows.csv ../given/rows.csv",
    "compare ../given/study rows.csv --metric top1,loss",
    "report rows.csv --out page.html",
    "export rows.csv --format csv",
    "export rows.csv --format json",
    "export rows.csv --format latex",
    "export rows.csv --out rows.parquet",
    "plot accuracy rows.csv --out figure.svg",
)
MEASURED = ("top1", "loss", "distortion_measured", "lost_measured", "detection_rate", "seconds", "samples_processed")
FIGURES = ("", "0", "1", "-1", "0.5", "1e308", "-1e308", "5e-324", "nan", "inf", "-inf", "1e400", "9" * 20)
NEAR = ("0", "1", "-1", "0.5", "1e308", "-1e308", "ok", "failed", "True", "False", "", "median", "aspis", "krum:f=1")


def draw(draws: random.Random, ground: Ground) -> Input:
    """A command that reads rows, and the rows."""
    content = ground.rows
    if draws.random() < 0.75:
        content = _spoilt(draws, content.decode())
    if content is ground.rows or draws.random() < 0.25:
        content = hostile.changed(draws, content)
    return Input(tuple(draws.choice(COMMANDS).split()), {"rows.csv": content})


def _spoilt(draws: random.Random, text: str) -> bytes:
    rows = list(csv.reader(io.StringIO(text)))
    if draws.random() < 0.3:
        for _ in range(draws.choice((1, 3, 10))):
            column = rows[0].index(draws.choice(MEASURED))
            rows[draws.randrange(1, len(rows))][column] = draws.choice(FIGURES)
        return "".join(f"{','.join(row)}\n" for row in rows).encode()
    for _ in range(draws.choice((1, 1, 2, 5))):
        row, column = draws.randrange(1, len(rows)), draws.randrange(len(rows[0]))
        way = draws.randrange(10)
        value = draws.choice(NEAR) if draws.random() < 0.5 else hostile.text(draws)
        if way == 0:
            for one in rows:
                del one[column : column + 1]
        elif way == 1:
            rows[0][column % len(rows[0])] = draws.choice((*rows[0], value))
        elif way == 2:
            rows.append(list(rows[row]))
        elif way == 3:
            for one in rows[1:]:
                one[column : column + 1] = [value]
        elif way == 4:
            rows[row].append(value)
        else:
            rows[row][column : column + 1] = [value]
        if not rows[0]:
            break
    made = io.StringIO()
    csv.writer(made, lineterminator=draws.choice(("\n", "\n", "\r\n")), escapechar="\\").writerows(rows)
    encoding = draws.choice((*["utf-8"] * 20, "utf-8-sig", "utf-16"))
    return made.getvalue().encode(encoding, "replace" if encoding == "utf-16" else "surrogateescape")
