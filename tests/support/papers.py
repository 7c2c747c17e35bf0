"""A web server in threads, for tests that run commands and wait for them; async tests use `tests.support.newsroom`."""

import threading
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Published:
    """The answer at a path."""

    body: bytes
    content_type: str
    status: int = 200
    etag: str | None = None
    link: str | None = None


class Papers:
    """A web server on 127.0.0.1 that answers with what a test publishes.

    While `go` is not set, it delays its answers: those at the paths in `hold`, or all if `hold` is empty.  A request
    for robots.txt is answered with 404 at once and not added to `requests`.
    """

    def __init__(self) -> None:
        #: The path of each request.
        self.requests: list[str] = []
        #: The If-None-Match of each request.
        self.conditions: list[str | None] = []
        #: Released once for each request.
        self.asked = threading.Semaphore(0)
        self.go = threading.Event()
        self.go.set()
        self.hold: set[str] = set()
        self._published: dict[str, Published] = {}
        papers = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path == "/robots.txt":
                    self.send_response(404)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                papers.requests.append(self.path)
                papers.conditions.append(self.headers["If-None-Match"])
                papers.asked.release()
                if not papers.hold or self.path in papers.hold:
                    papers.go.wait(60)
                found = papers._published.get(self.path, Published(b"", "text/plain", 404))
                if found.etag and found.etag == self.headers["If-None-Match"]:
                    found = Published(b"", found.content_type, 304, found.etag)
                self.send_response(found.status)
                if found.etag:
                    self.send_header("ETag", found.etag)
                if found.link:
                    self.send_header("Link", found.link)
                self.send_header("Content-Type", found.content_type)
                self.send_header("Content-Length", str(len(found.body)))
                self.end_headers()
                with suppress(OSError):  # the client was killed
                    self.wfile.write(found.body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def publish(
        self,
        path: str,
        body: bytes,
        *,
        content_type: str = "text/html",
        status: int = 200,
        etag: str | None = None,
        link: str | None = None,
    ) -> str:
        self._published[path] = Published(body, content_type, status, etag, link)
        return self.url(path)

    def close(self) -> None:
        self.go.set()
        self._server.shutdown()
        self._server.server_close()
