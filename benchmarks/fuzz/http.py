"""What a web server answers to a download: statuses, headers and bodies that contradict each other, or are none."""

import hashlib
import random

from benchmarks.fuzz import hostile
from benchmarks.fuzz.ground import Ground
from benchmarks.fuzz.inputs import SERVER, Input

FILES = {
    "mnist": "train-images-idx3-ubyte.gz",
    "cifar10": "cifar-10-binary.tar.gz",
    "svhn": "train_32x32.mat",
}
STATUSES = (
    *(b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK", b"HTTP/1.1 206 Partial Content", b"HTTP/1.0 200"),
    b"",
    *(b"HTTP/1.1 404 \x1b[2JNot Found", b"HTTP/1.1 416 Range", b"HTTP/1.1 503 " + b"x" * 5000, b"HTTP/9.9 999 X"),
    b"200",
    *(b"HTTP/1.1 302 Found", b"HTTP/1.1 301 Moved", b"HTTP/1.1 100 Continue", b"HTTP/1.1 204 No Content", b"SSH-2.0-x"),
    *(b"HTTP/1.1 200 \xff\xfe\x9b2J", b"HTTP/1.1 -1 OK", b"HTTP/1.1 99999999999 OK", b"HTTP/1.1 304 Not Modified"),
    b"\0",
)
NUMBERS = (b"0", b"-1", b"x", b"", b"1e9", b"99999999999999999999", b"9" * 5000, b"\xb2", b"1, 2", b"0x10")
HEADERS = (
    *(b'ETag: "1"', b'ETag: "\x1b[2J"', b'ETag: "' + b"x" * 5000 + b'"', b'ETag: W/"1"', b'ETag: "a\tb"'),
    b'ETag: "\xff"',
    *(b"Content-Encoding: gzip", b"Transfer-Encoding: chunked", b"Transfer-Encoding: x", b"Last-Modified: never"),
    b"x" * 70_000,
    *(b"Content-Range: bytes 0-1/2", b"Content-Range: bytes */*", b"Content-Range: " + b"9" * 5000, b"no colon"),
    *(b": x", b"\0: \0"),
    *(b"Location: http://SERVER/x", b"Location: file:///etc/passwd", b"Location: http://[::1", b"Location: "),
    b"Location: //\x1b[2J",
    *(b"Location: ftp://127.0.0.1/x", b"Location: http://127.0.0.1:99999/", b"Location: http://\xe9/"),
    b"Location: http://a b/",
    b"\r\n".join([b"X: y"] * 200),
)
CHUNKS = (
    b"5\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffffffff\r\nx",
    b"-1\r\n",
    b"x\r\n",
    b"5;" + b"x" * 70_000 + b"\r\nhello",
    b"",
)


def draw(draws: random.Random, ground: Ground) -> Input:
    """Download one data set from a server on loopback."""
    name = draws.choice(("cifar10", *FILES))
    body = draws.randbytes(draws.choice((0, 1, 100, 5000)))
    answers = tuple(_answer(draws, body) for _ in range(draws.choice((1, 1, 2, 4))))
    files = {}
    if draws.random() < 0.5:
        files[f"data/{name}/SHA256SUMS"] = f"{hashlib.sha256(body).hexdigest()}  {FILES[name]}\n".encode()
    if draws.random() < 0.2:
        files[f"data/{name}/{FILES[name]}.part"] = body[: len(body) // 2]
        files[f"data/{name}/{FILES[name]}.part-version"] = draws.choice(
            (b'"1"', b'"\n"', b"\x1b[2J", b"\xff", b"x" * 9999)
        )
    (folder,) = draws.choices((f"{SERVER}/folder", SERVER, f"{SERVER}/%s", f"{SERVER}/\u00e9 \x1b"), (6, 2, 1, 1))
    return Input(("data", "fetch", name, "--data-dir", "data", "--from", folder), files, answers)


def _answer(draws: random.Random, body: bytes) -> bytes:
    lines = [draws.choice(STATUSES) if draws.random() < 0.6 else STATUSES[0]]
    if draws.random() < 0.7:
        right = str(len(body)).encode()
        lines.append(b"Content-Length: " + (right if draws.random() < 0.6 else draws.choice(NUMBERS)))
    lines += draws.choices(HEADERS, k=draws.choice((0, 0, 1, 1, 2, 3)))
    sent = draws.choice(CHUNKS) if any(b"chunked" in line for line in lines) else body
    answer = b"\r\n".join(lines) + b"\r\n\r\n" + sent
    return hostile.changed(draws, answer) if draws.random() < 0.2 else answer
