"""Answer simple requests directly, without ASGI; uvicorn's protocol handles the rest.

Nearly all requests are a complete GET or HEAD whose response is in memory. For these, the work of
ASGI (a task, a scope, two messages, a timer) costs several times as much as the response. So they
are answered here, by the same `Responder`. At the first request of another kind (in parts, with a
body, for a file on disk, malformed) the connection is handed over to uvicorn's own protocol, with
all received data, and stays there.

uvicorn creates an instance for each connection (`uvicorn.Config(http=FastProtocol)`); this relies
only on what uvicorn passes to such a protocol.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from syndicate.web.asgi import App, add
from syndicate.web.http_messages import Request, text
from syndicate.web.responder import Responder

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

MAX_HEAD_LENGTH: Final = 32 * 1024
"""Bytes of request line and headers."""

SHORT_HEAD: Final = 4 * 1024
"""Bytes of a head that is kept as it was read; longer ones are rare, and would fill the memory."""

_END: Final = b"\r\n\r\n"
_UNUSUAL: Final = frozenset((b"content-length", b"transfer-encoding", b"expect", b"upgrade"))
_TOO_LONG: Final = text(431, "The request headers are too large.")


class RequestHead:
    """The head of a request; the parser calls its methods."""

    __slots__ = ("_parser", "headers", "keep_alive", "method", "target")

    def __init__(self, data: bytes) -> None:
        """Raises HttpParserError, HttpParserUpgrade."""
        self.headers: dict[bytes, bytes] = {}
        self.target = self.method = b""
        self.keep_alive = True
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._parser.feed_data(data)
        self._parser = None  # they refer to each other: break the cycle

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        add(self.headers, name.lower(), value)

    def on_headers_complete(self) -> None:
        parser = self._parser
        assert parser is not None, "it is at work"
        self.method = parser.get_method()
        self.keep_alive = parser.should_keep_alive() and parser.get_http_version() == "1.1"


@lru_cache(maxsize=1_024)
def _read(data: bytes) -> RequestHead | None:
    """The request in `data`, if it is one complete request that is answered here; else None.

    Cached: a reader sends the same bytes until the feed changes, and so do all readers of one
    program.
    """
    try:
        head = RequestHead(data)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    if b"#" in head.target:  # no fragment belongs there (RFC 9112, section 3.2)
        return None
    return head if _UNUSUAL.isdisjoint(head.headers) else None


class FastProtocol(asyncio.Protocol):
    """One connection. It is closed when no complete request arrives within `timeout_keep_alive`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._arguments = (config, server_state, app_state, _loop)
        self._state = server_state
        self._loop = _loop or asyncio.get_running_loop()
        self._timeout = config.timeout_keep_alive
        self._responder = cast(App, config.app).answers
        self._date_header: tuple[object, bytes] = (None, b"")
        self._received = b""
        self._keep_alive = True

    # -- what asyncio calls --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._state.connections.add(cast(Any, self))
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if isinstance(peer, tuple) else ""
        self._last = self._loop.time()
        self._timer = self._loop.call_later(self._timeout, self._check_timeout)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._state.connections.discard(cast(Any, self))
        self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        if self._received:
            data = self._received + data
        if data.find(_END) != len(data) - len(_END) or not data.startswith((b"GET /", b"HEAD /")):
            self._wait_or_hand_over(data)
        elif not self._try_respond(data):
            self._hand_over(data)

    def pause_writing(self) -> None:
        """The client reads too slowly: stop reading its requests until it has caught up."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._last = self._loop.time()
        self._transport.resume_reading()

    # -- what uvicorn calls --------------------------------------------------------------------

    def shutdown(self) -> None:
        """Close the connection at the end of the server. No response is ever incomplete here."""
        self._transport.close()

    # -- one request ---------------------------------------------------------------------------

    def _try_respond(self, data: bytes) -> bool:
        """Respond if `data` is one complete request to be answered here; returns whether it is."""
        head = _read(data) if len(data) <= SHORT_HEAD else _read.__wrapped__(data)
        if head is None:
            return False
        response = self._responder.from_memory(
            Request(head.method, head.target, head.headers, self._peer)
        )
        if response is None:
            return False
        self._keep_alive = head.keep_alive
        self._send(response.head, response.body if head.method == b"GET" else b"")
        self._state.total_requests += 1
        return True

    def _send(self, head: bytes, body: bytes) -> None:
        end = b"\r\n" if self._keep_alive else b"connection: close\r\n\r\n"
        whole = head + self._date() + end
        if body:
            self._transport.writelines((whole, body))
        else:
            self._transport.write(whole)
        self._received = b""
        self._last = self._loop.time()
        if not self._keep_alive:
            self._transport.close()

    def _date(self) -> bytes:
        """The headers that uvicorn adds, such as Date; uvicorn updates them every second."""
        headers = self._state.default_headers
        if self._date_header[0] is not headers:
            self._date_header = (headers, b"".join(b"%s: %s\r\n" % header for header in headers))
        return self._date_header[1]

    def _wait_or_hand_over(self, data: bytes) -> None:
        """Keep an incomplete head until the rest arrives; hand over anything else to uvicorn."""
        start = data[:6]
        if _END in data or not (b"GET /".startswith(start[:5]) or b"HEAD /".startswith(start)):
            self._hand_over(data)
        elif len(data) <= MAX_HEAD_LENGTH:
            self._received = data
        else:
            self._keep_alive = False
            self._send(_TOO_LONG.head, _TOO_LONG.body)

    def _hand_over(self, data: bytes) -> None:
        """Hand the connection over, with what was received and not answered."""
        self._timer.cancel()
        self._state.connections.discard(cast(Any, self))
        heir = BoundedHttpProtocol(*self._arguments)
        self._transport.set_protocol(heir)
        heir.connection_made(self._transport)
        heir.data_received(data)

    def _check_timeout(self) -> None:
        """Close the connection if nothing was answered for too long, else look again later.

        Not while the client still reads: with further requests from it unread, closing can lose
        what it has yet to receive (RFC 9112, section 9.6).
        """
        if not self._transport.is_reading():
            self._last = self._loop.time()
        left = self._last + self._timeout - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._check_timeout)
        else:
            self._transport.close()


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with limits on the size and time of request headers.

    It also supports clients that send their requests and then close their half of the connection,
    as TCP allows: complete requests are answered, and then the connection is closed.
    """

    _answering: RequestResponseCycle | None = None  # `cycle` is the last that was read
    _ends = False
    _in_head = False
    _size = 0
    _until = 0.0
    _quiet = 0.0

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not self._in_head:
            self._wait_no_longer()
            return
        left = self._until - self.loop.time()
        if self._size > MAX_HEAD_LENGTH or left <= 0:
            self.send_400_response("The headers of this request are too long, or too slow.")
        else:
            handler = self.timeout_keep_alive_handler
            self.timeout_keep_alive_task = self.loop.call_later(left, handler)

    def _wait_no_longer(self) -> None:
        """Without a request in progress, other data does not extend the timeout."""
        answered = self.cycle is None or self.cycle.response_complete
        if answered and self.timeout_keep_alive_task is None:
            left = max(self._quiet + self.timeout_keep_alive - self.loop.time(), 0)
            handler = self.timeout_keep_alive_handler
            self.timeout_keep_alive_task = self.loop.call_later(left, handler)

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends nothing more; returns whether the connection stays open."""
        self._ends = True
        if self._is_awaited():
            return True
        self._abandon()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._abandon()
        super().connection_lost(exc)

    def _is_awaited(self) -> bool:
        """Whether a complete request still waits for its response."""
        cycle = self._answering
        return bool(cycle and not (cycle.response_complete or cycle.more_body))

    def _abandon(self) -> None:
        """Cancel the current response: the client is gone."""
        self.pipeline.clear()
        if self._answering:
            self._answering.disconnected = True
            self._answering.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._quiet = self.loop.time()
        super().connection_made(transport)

    def on_response_complete(self) -> None:
        self._quiet = self.loop.time()
        super().on_response_complete()
        if self._ends and not self._is_awaited():
            self._abandon()
            self.transport.close()

    def on_message_begin(self) -> None:
        self._in_head, self._until = True, self.loop.time() + self.timeout_keep_alive
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._size = False, 0
        super().on_headers_complete()


def server_config(answers: Responder, *, host: str, port: int, **more: Any) -> uvicorn.Config:
    """The configuration of `uvicorn.Server`: one process, HTTP/1.1, the fast protocol.

    `more` is passed on to uvicorn. Forwarded headers are not trusted here: `rate_limit.Clients`
    decides.
    """
    return uvicorn.Config(
        App(answers),
        host=host,
        port=port,
        http=FastProtocol,
        loop="auto",
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        **more,
    )
