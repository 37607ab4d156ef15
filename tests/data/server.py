"""A web server on loopback that serves a folder as well or as badly as a test asks."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Behaviour:
    """What the server does, and what it was asked.

    Attributes:
        files: path -> content.
        ranges: whether it knows Range.
        cut: bytes after which it closes the connection, one number a response; whole responses after the last.
        etag: of all files.
        redirect: where it sends everybody.
        seen: path, Range and If-Range of each request.
    """

    files: dict
    ranges: bool = True
    cut: list = field(default_factory=list)
    etag: str = '"1"'
    redirect: str = ""
    seen: list = field(default_factory=list)


@contextmanager
def serving(behaviour):
    """The address of the server while it runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            headers = self.headers
            behaviour.seen.append((self.path, headers["Range"], headers["If-Range"]))
            if behaviour.redirect:
                self.send_response(302)
                self.send_header("Location", behaviour.redirect)
                self.end_headers()
                return
            content = behaviour.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            begin, total = 0, len(content)
            if behaviour.ranges and headers["Range"] and headers["If-Range"] in (None, behaviour.etag):
                begin = int(headers["Range"].removeprefix("bytes=").removesuffix("-"))
                if begin >= total:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{total}")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {begin}-{total - 1}/{total}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(total - begin))
            self.send_header("ETag", behaviour.etag)
            self.end_headers()
            end = begin + behaviour.cut.pop(0) if behaviour.cut else total
            self.wfile.write(content[begin:end])

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
