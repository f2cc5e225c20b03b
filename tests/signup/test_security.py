"""Attacks on the signup pages."""

from __future__ import annotations

import asyncio
import random
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_subscribing import MAIL, preferences_url, unsubscribe_url
from visits import Place, opened

from syndicate.signup import subscriptions
from syndicate.signup.subscriptions import SubscriptionService
from syndicate.store.database import Database
from syndicate.store.requests import RequestKind
from syndicate.store.subscribers import SuppressionReason
from syndicate.subscribers.addresses import address

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
PAGES = ("subscribe/", "subscribe/embed/", "subscribe/sent/", "preferences/")


# -- what pages let a browser do -----------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_pages_forbid_scripts_frames_and_referrers(sqlite_place: Place, path: str) -> None:
    headers = sqlite_place.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe-inline" not in policy
    assert ("frame-ancestors *" in policy) == (path == "subscribe/embed/")
    assert ("x-frame-options" in headers) == (path != "subscribe/embed/")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in headers


def test_input_is_shown_as_text(sqlite_place: Place) -> None:
    for path, fields in (
        ("subscribe/", {"address": HOSTILE, "newsletter": HOSTILE, HOSTILE: HOSTILE}),
        ("subscribe/embed/", {"address": HOSTILE, "newsletter": "weekly"}),
        ("preferences/", {"address": HOSTILE}),
    ):
        answer = sqlite_place.post(path, fields)
        assert answer.status_code == 422
        assert "<script>alert" not in answer.text
        assert "onerror=alert(1)>" not in answer.text


def test_titles_and_tags_are_shown_as_text(tmp_path: Path) -> None:
    hostile = {"title": HOSTILE, "description": HOSTILE, "sender": "a@example.org"}
    url = f"sqlite:///{tmp_path / 'syndicate.db'}"
    with opened(tmp_path, url, newsletters={"weekly": hostile}, site={"title": HOSTILE}) as place:
        place.site.article("two.md", "Two", tags=[HOSTILE], date="2026-11-02")
        place.site.build()
        place.ask(MAIL)
        (message,) = place.emails()
        seen = [place.get(place.link(message)).text, place.get("subscribe/").text]
        place.post(place.link(message), {})
        seen += [
            place.get(preferences_url(place, MAIL)).text,
            place.get(unsubscribe_url(place, MAIL)).text,
        ]
        html = message.get_body(("html",))
        assert html is not None
        for page in (*seen, html.get_content()):
            assert "<script" not in page
            assert "<img src=x" not in page


# -- leading elsewhere ---------------------------------------------------------------------------


def test_links_come_from_the_configuration_whatever_host_is_named(sqlite_place: Place) -> None:
    for headers in (
        {"host": "evil.example"},
        {"x-forwarded-host": "evil.example"},
        {"forwarded": "host=evil.example"},
    ):
        answer = sqlite_place.client.post(
            sqlite_place.url + "subscribe/",
            data={"address": f"{len(headers)}@example.org", "newsletter": "weekly"},
            headers=headers,
        )
        assert answer.headers["location"] == "sent/"
        assert (
            "evil.example"
            not in sqlite_place.client.get(sqlite_place.url + "subscribe/", headers=headers).text
        )
    emails = sqlite_place.emails()
    assert emails
    assert all(sqlite_place.link(message).startswith(sqlite_place.url) for message in emails)
    assert not any(b"evil.example" in bytes(message) for message in emails)


@pytest.mark.parametrize(
    "path",
    [
        *("subscribe//evil.example", "subscribe?next=https://evil.example", "subscribe"),
        *("unsubscribe/", "preferences", "subscribe/?next=//evil.example", "subscribe/%0d%0aX: y"),
    ],
)
def test_no_url_redirects_to_another_site(sqlite_place: Place, path: str) -> None:
    for method in ("GET", "POST"):
        answer = sqlite_place.client.request(method, sqlite_place.url + path)
        assert "evil" not in answer.headers.get("location", "")
        assert not re.match(r"//|\w+:", answer.headers.get("location", ""))
        assert "x" not in answer.headers


# -- headers of mail -------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x85", "\0"])
@pytest.mark.parametrize("place_of_it", ["a{}@example.org", "a@example.org{}Bcc: b@example.org"])
def test_an_address_cannot_inject_headers(sqlite_place: Place, end: str, place_of_it: str) -> None:
    assert sqlite_place.ask(place_of_it.format(end)).status_code == 422
    assert sqlite_place.emails() == []


def test_an_address_longer_than_smtp_allows_is_refused(sqlite_place: Place) -> None:
    assert sqlite_place.ask("a" * 300 + "@example.org").status_code == 422


# -- acting for others ---------------------------------------------------------------------------


def test_a_page_of_another_site_cannot_act_for_a_visitor(sqlite_place: Place) -> None:
    """There is no cookie to ride on: without the token nothing is anybody's."""
    sqlite_place.subscribe(MAIL)
    for path in ("preferences/", "unsubscribe/weekly/", "unsubscribe/"):
        sqlite_place.post(path, {"what": "leave", "address": MAIL}, origin="https://evil.example")
    assert sqlite_place.states(MAIL) == {"weekly": "active"}


def test_a_token_is_for_one_purpose_and_person(sqlite_place: Place) -> None:
    sqlite_place.subscribe(MAIL)
    token = unsubscribe_url(sqlite_place, MAIL).rpartition("/")[2]
    choice = preferences_url(sqlite_place, MAIL).rpartition("/")[2]
    for path in (
        *(f"preferences/{token}", f"subscribe/confirm/{token}", f"unsubscribe/daily/{token}"),
        *(f"unsubscribe/weekly/{choice}", f"subscribe/confirm/{choice}"),
        *(f"preferences/{choice[:-1]}", f"preferences/{choice}A"),
    ):
        assert sqlite_place.get(path).status_code == 404, path
        assert sqlite_place.post(path, {"what": "leave"}).status_code == 404, path
    assert sqlite_place.states(MAIL) == {"weekly": "active"}


def test_a_token_cannot_be_guessed(sqlite_place: Place) -> None:
    sqlite_place.subscribe(MAIL)
    token = unsubscribe_url(sqlite_place, MAIL).rpartition("/")[2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for at in range(len(token)):
        for other in random.sample(alphabet.replace(token[at], ""), 3):
            guess = token[:at] + other + token[at + 1 :]
            assert sqlite_place.post(f"unsubscribe/weekly/{guess}", {}).status_code == 404
    assert sqlite_place.states(MAIL) == {"weekly": "active"}


# -- telling whether somebody is known -----------------------------------------------------------


def test_subscribed_unsubscribed_suppressed_and_unknown_people_get_the_same_response(
    place: Place,
) -> None:
    place.subscribe("known@example.org")
    place.subscribe("left@example.org")
    place.post(unsubscribe_url(place, "left@example.org"), {})
    with place.known() as known:
        hashed = address("never@example.org").hashed(known.salt())
        known.suppress(hashed, SuppressionReason.REQUEST, "", "2026-11-25T12:00:00Z")
    answers = set()
    for who in ("known", "left", "never", "unknown", "UNKNOWN"):
        for path in ("subscribe/", "preferences/"):
            answer = place.post(path, {"address": f"{who}@example.org", "newsletter": "weekly"})
            headers = {k: v for k, v in answer.headers.items() if k != "date"}
            answers.add((path, answer.status_code, str(sorted(headers.items())), answer.text))
    assert len(answers) == 2


def test_the_work_for_known_and_unknown_people_is_the_same(place: Place) -> None:
    """Not how long it takes, which is the machine's affair, but every statement that is run."""
    place.subscribe("known@example.org")

    known, unknown = (_statements(place, f"{who}@example.org") for who in ("known", "nobody"))
    assert known == unknown
    assert len(known) >= 3


def _statements(place: Place, mail: str) -> list[str]:
    """What the store is asked when somebody asks for a letter."""
    with place.site.opened() as site:
        heard = Heard(site.database)
        listening = replace(site, database=heard)
        SubscriptionService(listening, datetime.now(UTC)).request(
            RequestKind.SUBSCRIBE, mail, {"weekly": ()}, "Yes."
        )
    return heard.statements


class Heard:
    """A database that writes down what it is asked, and does it."""

    def __init__(self, database: Database) -> None:
        self.statements: list[str] = []
        self._database = database

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._database, name)

        def heard(*arguments: Any) -> Any:
            self.statements.append(f"{name} {arguments[:1]}")
            return method(*arguments)

        return heard


# -- too much ------------------------------------------------------------------------------------


def test_an_address_gets_few_emails_a_day_from_any_client(sqlite_place: Place) -> None:
    for _ in range(8):
        assert sqlite_place.ask(MAIL).status_code == 303
        assert sqlite_place.post("preferences/", {"address": MAIL}).status_code == 303
    assert len(sqlite_place.emails()) <= 3, "of both kinds"


def test_a_subscriber_gets_three_emails_a_day_of_all_kinds(sqlite_place: Place) -> None:
    sqlite_place.subscribe(MAIL)
    before = len(sqlite_place.emails())
    for _ in range(4):
        assert sqlite_place.ask(MAIL).status_code == 303
        assert sqlite_place.post("preferences/", {"address": MAIL}).status_code == 303
    assert len(sqlite_place.emails()) <= max(before, 3)


def test_all_addresses_together_get_a_bounded_number_of_emails_an_hour(
    sqlite_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MAX_EMAILS", 5)
    for number in range(5):
        assert sqlite_place.ask(f"victim+{number}@example.org").status_code == 303
    answer = sqlite_place.ask("victim+5@example.org")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) == 3600
    assert "requested on this site" in answer.text
    assert "from where you are" not in answer.text, "nobody there is to blame"


def test_a_client_that_asks_too_often_has_to_wait(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syndicate.db'}"
    with opened(tmp_path, url) as place:
        for number in range(20):
            answer = place.ask(f"{number}@example.org", x_forwarded_for="192.0.2.7")
            assert answer.status_code == 303
        answer = place.ask("more@example.org", x_forwarded_for="192.0.2.7")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert place.ask("more@example.org", x_forwarded_for="192.0.2.8").status_code == 303
        place.subscribe("other@example.org")
        left = place.post(
            unsubscribe_url(place, "other@example.org"), {}, x_forwarded_for="192.0.2.7"
        )
        assert left.status_code == 200, "leaving always works"


def test_a_program_that_fills_in_every_field_gets_nothing(sqlite_place: Place) -> None:
    fields = {"address": MAIL, "newsletter": "weekly", "website": "https://spam.example"}
    assert sqlite_place.post("subscribe/", fields).status_code == 303
    assert sqlite_place.post("preferences/", fields).status_code == 303
    assert sqlite_place.emails() == []


def test_the_address_of_a_client_is_stored_as_a_hash(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syndicate.db'}"
    with opened(tmp_path, url, service={"trusted_proxies": ["127.0.0.1"]}) as place:
        place.ask(MAIL, x_forwarded_for="192.0.2.7")
        place.post(place.link(place.emails()[-1]), {}, x_forwarded_for="192.0.2.7")
        clients = {each.client for each in place.consents(MAIL)}
    assert [len(each) for each in clients] == [32]
    assert b"192.0.2.7" not in (tmp_path / "syndicate.db").read_bytes()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"a" * 70_000, 413),
        (b"&".join(b"a=b" for _ in range(1_001)), 400),
        (b"address=%ff%fe&newsletter=weekly", 400),
        (b"address=\xff", 400),
        (b"", 422),
        (b"&&&===%%%", 422),
    ],
)
def test_bodies_too_large_or_malformed_are_refused(
    sqlite_place: Place, body: bytes, status: int
) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = sqlite_place.client.post(sqlite_place.url + "subscribe/", content=body, headers=kind)
    assert answer.status_code == status
    assert sqlite_place.get("subscribe/").status_code == 200


@pytest.mark.parametrize("fields", [{}, {"newsletter": "weekly"}, {"what": "nonsense"}])
def test_half_a_form_changes_nothing(sqlite_place: Place, fields: dict[str, str]) -> None:
    sqlite_place.subscribe(MAIL, "weekly", "daily")
    assert sqlite_place.post(preferences_url(sqlite_place, MAIL), fields).status_code == 400
    assert set(sqlite_place.states(MAIL).values()) == {"active"}


def test_a_form_that_breaks_off_changes_nothing(sqlite_place: Place) -> None:
    sqlite_place.subscribe(MAIL, "weekly", "daily")
    path = "/" + preferences_url(sqlite_place, MAIL).removeprefix(sqlite_place.url)
    body = b"what=leave&newsletter=weekly"
    for sent in (b"", body[:10], body[:-1]):
        host, port = sqlite_place.url.removeprefix("http://").rstrip("/").split(":")
        with socket.create_connection((host, int(port))) as one:
            head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n"
            kind = "content-type: application/x-www-form-urlencoded\r\n\r\n"
            one.sendall((head + kind).encode() + sent)
    sqlite_place.get("subscribe/")
    assert set(sqlite_place.states(MAIL).values()) == {"active"}


def test_a_non_ascii_local_part_is_refused(sqlite_place: Place) -> None:
    assert sqlite_place.ask("jürgen@example.org").status_code == 422


def test_a_site_with_non_ascii_host_and_path_has_signup_pages(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syndicate.db'}"
    with opened(tmp_path, url, site={"url": "https://bücher.example/blög/"}) as place:
        root = place.url.partition("/bl")[0]
        answer = place.client.get(f"{root}/bl%C3%B6g/subscribe/")
        assert answer.status_code == 200
        assert "https://xn--bcher-kva.example" in answer.headers["content-security-policy"]


def test_a_store_that_was_away_for_a_moment_loses_no_request(
    tmp_path: Path, postgresql_server: str
) -> None:
    with opened(tmp_path, postgresql_server) as place:
        place.subscribe(MAIL)
        link = unsubscribe_url(place, MAIL)
        with place.site.opened() as site:
            site.database.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert place.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert place.states(MAIL) == {"weekly": "unsubscribed"}


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/xml"])
def test_a_request_that_is_not_a_form_is_refused(sqlite_place: Place, kind: str) -> None:
    answer = sqlite_place.client.post(
        sqlite_place.url + "subscribe/", content=b"{}", headers={"content-type": kind}
    )
    assert answer.status_code == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(sqlite_place: Place, method: str) -> None:
    answer = sqlite_place.client.request(method, sqlite_place.url + "subscribe/")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


# -- anything at all -------------------------------------------------------------------------------

ODD = (
    "",
    "/",
    "a",
    "%00",
    "%",
    "..",
    "../..",
    "é",
    "\u202e",
    "a" * 5_000,
    "'; --",
    "{{7*7}}",
    "\\",
)
KINDS = (
    *("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"),
    *("", "application/x-www-form-urlencoded; charset=utf-16", "a" * 300),
)


def unusual_request(
    dice: random.Random, tokens: list[str]
) -> tuple[str, bytes, dict[bytes, bytes], bytes]:
    """One of the requests nobody would think of."""
    rooms = ("subscribe", "preferences", "unsubscribe", "subscribe/confirm", "subscribe/embed")
    parts = [
        dice.choice(rooms),
        *(dice.choice((*ODD, *tokens, "weekly", "sent")) for _ in range(dice.randrange(4))),
    ]
    path = "/".join(parts)
    if dice.random() < 0.2:
        at = dice.randrange(len(path) + 1)
        path = path[:at] + chr(dice.randrange(1, 0x250)) + path[at:]
    query = dice.choice(("", "", "?saved", "?" + dice.choice(ODD), "?a=b&a=c"))
    fields = [
        f"{dice.choice(('address', 'newsletter', 'what', 'tag-weekly', 'website', *ODD))}="
        f"{dice.choice(('weekly', 'daily', 'all', 'leave', 'save', 'a@example.org', *ODD))}"
        for _ in range(dice.randrange(6))
    ]
    body = "&".join(fields).encode() if dice.random() < 0.8 else dice.randbytes(dice.randrange(300))
    headers = {
        b"content-type": dice.choice(KINDS).encode(),
        b"x-forwarded-for": dice.choice(("", "192.0.2.1", "nonsense", "::1, ::2")).encode(),
        b"origin": dice.choice(("null", "https://evil.example")).encode(),
    }
    method = dice.choice(("GET", "POST", "POST", "HEAD", "PUT"))
    target = (path + query).encode("utf-8", "surrogatepass")
    return method, bytes(c for c in target if c > 32 and c != 127), headers, body


@pytest.mark.soak
def test_ten_thousand_odd_requests_cause_no_error(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syndicate.db'}"
    with opened(tmp_path, url) as place:
        place.subscribe(MAIL)
        tokens = [
            link.rpartition("/")[2]
            for link in (unsubscribe_url(place, MAIL), preferences_url(place, MAIL))
        ]
        host, port = place.serving.url.removeprefix("http://").rstrip("/").split(":")
        with ThreadPoolExecutor(1) as thread:  # where no browser runs a loop
            statuses = thread.submit(asyncio.run, _send_many(host, int(port), tokens)).result()
        assert place.get("subscribe/").status_code == 200
    assert sum(statuses.values()) == 10_000
    assert {status for status in statuses if status >= 500} == set(), statuses
    assert {200, 303, 400, 404, 405, 415, 422} <= statuses.keys()


async def _send_many(host: str, port: int, tokens: list[str]) -> dict[int, int]:
    """Send them over a few connections, each answered before the next."""
    found: dict[int, int] = {}

    async def one(seed: int) -> None:
        dice = random.Random(seed)
        connection = await asyncio.open_connection(host, port)
        for _ in range(1_250):
            request = unusual_request(dice, tokens)
            reader, writer = connection
            status, stays = await _asked(reader, writer, *request)
            found[status] = found.get(status, 0) + 1
            if not stays:
                writer.close()
                connection = await asyncio.open_connection(host, port)
        connection[1].close()

    await asyncio.gather(*(one(seed) for seed in range(8)))
    return found


async def _asked(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    method: str,
    target: bytes,
    headers: dict[bytes, bytes],
    body: bytes,
) -> tuple[int, bool]:
    """Send a request as it is; the status, and whether the connection stays."""
    head = method.encode() + b" /" + target + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    head += b"".join(b"%s: %s\r\n" % pair for pair in headers.items() if pair[1])
    writer.write(head + b"content-length: %d\r\n\r\n" % len(body) + body)
    answer = (await reader.readuntil(b"\r\n\r\n")).lower()
    if method != "HEAD" and (length := re.search(rb"content-length: (\d+)", answer)):
        await reader.readexactly(int(length[1]))
    return int(answer.split()[1]), b"connection: close" not in answer
