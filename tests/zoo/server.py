"""A web server on this computer that sends one file, well or badly."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """``/file`` is the file; other paths go wrong in their own way."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.asked.append((self.path, self.headers.get("Range"), self.headers.get("If-Range")))
        if self.path == "/file":
            self.send_file(len(server.data))
        elif self.path == "/held":  # nothing comes before the test says so
            server.go.wait(30)
            self.send_file(len(server.data))
        elif self.path == "/cut":  # ends early, once or always
            server.cuts -= 1
            self.send_file(len(server.data) // 2 if server.cuts >= 0 else len(server.data))
        elif self.path == "/dull":  # knows no ranges
            self.begin(200, len(server.data))
            self.wfile.write(server.data)
        elif self.path == "/page":
            self.begin(200, 6, kind="text/html; charset=utf-8")
            self.wfile.write(b"<html>")
        elif self.path.startswith("/to?"):
            self.begin(302, 0, Location=self.path[4:])
        else:
            self.begin(404, 0)

    def send_file(self, most):
        """The file or the asked part of it, cut off at `most` bytes of the whole."""
        server, start = self.server, 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        same = self.headers.get("If-Range") in (None, server.mark)
        size = len(server.data)
        if asked and same:
            start = int(asked[1])
            if start >= size:
                self.begin(416, 0, **{"Content-Range": f"bytes */{size}"})
                return
            where = f"bytes {start}-{size - 1}/{size}"
            self.begin(206, size - start, **{"Content-Range": where})
        else:
            self.begin(200, size)
        self.wfile.write(server.data[start : max(start, most)])
        if most < size:
            self.close_connection = True

    def begin(self, code, length, *, kind="application/octet-stream", **headers):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        if self.server.mark:
            self.send_header("ETag", self.server.mark)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args):
        pass


@contextmanager
def serving(data):
    """A server with ``url``, ``data``, ``mark``, ``cuts``, ``go`` and what was ``asked``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.data, server.mark, server.cuts, server.asked = data, '"one"', 10**9, []
    server.go = threading.Event()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
