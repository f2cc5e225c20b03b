"""The outcome of each message is reported exactly, whatever the mail server does."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
import trustme

from reserved_port import reserved_port
from smtp_server import Action, Close, Reply, SmtpServer, Stall, Step, scripted
from syndicate.config.model import Security, Server
from syndicate.errors import DeliveryError, RejectedStage
from syndicate.mail.smtp import client
from syndicate.mail.smtp.client import SmtpTransport
from syndicate.mail.transport import Envelope, Transport

PATIENT, HASTY = 60.0, 0.3
T = TypeVar("T")
MESSAGE = b"Subject: x\r\n\r\nHello\r\n"
LARGE = MESSAGE + b"x" * 76 * 200_000 + b"\r\n"
"""More than the buffers of a connection hold."""

ONE_BY_ONE = ("SIZE 0", "8BITMIME")
TOGETHER = ("PIPELINING", "SMTPUTF8")
both_ways = pytest.mark.parametrize("extensions", [ONE_BY_ONE, TOGETHER])


def to(name: str) -> Envelope:
    return Envelope("letters@example.org", f"{name}@example.org")


def transport(
    server: SmtpServer,
    security: Security = "none",
    *,
    host: str = "localhost",
    user: str = "",
    password: str = "",
    timeout: float = PATIENT,
) -> SmtpTransport:
    settings = Server(
        name="main",
        host=host,
        port=server.port,
        security=security,
        user=user,
        password=password,
        timeout=timeout,
    )
    return SmtpTransport(settings, "here.example.org")


def send(transport: Transport, *names: str, message: bytes = MESSAGE) -> list[str]:
    """Send to each, the next announced with the last; the reply, or what was refused."""
    outcomes = []
    with transport.session() as session:
        for at, name in enumerate(names):
            following = to(names[at + 1]) if at + 1 < len(names) else None
            try:
                session.begin(to(name))
                outcomes.append(session.finish(message, following))
            except DeliveryError as error:
                outcomes.append(outcome_of(error))
    return outcomes


def outcome_of(error: DeliveryError) -> str:
    """The stage of a failure, and what decides about the delivery."""
    facts = {
        "permanent": error.permanent,
        "outcome_unknown": error.outcome_unknown,
        "lost": error.connection_lost,
    }
    return ", ".join([error.stage, *(name for name, true in facts.items() if true)])


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENT
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert true()


def received(server: SmtpServer) -> list[str]:
    return [mail.to[0].partition("@")[0] for mail in server.accepted]


@pytest.fixture(autouse=True)
def short_timeout_after_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "DATA_TIMEOUT_FACTOR", 1)


def outcomes_of_waiting(
    step: str, action: Action, attempt: Callable[[SmtpServer, float], T], **options: Any
) -> T:
    """What becomes of an attempt whose time ends at a step.

    On a busy machine it may end at an earlier step: then another attempt has more time.
    """
    for tries in range(6):
        reached: list[Step] = []

        def behaviour(at: Step, reached: list[Step] = reached) -> Action | None:
            if at.name != step:
                return None
            reached.append(at)
            return action

        with SmtpServer(behaviour, **options) as server:
            outcome = attempt(server, HASTY * 2**tries)
        if reached:
            return outcome
    raise AssertionError(f"it never came to {step}")


# -- what goes well --------------------------------------------------------------------------


@both_ways
def test_messages_arrive_whole_over_one_connection(extensions: tuple[str, ...]) -> None:
    with SmtpServer(extensions=extensions) as server:
        outcomes = send(transport(server), "ann", "bob", "cy")
    assert outcomes == [f"250 2.0.0 queued as {n}" for n in (1, 2, 3)]
    assert received(server) == ["ann", "bob", "cy"]
    assert {(mail.sender, mail.body) for mail in server.accepted} == {
        ("letters@example.org", MESSAGE)
    }
    assert server.connections == 1
    assert server.commands[0] == "EHLO here.example.org"
    assert server.commands[-1] == "QUIT"
    assert "RSET" not in server.commands


def test_the_next_message_is_announced_with_the_last_where_the_server_allows_it() -> None:
    with SmtpServer(extensions=TOGETHER) as server, transport(server).session() as session:
        session.begin(to("ann"))
        session.finish(MESSAGE, following=to("bob"))
        wait_for(lambda: server.commands[-2:] == ["RCPT TO:<bob@example.org>", "DATA"])
        session.begin(to("bob"))
        session.finish(MESSAGE)
    assert received(server) == ["ann", "bob"]


def test_the_next_message_waits_where_the_server_takes_one_command_at_a_time() -> None:
    with SmtpServer(extensions=ONE_BY_ONE) as server, transport(server).session() as session:
        session.begin(to("ann"))
        session.finish(MESSAGE, following=to("bob"))
    assert server.commands[-2:] == ["DATA", "QUIT"]


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2 LOGIN PLAIN"])
@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_the_session_encrypts_and_logs_in(
    tls: ssl.SSLContext, security: Security, mechanism: str
) -> None:
    server = SmtpServer(
        tls=tls if security != "none" else None,
        implicit=security == "tls",
        users={"jo": "pass wörd"},
        mechanisms=mechanism,
    )
    with server:
        outcomes = send(transport(server, security, user="jo", password="pass wörd"), "ann", "bob")
    assert outcomes == ["250 2.0.0 queued as 1", "250 2.0.0 queued as 2"]
    encrypted = [line for line in server.commands if line == "STARTTLS"]
    assert len(encrypted) == (security == "starttls")


@pytest.mark.usefixtures("trusted")
def test_a_large_message_arrives_by_tls(tls: ssl.SSLContext) -> None:
    with SmtpServer(tls=tls) as server:
        assert send(transport(server, "starttls"), "ann", "bob", message=LARGE)
    assert [mail.body == LARGE for mail in server.accepted] == [True, True]


@pytest.mark.parametrize(
    "message",
    [
        b".\r\n",
        b"..\r\nx\r\n",
        b"a\r\n.\r\nQUIT\r\n",
        b"a\r\n.b\r\n..c\r\n\r\n.\r\n",
        b"a\r\n.\r\n.\r\n",
    ],
)
def test_a_dot_at_the_beginning_of_a_line_ends_nothing(message: bytes) -> None:
    with SmtpServer() as server:
        send(transport(server), "ann", "bob", message=message)
    assert [mail.body for mail in server.accepted] == [message, message]


def test_a_message_without_an_end_of_line_gets_one() -> None:
    with SmtpServer() as server:
        send(transport(server), "ann", message=b"x: y\r\n\r\nz")
    assert server.accepted[0].body == b"x: y\r\n\r\nz\r\n"


def test_many_sessions_send_at_the_same_time() -> None:
    names = [f"p{number}" for number in range(20)]
    with SmtpServer() as server:
        way = transport(server)
        threads = [threading.Thread(target=send, args=(way, *names)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(received(server)) == sorted(names * 8)


# -- addresses -------------------------------------------------------------------------------


def test_an_international_domain_is_sent_in_ascii() -> None:
    with SmtpServer(extensions=ONE_BY_ONE) as server, transport(server).session() as session:
        session.begin(Envelope("letters@bücher.example", "ann@münchen.example"))
        session.finish(MESSAGE)
    (mail,) = server.accepted
    assert (mail.sender, mail.to) == (
        "letters@xn--bcher-kva.example",
        ("ann@xn--mnchen-3ya.example",),
    )


def test_non_ascii_addresses_are_sent_to_servers_with_smtputf8() -> None:
    with SmtpServer(extensions=TOGETHER) as server, transport(server).session() as session:
        session.begin(Envelope("letters@example.org", "jörg@example.org"))
        session.finish(MESSAGE)
    assert server.accepted[0].to == ("jörg@example.org",)
    assert server.accepted[0].mail_argument.endswith("> SMTPUTF8")


@pytest.mark.parametrize("name", ["jörg", "a b", "a>\r\nRCPT TO:<b", "", 'a"'])
def test_an_address_that_cannot_be_sent_affects_no_other_message(name: str) -> None:
    with SmtpServer(extensions=("PIPELINING",)) as server:
        outcomes = send(transport(server), "ann", name, "cy")
    assert outcomes[1] == "recipient, permanent"
    assert received(server) == ["ann", "cy"]


# -- refusals --------------------------------------------------------------------------------

REFUSALS = [
    ("MAIL", "451 4.3.0 later", "sender"),
    ("MAIL", "550 5.7.1 not you", "sender, permanent"),
    ("MAIL", "530 5.7.0 log in first", "server, permanent"),
    ("RCPT", "450 4.2.1 later", "recipient"),
    ("RCPT", "550 5.1.1 nobody", "recipient, permanent"),
    ("DATA", "451 4.3.0 later", "message"),
    ("DATA", "554 5.7.1 no", "message, permanent"),
    ("MESSAGE", "452 4.3.1 full", "message"),
    ("MESSAGE", "554-5.7.1 spam\r\n554 5.7.1 go away", "message, permanent"),
]


@both_ways
@pytest.mark.parametrize(("step", "reply", "refused"), REFUSALS)
def test_a_refusal_concerns_one_message_and_the_next_is_sent(
    extensions: tuple[str, ...], step: str, reply: str, refused: str
) -> None:
    behaviour = scripted(**{step: [None, Reply(reply)]})
    with SmtpServer(behaviour, extensions=extensions) as server:
        outcomes = send(transport(server), "ann", "bob", "cy")
    assert outcomes[1] == refused
    assert received(server) == ["ann", "cy"]
    assert server.connections == 1
    assert server.commands.count("RSET") == (step != "MESSAGE")


@both_ways
def test_a_refused_message_is_reported_before_an_unusable_address(
    extensions: tuple[str, ...],
) -> None:
    behaviour = scripted(MESSAGE=Reply("554 5.7.1 no"))
    with SmtpServer(behaviour, extensions=extensions) as server:
        outcomes = send(transport(server), "ann", "a b")
    assert outcomes == ["message, permanent, lost", "recipient, permanent"]
    assert server.commands[-1] == "QUIT", "its reply proves that the refusal is in step"


def test_a_refusal_contains_the_status_and_not_the_address() -> None:
    behaviour = scripted(RCPT=Reply("550 5.1.1 <ann@example.org>: unknown"))
    with (
        SmtpServer(behaviour) as server,
        transport(server).session() as session,
        pytest.raises(DeliveryError) as refused,
    ):
        session.begin(to("ann"))
    assert refused.value.status == "5.1.1"
    assert refused.value.message == "localhost refused the recipient: 550 5.1.1 <…>: unknown"


def test_a_server_that_accepts_data_without_recipients_gets_no_message() -> None:
    behaviour = scripted(RCPT=Reply("550 5.1.1 nobody"), DATA=Reply("354 go ahead"))
    with SmtpServer(behaviour) as server:
        outcomes = send(transport(server), "ann", "bob")
    assert outcomes == ["recipient, permanent, lost", "server, lost"]
    assert server.accepted == []
    assert "QUIT" not in server.commands


def test_a_recipient_refused_before_the_connection_broke_stays_refused() -> None:
    with SmtpServer(scripted(RCPT=Reply("550 5.1.1 nobody", close=True))) as server:
        assert send(transport(server), "ann") == ["recipient, permanent, lost"]


# -- connections that end --------------------------------------------------------------------

BEFORE = ["MAIL", "RCPT", "DATA"]
ABSURD = [
    Reply("hello?"),
    Reply("250-ok\r\n451 no"),
    Reply(b"\xff\xfe\x00\r\n"),
    Reply("999 ok"),
    Reply(b"250-" + b"x" * 100_000),
    Reply(b"250-x\r\n" * 200),
    Reply("120 wait"),
]


@both_ways
@pytest.mark.parametrize("step", BEFORE)
@pytest.mark.parametrize("action", [Close(), Reply("421 4.3.2 shutting down", close=True), *ABSURD])
def test_a_message_whose_connection_ends_before_it_was_not_sent(
    extensions: tuple[str, ...], step: str, action: Action
) -> None:
    with SmtpServer(scripted(**{step: [None, action]}), extensions=extensions) as server:
        outcomes = send(transport(server), "ann", "bob", "cy")
    assert outcomes[1:] == ["server, lost", "server, lost"]
    assert received(server) == ["ann"]


@both_ways
@pytest.mark.parametrize("action", [Close(), Close(accepted=True), Reply("354 more?"), *ABSURD])
def test_a_message_whose_connection_ends_after_the_dot_is_uncertain(
    extensions: tuple[str, ...], action: Action
) -> None:
    with SmtpServer(scripted(MESSAGE=[None, action]), extensions=extensions) as server:
        outcomes = send(transport(server), "ann", "bob", "cy")
    assert outcomes[1:] == ["server, outcome_unknown, lost", "server, lost"]
    assert received(server)[:1] == ["ann"]


def test_421_after_the_dot_is_a_temporary_refusal() -> None:
    behaviour = scripted(MESSAGE=Reply("421 4.3.2 shutting down", close=True))
    with SmtpServer(behaviour) as server:
        assert send(transport(server), "ann", "bob") == ["message, lost", "server, lost"]
    assert server.accepted == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["none", "starttls"])
@pytest.mark.parametrize("action", [Close(), Stall()])
def test_a_message_whose_end_was_not_handed_over_was_not_sent(
    tls: ssl.SSLContext, security: Security, action: Action
) -> None:
    """Also where the next one was announced behind it."""

    def attempt(server: SmtpServer, timeout: float) -> list[str]:
        way = transport(server, security, timeout=timeout)
        try:
            outcomes = send(way, "ann", "bob", message=LARGE)
        except DeliveryError:
            outcomes = []
        assert server.accepted == []
        return outcomes

    assert outcomes_of_waiting("BODY", action, attempt, tls=tls) == ["server, lost"] * 2


def test_a_message_that_was_handed_over_to_a_server_that_died_is_uncertain() -> None:
    with SmtpServer(scripted(MESSAGE=Close())) as server:
        assert send(transport(server), "ann") == ["server, outcome_unknown, lost"]


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["none", "starttls"])
@pytest.mark.parametrize(
    "said", [Reply("354 go\r\n421 4.4.2 too late", close=True), Reply("354 go\r\n250 ok")]
)
def test_a_server_that_stopped_waiting_gets_no_message(
    tls: ssl.SSLContext, security: Security, said: Reply
) -> None:
    server = SmtpServer(scripted(DATA=said), tls=tls)
    with server, transport(server, security).session() as session:
        session.begin(to("ann"))
        time.sleep(0.05)  # what was said may come in two pieces
        with pytest.raises(DeliveryError) as lost:
            session.finish(MESSAGE)
    assert outcome_of(lost.value) == "server, lost"
    assert server.accepted == []


def test_closing_resets_an_announcement() -> None:
    with SmtpServer() as server:
        with transport(server).session() as session:
            session.begin(to("ann"))
            session.finish(MESSAGE, following=to("bob"))
            wait_for(lambda: server.commands.count("DATA") == 2)
        with transport(server).session() as session:
            session.begin(to("cy"))
        wait_for(lambda: len(server.incomplete) == 2)
    assert received(server) == ["ann"]
    assert server.incomplete == [b"", b""]


def test_another_message_than_was_announced_needs_another_connection() -> None:
    with SmtpServer() as server, transport(server).session() as session:
        session.begin(to("ann"))
        session.finish(MESSAGE, following=to("bob"))
        with pytest.raises(DeliveryError) as lost:
            session.begin(to("cy"))
    assert outcome_of(lost.value) == "server, lost"
    assert received(server) == ["ann"]


def test_a_message_that_was_not_announced_cannot_be_sent() -> None:
    with (
        SmtpServer() as server,
        transport(server).session() as session,
        pytest.raises(RuntimeError, match="no message was announced"),
    ):
        session.finish(MESSAGE)
    assert server.accepted == []


# -- time ------------------------------------------------------------------------------------

DRIP = 0.05
STEPS = {
    "GREETING": "no session",
    "EHLO": "no session",
    "MAIL": "server, lost",
    "RCPT": "server, lost",
    "DATA": "server, lost",
    "MESSAGE": "server, outcome_unknown, lost",
}


@pytest.mark.parametrize("action", [Stall(), Reply("250 " + "x" * 600, byte_delay=DRIP)])
@pytest.mark.parametrize(("step", "outcome"), STEPS.items())
def test_no_step_waits_longer_than_it_may(step: str, outcome: str, action: Action) -> None:
    """Bytes that come one by one gain no time."""

    def attempt(server: SmtpServer, timeout: float) -> list[str]:
        try:
            return send(transport(server, timeout=timeout), "ann")
        except DeliveryError as error:
            in_time = "did not answer in time" not in error.message
            return [error.message if in_time else "no session"]

    assert outcomes_of_waiting(step, action, attempt) == [outcome]


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("step", ["STARTTLS", "AUTH"])
@pytest.mark.parametrize("action", [Stall(), Reply("220 " + "x" * 600, byte_delay=DRIP)])
def test_no_step_of_logging_in_waits_longer(tls: ssl.SSLContext, step: str, action: Action) -> None:
    def attempt(server: SmtpServer, timeout: float) -> DeliveryError:
        way = transport(server, "starttls", user="jo", password="secret", timeout=timeout)
        with pytest.raises(DeliveryError, match="did not answer in time") as error, way.session():
            pass
        return error.value

    error = outcomes_of_waiting(step, action, attempt, tls=tls, users={"jo": "secret"})
    assert outcome_of(error) == "server, lost"


def test_a_server_that_never_encrypts_is_not_waited_for() -> None:
    with SmtpServer(scripted(GREETING=Stall())) as server:
        error = refused_entry(transport(server, "tls", timeout=HASTY))
    assert error.message == "localhost did not answer in time"
    assert "465" in error.hint


def test_a_slow_server_within_the_timeout_is_accepted() -> None:
    with SmtpServer(scripted(RCPT=Reply("250 ok", byte_delay=0.01))) as server:
        assert send(transport(server), "ann") == ["250 2.0.0 queued as 1"]


def test_an_unanswered_quit_is_not_an_error() -> None:
    with SmtpServer(scripted(QUIT=Close())) as server:
        assert send(transport(server), "ann") == ["250 2.0.0 queued as 1"]


# -- getting in ------------------------------------------------------------------------------


def refused_entry(way: SmtpTransport) -> DeliveryError:
    with pytest.raises(DeliveryError) as error, way.session():
        pass
    assert error.value.stage == RejectedStage.SERVER
    return error.value


def test_a_refused_connection_is_reported_with_host_and_port() -> None:
    with reserved_port() as port:
        settings = Server(name="main", host="localhost", port=port, security="none")
        error = refused_entry(SmtpTransport(settings, "here.example.org"))
    assert error.message == f"localhost port {port} cannot be reached: Connection refused"
    assert not error.permanent


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70])
def test_an_unknown_host_is_reported(host: str) -> None:
    settings = Server(name="main", host=host, security="none")
    assert "cannot be reached" in refused_entry(SmtpTransport(settings, "here.example.org")).message


@pytest.mark.parametrize(
    ("step", "reply", "permanent"),
    [
        ("GREETING", "554 5.7.1 no mail here", True),
        ("GREETING", "421 4.3.2 busy", False),
        ("EHLO", "502 5.5.1 what?", True),
        ("EHLO", "450 4.3.0 later", False),
    ],
)
def test_a_refusal_at_the_greeting_is_temporary_or_permanent(
    step: str, reply: str, permanent: bool
) -> None:
    with SmtpServer(scripted(**{step: Reply(reply)})) as server:
        error = refused_entry(transport(server))
    assert error.permanent == permanent
    assert reply in error.message


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_a_refused_login_is_permanent(tls: ssl.SSLContext, mechanism: str) -> None:
    users = {"jo": "another"}
    with SmtpServer(tls=tls, users=users, mechanisms=mechanism) as server:
        error = refused_entry(transport(server, "starttls", user="jo", password="s3cret"))
    assert error.permanent
    assert error.status == "5.7.8"
    assert error.message.startswith("localhost refused the login of jo: 535 5.7.8")
    assert "password" in error.hint


def test_a_temporarily_refused_login_may_be_retried() -> None:
    behaviour = scripted(AUTH=Reply("454 4.7.0 too many"))
    with SmtpServer(behaviour, users={"jo": "s3cret"}) as server:
        assert not refused_entry(transport(server, user="jo", password="s3cret")).permanent


@pytest.mark.parametrize("echo", ["s3cret", "am8=", "AGpvAHMzY3JldA==", "\0jo\0S3CRET"])
def test_no_error_contains_the_password_even_if_the_server_repeats_it(echo: str) -> None:
    behaviour = scripted(AUTH=Reply(f"535 5.7.8 wrong: {echo}"))
    with SmtpServer(behaviour, users={"jo": "s3cret"}) as server:
        error = refused_entry(transport(server, user="jo", password="s3cret"))
    assert "s3cret" not in error.message.lower()
    assert "AGpvAHMzY3JldA" not in error.message


def test_an_unknown_login_mechanism_is_reported() -> None:
    with SmtpServer(users={"jo": "x"}, mechanisms="XOAUTH2 GSSAPI") as server:
        error = refused_entry(transport(server, user="jo", password="x"))
    assert error.permanent
    assert "XOAUTH2 GSSAPI" in error.message


def test_a_login_where_none_is_offered_is_reported() -> None:
    with SmtpServer() as server:
        error = refused_entry(transport(server, user="jo", password="x"))
    assert error.permanent
    assert not any(line.startswith("AUTH") for line in server.commands)


@pytest.mark.usefixtures("trusted")
def test_no_password_is_sent_if_encryption_is_not_offered() -> None:
    with SmtpServer(users={"jo": "x"}) as server:
        error = refused_entry(transport(server, "starttls", user="jo", password="x"))
    assert error.permanent
    assert "STARTTLS" in error.message
    assert not any(line.startswith("AUTH") for line in server.commands)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_another_host_is_refused(
    authority: trustme.CA, security: Security
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    with SmtpServer(tls=context, implicit=security == "tls", users={"jo": "x"}) as server:
        error = refused_entry(transport(server, security, user="jo", password="x"))
    assert error.message.startswith("the certificate of localhost is not valid: Hostname mismatch")
    assert "host" in error.hint
    assert not error.permanent
    assert not any(line.startswith("AUTH") for line in server.commands)


def test_a_certificate_of_an_unknown_authority_is_refused(tls: ssl.SSLContext) -> None:
    with SmtpServer(tls=tls) as server:
        error = refused_entry(transport(server, "starttls"))
    assert "certificate of localhost is not valid: unable to get" in error.message
    assert "SSL_CERT_FILE" in error.hint


def test_tls_at_a_port_without_it_is_reported() -> None:
    with SmtpServer() as server:
        error = refused_entry(transport(server, "tls"))
    assert error.message.startswith("encryption with localhost failed")
    assert "465" in error.hint


@pytest.mark.usefixtures("trusted")
def test_replies_injected_before_starttls_are_refused(tls: ssl.SSLContext) -> None:
    behaviour = scripted(STARTTLS=Reply("220 go\r\n250-evil\r\n250 AUTH PLAIN"))
    with SmtpServer(behaviour, tls=tls) as server:
        error = refused_entry(transport(server, "starttls"))
    assert "unencrypted data" in error.message


# -- a real one ------------------------------------------------------------------------------


@pytest.fixture
def sink(
    require_program: Callable[[str, str], str], tmp_path: Path
) -> Iterator[Callable[..., Server]]:
    """Postfix's own server for tests: it takes options, and gives where it listens."""
    path = shutil.which("smtp-sink", path="/usr/sbin:/usr/local/sbin")
    program = path or require_program("smtp-sink", "apt install postfix")
    running: list[subprocess.Popen[bytes]] = []
    ports = ExitStack()

    def start(*options: str) -> Server:
        port = ports.enter_context(reserved_port())
        rights = () if os.geteuid() else ("-u", "root")
        command = [program, *rights, *options, f"127.0.0.1:{port}", "100"]
        running.append(subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE))
        wait_for(lambda: listens(port))
        return Server(name="sink", host="127.0.0.1", port=port, security="none", timeout=PATIENT)

    with ports:
        yield start
        for process in running:
            process.terminate()
            process.communicate()


def listens(port: int) -> bool:
    """Whether a server takes connections."""
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("options", [(), ("-p",)])
def test_postfix_accepts_messages(
    sink: Callable[..., Server], tmp_path: Path, options: tuple[str, ...]
) -> None:
    server = sink("-D", "mails", *options)
    message = MESSAGE + b".dot\r\n" + b"x" * 70 + b"\r\n"
    outcomes = send(SmtpTransport(server, "here.example.org"), "ann", "bob", "cy", message=message)
    assert [reply[:3] for reply in outcomes] == ["250"] * 3
    mails = (tmp_path / "mails").read_bytes()
    assert mails.count(b"Hello\n.dot\n") == 3
    assert [mails.count(f"X-Rcpt-Args: <{name}@".encode()) for name in ("ann", "cy")] == [1, 1]


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        (("-q", "RCPT"), "server, lost"),
        (("-q", "."), "server, outcome_unknown, lost"),
        (("-Q", "."), "message, lost"),
        (("-f", "RCPT"), "recipient, permanent"),
        (("-r", "."), "message, lost"),
        (("-f", "MAIL"), "sender, permanent"),
    ],
)
def test_a_refusal_of_postfix_is_reported(
    sink: Callable[..., Server], options: tuple[str, ...], outcome: str
) -> None:
    assert send(SmtpTransport(sink(*options), "here.example.org"), "ann") == [outcome]
