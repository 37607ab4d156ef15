"""Values that programs stumble over, and changes of texts and bytes."""

import random
from collections.abc import Callable

LONG = "x" * 300
DIGITS = "9" * 5000

NUMBERS = (
    *("nan", "-nan", "inf", "-inf", "1e400", "-1e400", "1e-400", "1e999999999", "-1e999999999", "0e999999999"),
    *(DIGITS, f"-{DIGITS}", f"0.{DIGITS}", DIGITS[:50], "9223372036854775807", "9223372036854775808", "2147483648"),
    *("18446744073709551616", "1e308", "-1e308", "5e-324", "0x10", "1_000", "٣", "１", "½", "1,5", "1.5", "-1", "0"),
    "-0",
    *("+1", " 1 ", "1e3", "1e", "e1", ".", "-", "1.", ".5", "--1", "1/2", "1e1e1", "1;2", "1 2", "1..", "..1"),
    *("..", "7..1"),
    *("1..7:0", "1..7:-1", "1..7:nan", "1..1e9", "0..1:1e-9", "0..1e999999:1e-999999", "1..2..3", "1:2", "1..2:3:4"),
)
WORDS = (
    *("", " ", "-", "--", "=", ",", ",,", ":", "none", "None", "true", "false", "null", "NaN", "default", "all", "*"),
    *("\x1b[2J", "\x1b]0;x\x07", "\x07", "\r", "\n", "a\nb", "\t", "\x7f", "\x9b2J", "\u202e", "\ufeff", "\u2028"),
    "\udcff",
    *("é", "名前", "𝟙", "ﬁ", "İ", "a\u0301", "👩‍👩‍👧", "%s", "%n", "{}", "{0}", "$HOME", "`id`", "'", '"', "\\"),
    *("<b>", "</script>"),
    *("[red]", "[/]", "[bold", ":smile:", "=1+1", "@x", "+x", "a=b", "a=b=c", "name:", "name:a", "name:a=", "name:=1"),
    *(LONG, "x" * 5000, "x " * 3000, "é" * 300, "a:" * 1000, "a+" * 1000, "a," * 3000),
)
PATHS = (
    *("", ".", "..", "~", "~nobody/x", "missing", "missing/deeper", f"{LONG}.csv", "a/" * 3000, "\udcff.csv", "é.csv"),
    *("\x1b[2J.csv", "x\ny.json", "-", "--", "/dev/null", "/dev/full", "/dev/zero", "x.html", "x.toml", "x.parquet"),
    *("/dev/stdin", "/dev/fd/99", "/proc/self/environ", "x.csv/", "con.csv", "%s.csv", "x.CSV", "x.csv.gz"),
    "[red].json",
)
GIVEN = (
    *("../given", "../given/study", "../given/rows.csv", "../given/study.toml", "../given/groups.json"),
    "../given/empty",
    *("../given/groups.csv", "../given/binary", "../given/loop", "../given/missing", "../given/study/study.db"),
)
"""Paths of files that no input changes, and of some that are not there."""

TOKENS = (
    *(b"\0", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1b[2J", b"\r\n", b"\n", b"\t", b'"', b"'", b",", b";"),
    *(b"=", b"["),
    *(b"]", b"{", b"}", b"#", b"-", b"nan", b"inf", b"-1", b"0", b"1e999", b"1e999999999", b"9" * 50, b"null", b"true"),
    *(b"\x80\x04", b"\xc3\x28", b"\xed\xa0\x80", b"a" * 300, b"[" * 100, b"\\u001b", b"\\ud800", b"%s", b"<b>"),
)
"""What is put into bytes."""


def text(draws: random.Random, good: str = "") -> str:
    """A hostile value: a known one, or a change of a good one. Changes leave absolute paths alone."""
    if good and not good.startswith("/") and draws.random() < 0.3:
        return _changed(draws, good)
    return draws.choice(draws.choice((NUMBERS, WORDS, PATHS)))


def _changed(draws: random.Random, good: str) -> str:
    place = draws.randrange(len(good) + 1)
    token = draws.choice((*NUMBERS, *WORDS))[: draws.choice((1, 3, 5000))]
    way = draws.randrange(5)
    if way == 0:
        return good[:place] + good[place + 1 :] or token
    if way == 1:
        return good.swapcase()
    if way == 2:
        return good + draws.choice(",:+=./ ") + token
    changed = good[:place] + token + good[place + (way == 3) :]
    return changed if not changed.startswith("/") else good


def changed(draws: random.Random, content: bytes, most: int = 4) -> bytes:
    """Bytes with a few changes: bits flipped, bytes replaced, pieces put in, left out, repeated or cut off."""
    made = bytearray(content)
    for _ in range(draws.randint(1, most)):
        draws.choice(CHANGES)(draws, made)
    return bytes(made)


def _flip(draws: random.Random, made: bytearray) -> None:
    if made:
        made[draws.randrange(len(made))] ^= 1 << draws.randrange(8)


def _replace(draws: random.Random, made: bytearray) -> None:
    if made:
        place = draws.randrange(len(made))
        token = draws.choice(TOKENS)
        made[place : place + len(token)] = token


def _insert(draws: random.Random, made: bytearray) -> None:
    place = draws.randrange(len(made) + 1)
    made[place:place] = draws.choice(TOKENS) if draws.random() < 0.7 else draws.randbytes(draws.randint(1, 40))


def _leave_out(draws: random.Random, made: bytearray) -> None:
    place = draws.randrange(len(made) + 1)
    del made[place : place + draws.choice((1, 2, 8, 100, 4096))]


def _repeat(draws: random.Random, made: bytearray) -> None:
    place = draws.randrange(len(made) + 1)
    piece = made[place : place + draws.choice((1, 16, 200, 4096))]
    made[place:place] = piece * draws.choice((1, 1, 2, 50))


def _cut(draws: random.Random, made: bytearray) -> None:
    if draws.random() < 0.3:
        del made[draws.randrange(len(made) + 1) :]


CHANGES: tuple[Callable[[random.Random, bytearray], None], ...] = (
    *(_flip, _flip, _replace, _replace, _insert, _insert, _leave_out, _repeat, _cut),
)
