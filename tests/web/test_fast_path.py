"""Connections as they come: in parts, several requests at once, malformed, idle, shut down."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server import Running, served

from syndicate.web import site_in_memory
from syndicate.web.fast_path import MAX_HEAD_LENGTH

GET = b"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that waits long enough for clients on a busy machine."""
    folder = tmp_path_factory.mktemp("front")
    (folder / "index.html").write_text("hello")
    with served(folder, timeout_keep_alive=60) as running:
        yield running


def connect(server: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def received(connection: socket.socket, until: bytes = b"") -> bytes:
    """What comes until the connection is closed, or ends with `until`."""
    data = b""
    while not (until and data.endswith(until)):
        try:
            more = connection.recv(65536)
        except ConnectionResetError:
            break
        if not more:
            break
        data += more
    return data


def test_one_connection_serves_many_requests(server: Running) -> None:
    with connect(server) as connection:
        for _ in range(3):
            connection.sendall(GET)
            assert received(connection, b"hello").startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_request_may_come_in_parts(server: Running) -> None:
    with connect(server) as connection:
        for byte in (GET[n : n + 5] for n in range(0, len(GET), 5)):
            connection.sendall(byte)
            time.sleep(0.002)
        assert received(connection, b"hello").startswith(b"HTTP/1.1 200 OK\r\n")
        connection.sendall(GET)
        assert received(connection, b"hello").startswith(b"HTTP/1.1 200 OK\r\n")


def test_requests_may_come_at_once_and_are_answered_in_order(server: Running) -> None:
    with connect(server) as connection:
        connection.sendall(GET + GET.replace(b"index.html", b"nowhere") + GET)
        data = received(connection, b"hello")
        while data.count(b"HTTP/1.1") < 3 and (more := received(connection, b"hello")):
            data += more
    lines = [line for line in data.split(b"\r\n") if b"HTTP/1.1 " in line]
    assert [line.split(b"HTTP/1.1 ")[1][:3] for line in lines] == [b"200", b"404", b"200"]


@pytest.mark.parametrize(
    "request_",
    [
        GET.replace(b"Host: x", b"Host: x\r\nConnection: close"),
        GET.replace(b"1.1", b"1.0"),
        GET.replace(b"1.1", b"1.0").replace(b"Host: x", b"Connection: keep-alive"),
    ],
)
def test_a_connection_that_is_to_end_ends(server: Running, request_: bytes) -> None:
    with connect(server) as connection:
        connection.sendall(request_)
        answer = received(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nconnection: close\r\n" in answer
    assert answer.endswith(b"hello")


def test_a_body_does_not_disturb_what_follows(server: Running) -> None:
    with connect(server) as connection:
        connection.sendall(GET.replace(b"Host: x", b"Content-Length: %d" % len(GET)) + GET)
        received(connection, b"hello")
        connection.sendall(GET)
        assert received(connection, b"hello").count(b"HTTP/1.1 200 OK") == 1


def test_headers_that_never_end_are_cut_off(server: Running) -> None:
    with connect(server) as connection:
        connection.sendall(GET[:-2] + b"X: " + b"x" * MAX_HEAD_LENGTH)
        assert received(connection).startswith(b"HTTP/1.1 431 ")


def test_a_client_that_sends_no_complete_request_is_disconnected(tmp_path: Path) -> None:
    with served(tmp_path, timeout_keep_alive=1) as server:
        for said in (b"", b"GET /index.ht"):
            with connect(server) as connection:
                connection.sendall(said)
                assert received(connection) == b""


def test_after_a_large_file_a_connection_is_watched_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_in_memory, "MAX_FILE_IN_MEMORY", 1)
    (tmp_path / "index.html").write_text("hello")
    with served(tmp_path, timeout_keep_alive=3) as server:
        for said in (b"GET /index.ht", GET[:-2] + b"X: " + b"x" * MAX_HEAD_LENGTH):
            with connect(server) as connection:
                connection.sendall(GET)
                assert received(connection, b"hello").startswith(b"HTTP/1.1 200 OK")
                connection.sendall(said)
                assert received(connection)[:13] in (b"", b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nA\x00: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n: b\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_a_request_that_is_not_http_gets_400(server: Running, request_: bytes) -> None:
    with connect(server) as connection:
        connection.sendall(request_)
        assert received(connection).startswith(b"HTTP/1.1 400 ")


def test_a_file_on_disk_and_one_in_memory_share_a_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_in_memory, "MAX_FILE_IN_MEMORY", 10)
    (tmp_path / "large.txt").write_text("large " * 100)
    (tmp_path / "index.html").write_text("hello")
    with served(tmp_path) as server:
        for path in ("/", "/large.txt", "/", "/large.txt"):
            assert server.get(path).status_code == 200
        assert server.traffic.requests == {("page", 200): 2, ("other", 200): 2}


def test_a_reader_that_does_not_read_is_not_read_from(tmp_path: Path) -> None:
    """Nor is its connection taken for an idle one, which would end what it has yet to read."""
    (tmp_path / "index.html").write_bytes(b"x" * 1_000_000)
    with served(tmp_path, timeout_keep_alive=1) as server, connect(server) as connection:
        for _ in range(40):
            connection.sendall(GET)
            time.sleep(0.02)
        while not server.traffic.requests["page", 200]:
            time.sleep(0.02)
        time.sleep(2.5)  # longer than a connection may be idle
        assert server.traffic.requests["page", 200] < 40
        for _ in range(40):
            assert len(received_exactly(connection, 1_000_000)) == 1_000_000
        assert server.traffic.requests["page", 200] == 40


def received_exactly(connection: socket.socket, size: int) -> bytes:
    """One answer's body of a known size."""
    with connection.makefile("rb", buffering=0) as stream:
        while stream.readline() not in (b"\r\n", b""):
            pass
        data = b""
        while len(data) < size and (more := stream.read(size - len(data))):
            data += more
    return data


POST = b"POST /bounces/postmark HTTP/1.1\r\nHost: x\r\n"
WHOLE = POST + b"Content-Length: 2\r\n\r\n{}"
IN_PIECES = POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        (GET, 1),
        (GET * 3, 3),
        (WHOLE + GET, 2),
        (IN_PIECES + GET * 2, 3),
        (GET + IN_PIECES, 2),
        (GET + WHOLE * 2 + GET, 4),
        (GET + POST + b"Content-Length: 9\r\n\r\nhalf", 1),
        (GET + b"GET /ind", 1),
        (GET * 2 + b"nonsense\r\n\r\n", 1),
        (WHOLE + b"nonsense\r\n\r\n", 1),
    ],
)
def test_a_client_that_closes_its_half_gets_every_response_without_an_error(
    server: Running, sent: bytes, answers: int, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(10):
        with connect(server) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert received(connection).count(b"HTTP/1.1 ") >= answers
    assert server.get("/").text == "hello"
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


TOKENS = st.sampled_from(
    [
        *(b"GET ", b"HEAD ", b"/", b"/index.html", b" HTTP/1.1\r\n", b"\r\n", b"\r\n\r\n"),
        *(b"Range: ", b"If-None-Match: ", b"Accept-Encoding: ", b"A-IM: feed", b"bytes=0-"),
        *(b"If-Modified-Since: ", b"Content-Length: 3\r\n", b"Connection: close\r\n"),
        *(b"%", b'"', b"*", b"q=;,"),
    ]
)


@given(parts=st.lists(TOKENS | st.binary(max_size=12), max_size=14))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_no_bytes_make_a_fault_of_ours(server: Running, parts: list[bytes]) -> None:
    with connect(server) as connection:
        connection.sendall(b"".join(parts) + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert b"HTTP/1.1 500" not in received(connection)
    assert server.get("/").text == "hello"


@given(value=st.binary(max_size=40).filter(lambda v: not set(v) & {0, 10, 13, 127}))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_value_of_a_header_makes_one(server: Running, value: bytes) -> None:
    names = (b"Range", b"If-Range", b"If-None-Match", b"If-Modified-Since", b"Accept", b"A-IM")
    heads = b"".join(b"%s: %s\r\n" % (name, value) for name in names)
    with connect(server) as connection:
        connection.sendall(GET[:-2] + heads + b"Connection: close\r\n\r\n")
        assert received(connection)[9:12] in (b"200", b"206", b"304", b"400", b"416")


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nx",
    ],
)
def test_an_invalid_request_closes_the_connection(tmp_path: Path, sent: bytes) -> None:
    (tmp_path / "index.html").write_text("Hello")
    with (
        served(tmp_path, timeout_keep_alive=1) as server,
        connect(server) as one,
    ):
        one.sendall(sent)
        time.sleep(0.2)  # so that what follows comes by itself
        with suppress(OSError):  # it is closed already
            one.sendall(b"x" if sent.startswith(b"POST") else b"\r\n")
        received(one)
