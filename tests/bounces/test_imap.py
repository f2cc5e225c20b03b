"""Bounce reports in an IMAP mailbox, on a scripted server on this machine."""

from __future__ import annotations

import dataclasses
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import bounce_reports
from sent_issues import path_of, send, subscriber, to
from syndicate.bounces.handle import BounceResult
from syndicate.bounces.mailboxes import Tally, message_handler, read_mailboxes
from syndicate.config.model import BounceSettings, Imap, Security
from syndicate.errors import SyndicateError
from syndicate.store.database import Database
from syndicate.timestamps import format_timestamp

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
NOW = format_timestamp(MONDAY)


class Server(socketserver.ThreadingTCPServer):
    """A mailbox: mails by number, and the flags they have."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.mails: dict[int, bytes] = {}
        self.flags: dict[int, str] = {}
        self.tls: ssl.SSLContext | None = None
        self.implicit = False
        self.passwords: list[str] = []
        """Those that were said without encryption."""

    @property
    def settings(self) -> Imap:
        port = int(self.server_address[1])
        return Imap(host="127.0.0.1", port=port, security="none", user="u", password="secret")


class Conversation(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        if self.server.implicit and not self.encrypt():
            return
        self.wfile.write(b"* OK ready\r\n")
        while line := self.rfile.readline():
            tag, _, command = line.strip().partition(b" ")
            self.wfile.write(self.answer(command.decode()) + tag + b" " + self.end + b"\r\n")
            if command == b"STARTTLS" and not self.encrypt():
                return

    def encrypt(self) -> bool:
        assert self.server.tls
        try:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        except OSError:  # the other side does not like the certificate
            return False
        self.setup()
        return True

    def answer(self, command: str) -> bytes:
        self.end = b"OK done"
        match command.split():
            case ["CAPABILITY"]:
                return b"* CAPABILITY IMAP4rev1 STARTTLS\r\n"
            case ["LOGIN", _, password]:
                if not isinstance(self.request, ssl.SSLSocket):
                    self.server.passwords.append(password)
                self.end = b"OK done" if password == '"secret"' else b"NO wrong password"
            case ["SELECT", _]:
                return b"* %d EXISTS\r\n" % len(self.server.mails)
            case ["UID", "SEARCH", "UNSEEN"]:
                unread = (str(n) for n in self.server.mails if n not in self.server.flags)
                return f"* SEARCH {' '.join(unread)}\r\n".encode()
            case ["UID", "FETCH", uid, what]:
                most = re.fullmatch(r"\(BODY\.PEEK\[\]<0\.(\d+)>\)", what)
                assert most
                data = self.server.mails[int(uid)][: int(most[1])]
                head = f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(data)}}}\r\n"
                return head.encode() + data + b")\r\n"
            case ["UID", "STORE", uid, _, *flags]:
                self.server.flags[int(uid)] = " ".join(flags)
        return b""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def test_unread_messages_are_handled_and_flagged(
    database: Database, server: Server, tmp_path: Path
) -> None:
    ada = subscriber(database, now=NOW)
    send(database, 1, ada)
    server.mails[7] = to(path_of(database, 1, ada, NOW))
    server.mails[9] = bounce_reports.PERSON + b"x" * 2_000_000
    settings = BounceSettings(imap=server.settings)
    tally = read_mailboxes(settings, tmp_path, message_handler(database, MONDAY))
    assert tally == {BounceResult.SUPPRESSED: 1, BounceResult.OTHER: 1}
    assert server.flags == {7: r"(\Seen)", 9: r"(\Seen \Flagged)"}
    assert not read_mailboxes(settings, tmp_path, message_handler(database, MONDAY))


@pytest.mark.parametrize("wrong", [{"password": "other"}, {"port": 1}])
def test_a_mailbox_that_cannot_be_read_is_named(
    database: Database, server: Server, tmp_path: Path, wrong: dict[str, object]
) -> None:
    settings = BounceSettings(imap=dataclasses.replace(server.settings, **wrong))  # type: ignore[arg-type]
    with pytest.raises(SyndicateError, match=r"127\.0\.0\.1") as caught:
        read_mailboxes(settings, tmp_path, message_handler(database, MONDAY))
    assert "bounces.imap" in caught.value.hint


def reading(server: Server, security: Security, folder: Path, database: Database) -> Tally:
    settings = dataclasses.replace(server.settings, host="localhost", security=security)
    return read_mailboxes(BounceSettings(imap=settings), folder, message_handler(database, MONDAY))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mailbox_is_read_encrypted(
    database: Database, server: Server, tmp_path: Path, tls: ssl.SSLContext, security: Security
) -> None:
    server.tls, server.implicit = tls, security == "tls"
    server.mails[7] = bounce_reports.PERSON
    assert reading(server, security, tmp_path, database) == {BounceResult.OTHER: 1}
    assert server.flags == {7: r"(\Seen \Flagged)"}
    assert not server.passwords


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_no_password_is_sent_to_a_server_with_an_invalid_certificate(
    database: Database, server: Server, tmp_path: Path, tls: ssl.SSLContext, security: Security
) -> None:
    server.tls, server.implicit = tls, security == "tls"
    with pytest.raises(SyndicateError, match="certificate is not valid: unable to get") as caught:
        reading(server, security, tmp_path, database)
    assert "localhost" in caught.value.message
    assert not server.passwords
