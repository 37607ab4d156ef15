"""A smaller input that fails in the same way, found greedily: words and files left out, words and bytes shortened."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from benchmarks.fuzz.command_lines import FIRST, LAST, TRAINED
from benchmarks.fuzz.inputs import Input

MOST_TRIES = 150

PINNED = frozenset(word for words in (*FIRST.values(), *LAST.values()) for word in words)
"""Words without which an input would do more than it should: train for long, or download from elsewhere."""


def shrunk(one: Input, fails: Callable[[Input], bool]) -> Input:
    """The smallest input that was found by leaving out one piece after the other for which ``fails`` still holds."""
    tries = 0
    again = True
    while again:
        again = False
        for smaller in _smaller(one):
            tries += 1
            if tries > MOST_TRIES:
                return one
            if fails(smaller):
                one, again = smaller, True
                break
    return one


def _smaller(one: Input) -> Iterator[Input]:
    for name in one.files:
        yield replace(one, files={other: content for other, content in one.files.items() if other != name})
    for start in range(len(one.answers)):
        yield replace(one, answers=one.answers[:start] + one.answers[start + 1 :])
    pinned = PINNED.union(() if "--dry-run" in one.words else TRAINED)
    for size in (2, 1):
        for start in range(len(one.words) - size, 0, -1):
            if not pinned.intersection(one.words[start : start + size]):
                yield replace(one, words=one.words[:start] + one.words[start + size :])
    for place, word in enumerate(one.words):
        for part in (word[: len(word) // 2], word[len(word) // 2 :]) if len(word) > 20 else ():
            yield replace(one, words=(*one.words[:place], part, *one.words[place + 1 :]))
    for name, content in one.files.items():
        for rest in _parts(content):
            yield replace(one, files={**one.files, name: rest})
    for place, answer in enumerate(one.answers):
        for rest in _parts(answer):
            yield replace(one, answers=(*one.answers[:place], rest, *one.answers[place + 1 :]))


def _parts(content: bytes) -> Iterator[bytes]:
    """The content without one of its halves, quarters, eighths or sixteenths."""
    for pieces in (2, 4, 8, 16):
        size = len(content) // pieces
        if size < 1:
            return
        for start in range(0, len(content), size):
            yield content[:start] + content[start + size :]
