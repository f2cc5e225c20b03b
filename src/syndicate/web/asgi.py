"""The ASGI application: requests and responses over HTTP/1.1, with uvicorn.

It decides nothing. What is not in memory is read from disk here, in a thread, and only if the file
is still the one whose headers are sent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from io import BufferedReader
from typing import Any, Final

from syndicate.web.http_messages import FilePart, Request, Response, text
from syndicate.web.responder import Handler, Responder

BODY_SECONDS: Final = 10.0
_CLOSE: Final = (b"connection", b"close")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BLOCK: Final = 256 * 1024
"""Bytes read from disk and sent at once."""


class DisconnectedError(Exception):
    """The client closed the connection before its request was complete."""


class App:
    """The application. `responder` also serves `fast_path.FastProtocol`."""

    def __init__(self, responder: Responder) -> None:
        self.answers = responder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. `lifespan` is refused: nothing happens at the start or the end."""
        if scope["type"] != "http":
            raise NotImplementedError(f"only http is answered here, not {scope['type']}")
        request = _request(scope)
        if handler := self.answers.handler_for(request):
            try:
                response = await self._handle(handler, request, receive)
            except DisconnectedError:
                return  # the client is gone, and half a form means something else
        else:
            response = self.answers(request)
        body = None if request.method == b"HEAD" else response.file
        if body is None:
            await _begin(send, response)
            whole = b"" if request.method == b"HEAD" else response.body
            await send({"type": "http.response.body", "body": whole})
        else:
            await _send_file(send, response, body)

    async def _handle(self, handler: Handler, request: Request, receive: Receive) -> Response:
        if refused := self.answers.refused_by_handler(handler, request):
            return refused
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(receive, handler.max_body_bytes)
        except TimeoutError:
            return text(408, "The request timed out before its body was complete.", _CLOSE)
        if body is None:
            return text(413, "The request body is too large.", _CLOSE)
        return await self.answers.handle(handler, request, body)


async def _body(receive: Receive, max_bytes: int) -> bytes | None:
    """The body of a request; None if it is too large. Raises GoneError if it breaks off."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > max_bytes:
            return None
    return b"".join(parts)


def add(headers: dict[bytes, bytes], name: bytes, value: bytes) -> None:
    """Add a header; several lines of one header are one list (RFC 9110, section 5.3)."""
    headers[name] = headers[name] + b", " + value if name in headers else value


def _request(scope: Scope) -> Request:
    query = scope["query_string"]
    client = scope["client"]
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        add(headers, name, value)
    return Request(
        scope["method"].encode("latin-1"),
        scope["raw_path"] + (b"?" + query if query else b""),
        headers,
        client[0] if client else "",
    )


async def _begin(send: Send, response: Response) -> None:
    headers = list(response.headers)
    await send({"type": "http.response.start", "status": response.status, "headers": headers})


async def _send_file(send: Send, response: Response, part: FilePart) -> None:
    file = await asyncio.to_thread(_opened, part)
    if file is None:  # replaced just now: the next refresh will know
        changed = text(
            503, "This file is being replaced. Please try again.", (b"retry-after", b"5")
        )
        await _begin(send, changed)
        await send({"type": "http.response.body", "body": changed.body})
        return
    with file:
        await _begin(send, response)
        left = part.span.stop - part.span.start
        while left:
            block = await asyncio.to_thread(file.read, min(left, BLOCK))
            left = left - len(block) if block else 0  # cut short: uvicorn closes the connection
            await send({"type": "http.response.body", "body": block, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def _opened(part: FilePart) -> BufferedReader | None:
    """The file at the first byte to send; None if it is not the file it was."""
    try:
        file = os.fdopen(os.open(part.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")
    except OSError:
        return None
    stat = os.fstat(file.fileno())
    if (stat.st_size, stat.st_mtime_ns) != (part.size, part.changed_ns):
        file.close()
        return None
    file.seek(part.span.start)
    return file
