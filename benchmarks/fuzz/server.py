"""A web server on loopback that answers byte for byte what it is told."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

REQUEST = 1 << 16
PATIENCE = 5.0


@contextmanager
def answering(answers: Sequence[bytes]) -> Iterator[str]:
    """The address of a server while it runs: one answer a connection, then none; no server without answers.

    ``SERVER`` in an answer stands for its own address.
    """
    if not answers:
        yield "http://127.0.0.1:9"
        return
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        left = [one.replace(b"http://SERVER", address.encode()) for one in answers]
        thread = threading.Thread(target=_serve, args=(listening, left), daemon=True)
        thread.start()
        try:
            yield address
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)


def _serve(listening: socket.socket, left: list[bytes]) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            connection.settimeout(PATIENCE)
            connection.recv(REQUEST)
            if left:
                connection.sendall(left.pop(0))
