"""The server that counts what others send counts right: all else is judged by it."""

from __future__ import annotations

import smtplib
import socket

import pytest
from counting_server import CountingServer


def connected(server: CountingServer) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    assert client.recv(1000).startswith(b"220 ")
    return client


def test_each_message_counts_for_its_recipient() -> None:
    with CountingServer() as server:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            for to in ("a@example.org", "b@example.org", "a@example.org"):
                client.sendmail("x@example.org", to, "Subject: x\n\n.\n..\nText\n")
            client.sendmail("x@example.org", ["b@example.org"], "")
        assert server.counts() == {"a@example.org": 2, "b@example.org": 2}
        assert server.total() == 4


def test_pipelined_commands_are_answered_in_order() -> None:
    with CountingServer() as server, connected(server) as client:
        announced = b"MAIL FROM:<x@example.org>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n"
        client.sendall(announced)
        client.sendall(b"Text\r\n.\r\n" + announced + b".\r\nQUIT\r\n")
        said = b""
        while piece := client.recv(1000):
            said += piece
        assert [line[:3] for line in said.splitlines()] == [
            *(b"250", b"250", b"354", b"250"),
            *(b"250", b"250", b"354", b"250", b"221"),
        ]
        assert server.counts() == {"a@example.org": 2}


@pytest.mark.parametrize("max_delay", [0, 0.05])
def test_a_message_counts_when_it_is_whole_whether_its_sender_lives_or_not(
    max_delay: float,
) -> None:
    with CountingServer(max_delay=max_delay) as server:
        for text, taken in ((b"Text\r\n.", 0), (b"Text\r\n.\r\n", 1)):
            with connected(server) as client:
                client.sendall(b"MAIL FROM:<x@example.org>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n")
                client.sendall(text)
            assert server.counts().total() == taken


def test_a_message_that_was_reset_does_not_count() -> None:
    with CountingServer() as server:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.mail("x@example.org")
            client.rcpt("a@example.org")
            client.rset()
            client.sendmail("x@example.org", "b@example.org", "Text")
        assert server.counts() == {"b@example.org": 1}
