"""Requests and responses as values, for the modules of this package. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from syndicate.web.negotiation import Span

HttpHeader = tuple[bytes, bytes]


class Request(NamedTuple):
    """One request. `target` is the path and query as received; header names are in lower case.

    `peer` is the address of the other end of the connection, "" if unknown.
    """

    method: bytes
    target: bytes
    headers: Mapping[bytes, bytes]
    peer: str


@dataclass(frozen=True, slots=True)
class FilePart:
    """Bytes that are not held in memory: a file as it was found, and which part of it."""

    path: Path
    size: int
    changed_ns: int
    span: Span


class Response(NamedTuple):
    """One answer, whole. `head` is status line and headers as HTTP/1.1 has them, but for Date.

    To HEAD the body is not sent; the headers are those of GET (RFC 9110, 9.3.2).
    """

    status: int
    headers: tuple[HttpHeader, ...]
    body: bytes
    head: bytes
    file: FilePart | None = None


def response(
    status: int, headers: Iterable[HttpHeader], body: bytes = b"", file: FilePart | None = None
) -> Response:
    """Put an answer together; `headers` are complete, Content-Length included."""
    fields = tuple(headers)
    line = b"HTTP/1.1 %d %s\r\n" % (status, HTTPStatus(status).phrase.encode())
    head = line + b"".join(b"%s: %s\r\n" % field for field in fields)
    return Response(status, fields, body, head, file)


def text(status: int, message: str, *more: HttpHeader, cache: bytes = b"no-store") -> Response:
    """A response in plain text, for people and logs; not cached unless `cache` is set."""
    body = message.encode() + b"\n"
    return response(
        status,
        (
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", cache),
            (b"x-content-type-options", b"nosniff"),
            *more,
        ),
        body,
    )
