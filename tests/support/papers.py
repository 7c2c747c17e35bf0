"""A publisher in threads, for commands that are run and waited for; async tests have `tests.support.newsroom`."""

import threading
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is published at a path."""

    body: bytes
    content_type: str
    status: int = 200
    etag: str | None = None


class Papers:
    """A web server on 127.0.0.1; while `go` is not set it keeps its answers back: all, or those in `hold`.

    Who asks for a robots.txt is told at once that there is none, and not counted among the `requests`.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        #: The If-None-Match of each of them.
        self.conditions: list[str | None] = []
        #: Released once for each request.
        self.asked = threading.Semaphore(0)
        self.go = threading.Event()
        self.go.set()
        self.hold: set[str] = set()
        self._sheets: dict[str, Sheet] = {}
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
                sheet = papers._sheets.get(self.path, Sheet(b"", "text/plain", 404))
                if sheet.etag and sheet.etag == self.headers["If-None-Match"]:
                    sheet = Sheet(b"", sheet.content_type, 304, sheet.etag)
                self.send_response(sheet.status)
                if sheet.etag:
                    self.send_header("ETag", sheet.etag)
                self.send_header("Content-Type", sheet.content_type)
                self.send_header("Content-Length", str(len(sheet.body)))
                self.end_headers()
                with suppress(OSError):  # whoever asked was killed
                    self.wfile.write(sheet.body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def publish(
        self, path: str, body: bytes, *, content_type: str = "text/html", status: int = 200, etag: str | None = None
    ) -> str:
        self._sheets[path] = Sheet(body, content_type, status, etag)
        return self.url(path)

    def close(self) -> None:
        self.go.set()
        self._server.shutdown()
        self._server.server_close()
