"""An input of the program: its command line, the files that it finds in its folder, and what a web server answers."""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

SERVER = "http://SERVER"
"""Stands in a word for the address of the web server that gives the input's answers."""

LONGEST_TEXT = 2000
"""Bytes of a file that is written as text, if it is text; others are compressed."""


@dataclass(frozen=True)
class Input:
    """What one run of the program is given.

    Attributes:
        words: of its command line, after the program's name. Its folder is the current one; ``../given`` holds files
            that no input changes (`benchmarks.fuzz.ground`).
        files: path in its folder -> content.
        answers: what a web server on loopback sends, byte for byte, a connection after the other; then it closes them.
    """

    words: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    answers: tuple[bytes, ...] = ()

    def as_text(self, **more: str) -> str:
        """The input as JSON, with ``more`` beside it."""
        files = {name: _packed(content) for name, content in self.files.items()}
        found = {**more, "words": self.words, "files": files, "answers": [_packed(one) for one in self.answers]}
        return json.dumps({key: value for key, value in found.items() if value}, indent=1) + "\n"

    @classmethod
    def of_text(cls, text: str) -> "Input":
        """The input that `as_text` wrote."""
        found = json.loads(text)
        files = {name: _unpacked(content) for name, content in found.get("files", {}).items()}
        answers = tuple(map(_unpacked, found.get("answers", ())))
        return cls(tuple(found["words"]), files, answers)


def _packed(content: bytes) -> dict[str, str]:
    if len(content) <= LONGEST_TEXT and content.isascii():
        return {"text": content.decode()}
    return {"zlib": base64.b64encode(zlib.compress(content, 9)).decode()}


def _unpacked(found: dict[str, str]) -> bytes:
    if "text" in found:
        return found["text"].encode()
    return zlib.decompress(base64.b64decode(found["zlib"]))
