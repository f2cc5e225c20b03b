"""The first to see a connection: answers what is simple at once, leaves the rest to uvicorn.

Nearly all requests are one whole GET or HEAD, and their answer lies in memory. For these, what
ASGI does for each (a task, a scope, two messages, a timer) costs several times what the answer
costs, so they are answered here, from the same `Answers`. At the first request of another kind
(in parts, with a body, for a file on disk, malformed) the connection goes to uvicorn's own
protocol, with all that was received, and stays there.

uvicorn makes an instance for each connection (`uvicorn.Config(http=Front)`); of uvicorn nothing
is used but what it hands to such a protocol.
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
    """The head of a request; what the parser calls while it reads one."""

    __slots__ = ("_parser", "headers", "method", "stays", "target")

    def __init__(self, data: bytes) -> None:
        """Raises HttpParserError, HttpParserUpgrade."""
        self.headers: dict[bytes, bytes] = {}
        self.target = self.method = b""
        self.stays = True
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
        self.stays = parser.should_keep_alive() and parser.get_http_version() == "1.1"


@lru_cache(maxsize=1_024)
def _read(data: bytes) -> RequestHead | None:
    """The one whole request that `data` is; None if it is none for us.

    Kept, because a reader sends the same bytes until the feed changes, and so do all readers of
    one make.
    """
    try:
        head = RequestHead(data)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    if b"#" in head.target:  # no fragment belongs there (RFC 9112, section 3.2)
        return None
    return head if _UNUSUAL.isdisjoint(head.headers) else None


class FastProtocol(asyncio.Protocol):
    """One connection. It is closed when no whole request comes for `timeout_keep_alive`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._given = (config, server_state, app_state, _loop)
        self._state = server_state
        self._loop = _loop or asyncio.get_running_loop()
        self._timeout = config.timeout_keep_alive
        self._answers = cast(App, config.app).answers
        self._dated: tuple[object, bytes] = (None, b"")
        self._received = b""
        self._stays = True

    # -- what asyncio calls --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._state.connections.add(cast(Any, self))
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if isinstance(peer, tuple) else ""
        self._last = self._loop.time()
        self._timer = self._loop.call_later(self._timeout, self._look)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._state.connections.discard(cast(Any, self))
        self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        if self._received:
            data = self._received + data
        if data.find(_END) != len(data) - len(_END) or not data.startswith((b"GET /", b"HEAD /")):
            self._wait_or_leave(data)
        elif not self._answered(data):
            self._leave(data)

    def pause_writing(self) -> None:
        """The other side reads more slowly than it asks: hear no more of it until it has."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    # -- what uvicorn calls --------------------------------------------------------------------

    def shutdown(self) -> None:
        """The server ends. Nothing is ever half done here."""
        self._transport.close()

    # -- one request ---------------------------------------------------------------------------

    def _answered(self, data: bytes) -> bool:
        """Answer the one whole request that `data` is; False if it is none for us."""
        head = _read(data) if len(data) <= SHORT_HEAD else _read.__wrapped__(data)
        if head is None:
            return False
        given = self._answers.from_memory(
            Request(head.method, head.target, head.headers, self._peer)
        )
        if given is None:
            return False
        self._stays = head.stays
        self._send(given.head, given.body if head.method == b"GET" else b"")
        self._state.total_requests += 1
        return True

    def _send(self, head: bytes, body: bytes) -> None:
        end = b"\r\n" if self._stays else b"connection: close\r\n\r\n"
        whole = head + self._date() + end
        if body:
            self._transport.writelines((whole, body))
        else:
            self._transport.write(whole)
        self._received = b""
        self._last = self._loop.time()
        if not self._stays:
            self._transport.close()

    def _date(self) -> bytes:
        """Date, and whatever else uvicorn adds; it has another list every second."""
        headers = self._state.default_headers
        if self._dated[0] is not headers:
            self._dated = (headers, b"".join(b"%s: %s\r\n" % header for header in headers))
        return self._dated[1]

    def _wait_or_leave(self, data: bytes) -> None:
        """Keep the part of a head until the rest comes; what is more than a head is not for us."""
        start = data[:6]
        if _END in data or not (b"GET /".startswith(start[:5]) or b"HEAD /".startswith(start)):
            self._leave(data)
        elif len(data) <= MAX_HEAD_LENGTH:
            self._received = data
        else:
            self._stays = False
            self._send(_TOO_LONG.head, _TOO_LONG.body)

    def _leave(self, data: bytes) -> None:
        """Hand the connection over, with what was received and not answered."""
        self._timer.cancel()
        self._state.connections.discard(cast(Any, self))
        heir = BoundedHttpProtocol(*self._given)
        self._transport.set_protocol(heir)
        heir.connection_made(self._transport)
        heir.data_received(data)

    def _look(self) -> None:
        """Close the connection if nothing was answered for too long, else look again later."""
        left = self._last + self._timeout - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._transport.close()


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, which gives the head of a request neither a limit nor a time.

    Nor does it know clients that send their requests and close their half of the connection, as
    TCP allows: what is whole is answered, and then the connection is closed.
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
        """Where no answer is in hand, what comes now is no request: it wins nobody more time."""
        answered = self.cycle is None or self.cycle.response_complete
        if answered and self.timeout_keep_alive_task is None:
            left = max(self._quiet + self.timeout_keep_alive - self.loop.time(), 0)
            handler = self.timeout_keep_alive_handler
            self.timeout_keep_alive_task = self.loop.call_later(left, handler)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Nothing more is sent; whether the connection stays open for answers."""
        self._ends = True
        if self._is_awaited():
            return True
        self._abandon()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._abandon()
        super().connection_lost(exc)

    def _is_awaited(self) -> bool:
        """Whether an answer is to be given to a request that came whole."""
        cycle = self._answering
        return bool(cycle and not (cycle.response_complete or cycle.more_body))

    def _abandon(self) -> None:
        """Have what is being answered stop: there is no one to write to."""
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
    """What to give to `uvicorn.Server`: one process, HTTP/1.1, as fast as it gets.

    `more` is handed on to uvicorn. It never believes forwarded headers: `clients` judges them.
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
