"""Serves a preview session to browsers on this machine only. Renders nothing.

Only GET and HEAD; only the session's values, the files of the page, and the images of the email.
The Host of a request must be this machine, so that no web site can read the preview by DNS
rebinding.
"""

from __future__ import annotations

import json
import mimetypes
import socket
import sys
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import BoundedSemaphore, Thread
from typing import Any
from urllib.parse import urlsplit

from syndicate.errors import SyndicateError
from syndicate.preview.issue_preview import IssuePreview, framed
from syndicate.preview.session import PreviewSession

ADDRESS = "127.0.0.1"
HOSTS = ("127.0.0.1", "localhost")
PAGE = Path(__file__).with_name("page")
STATIC = {
    "/_/page.css": ("page.css", "text/css"),
    "/_/page.js": ("page.js", "text/javascript"),
}
"""Newsletters cannot be named `_`."""
MAX_CONNECTIONS = 64
PATIENCE_SECONDS = 20
HEARTBEAT_SECONDS = 10

OWN_ONLY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "frame-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
MAIL = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline' https:; font-src https: data:; img-src 'self' https: http: data:; "
    "form-action 'none'; frame-ancestors 'self'"
)
PICTURE = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


class PreviewServer(ThreadingHTTPServer):
    """Listens on 127.0.0.1; `port` 0 chooses a free one. Raises SyndicateError."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, session: PreviewSession, port: int) -> None:
        self.session = session
        self._room = BoundedSemaphore(MAX_CONNECTIONS)
        try:
            super().__init__((ADDRESS, port), PreviewHandler)
        except OSError as error:
            raise SyndicateError(
                f"cannot listen on port {port}: {error.strerror}",
                hint="choose another with --port, or omit it to use a free one",
            ) from error

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{ADDRESS}:{self.server_address[1]}/"

    def start(self) -> None:
        """Start serving, in threads."""
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Accept a connection, unless there are too many."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: socket.socket | Any, client_address: Any) -> None:  # noqa: ARG002
        """Ignore a closed connection; report anything else as a bug."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, (ConnectionError, TimeoutError)):
            self.session.fail(error)


class PreviewHandler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    server: PreviewServer
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_SECONDS

    def do_GET(self) -> None:
        if self._host() not in HOSTS:
            self._refuse(
                HTTPStatus.MISDIRECTED_REQUEST,
                "Wrong host. Open the address that syndicate preview printed.",
            )
            return
        path = urlsplit(self.path).path
        session = self.server.session
        if path == "/":
            self._send(b"", "text/plain", status=HTTPStatus.FOUND, location=f"/{session.first}/")
        elif path in STATIC:
            name, kind = STATIC[path]
            self._send((PAGE / name).read_bytes(), kind)
        else:
            _, newsletter, *rest = path.split("/", 2)
            self._newsletter(newsletter, rest[0] if rest else None)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _newsletter(self, name: str, what: str | None) -> None:
        state = self.server.session.state(name)
        if state is None or what is None:
            self._refuse(HTTPStatus.NOT_FOUND, "Not found.")
        elif what == "":
            self._send((PAGE / "page.html").read_bytes(), "text/html")
        elif what == "frame.html":
            self._send(b"<!DOCTYPE html>", "text/html", policy=MAIL)
        elif what == "news":
            self._send_news(name)
        elif what == "preview.json":
            shown = {
                "version": state.version,
                "newsletters": self.server.session.titles,
                "preview": state.preview and state.preview.as_json(),
                "faults": [asdict(fault) for fault in state.faults],
            }
            self._send(json.dumps(shown, ensure_ascii=False).encode(), "application/json")
        elif state.preview and what in ("light.html", "dark.html"):
            html = framed(state.preview.html, what.removesuffix(".html"), state.preview.pictures)
            self._send(html.encode(), "text/html", policy=MAIL)
        else:
            self._picture(state.preview, what)

    def _picture(self, preview: IssuePreview | None, what: str) -> None:
        pictures = preview.pictures.values() if preview else ()
        file = next((p.file for p in pictures if f"pictures/{p.name}" == what), None)
        kind = mimetypes.guess_type(file)[0] if file else None
        if file is None or not kind or not kind.startswith("image/"):
            self._refuse(HTTPStatus.NOT_FOUND, "Not found.")
            return
        try:
            data = file.read_bytes()
        except OSError:
            self._refuse(HTTPStatus.NOT_FOUND, "The file cannot be read.")
        else:
            self._send(data, kind, policy=PICTURE)

    def _send_news(self, name: str) -> None:
        """The version shown, sent again at each change (server-sent events, HTML 9.2)."""
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self._headers("text/event-stream", OWN_ONLY)
        self.send_header("Connection", "close")
        self.end_headers()
        version, session = -1, self.server.session
        with session.viewing(name):
            while self.command == "GET":
                previous, version = (
                    version,
                    session.wait_for_change(name, version, HEARTBEAT_SECONDS),
                )
                line = ":\n\n" if version == previous else f"data: {version}\n\n"
                self.wfile.write(line.encode())

    # -- answers ----------------------------------------------------------------------------

    def _host(self) -> str | None:
        hosts = self.headers.get_all("Host") or []
        try:
            return urlsplit(f"//{hosts[0]}").hostname if len(hosts) == 1 else None
        except ValueError:
            return None

    def _send(
        self,
        body: bytes,
        kind: str,
        *,
        status: HTTPStatus = HTTPStatus.OK,
        policy: str = OWN_ONLY,
        location: str = "",
    ) -> None:
        self.send_response(status)
        self._headers(kind, policy)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self._send(message.encode(), "text/plain", status=status)

    def _headers(self, kind: str, policy: str) -> None:
        text = kind.startswith("text/") or kind == "application/json"
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if text else kind)
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")

    def version_string(self) -> str:
        return "syndicate"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Log nothing: the terminal belongs to the author."""
