"""What the server of a preview gives, to whom, and what it never gives."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from previewing import Preview, Start

from syndicate.starter import copy_to


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory, start_once: Start) -> Preview:
    """One server for all tests here that only read."""
    site = tmp_path_factory.mktemp("preview") / "site"
    copy_to(site)
    return start_once(site)


def test_the_first_page_is_that_of_the_first_newsletter(preview: Preview) -> None:
    status, _, headers = preview.ask("/")
    assert (status, headers["Location"]) == (302, "/weekly/")
    status, body, headers = preview.ask("/weekly/")
    assert status == 200
    assert b"<main" in body
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_page_gets_all_that_is_known_of_the_issue(preview: Preview) -> None:
    shown = preview.shown()["preview"]
    assert shown["subject"] == "Low Tide, weekly: The rule of twelfths"
    assert 40 <= len(shown["preheader"]) <= 130
    assert shown["findings"] == []
    assert shown["sizes"][0]["name"] == "HTML, as sent"
    assert [header["name"] for header in shown["headers"]][:3] == ["From", "To", "Subject"]
    assert shown["articles"][0]["path"] == "the-rule-of-twelfths/index.md"
    assert "numbered" not in shown
    assert shown["html"] == "", "frames fetch it for themselves"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:4000", "localhost", "LOCALHOST:80"])
def test_this_machine_is_answered(preview: Preview, host: str) -> None:
    assert preview.ask("/weekly/", host=host)[0] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[", "", None]
)
def test_a_request_for_another_host_name_is_refused(preview: Preview, host: str | None) -> None:
    status, body, _ = preview.ask("/weekly/preview.json", host=host)
    assert status == 421
    assert b"Low Tide" not in body


@pytest.mark.parametrize(
    "path",
    [
        "/../config.yaml",
        "/weekly/../../config.yaml",
        "/weekly/pictures/../../../config.yaml",
        "/weekly/pictures/%2e%2e%2fconfig.yaml",
        "/_/../server.py",
        "/_/server.py",
        "/weekly/pictures/",
        "//etc/passwd",
        "/weekly",
        "/monthly/",
        "/favicon.ico",
    ],
)
def test_only_documents_of_the_preview_are_served(preview: Preview, path: str) -> None:
    assert preview.ask(path)[0] == 404


def test_images_of_the_site_are_served_from_its_folder(preview: Preview) -> None:
    html = preview.ask("/weekly/light.html")[1].decode()
    name = html.split('src="pictures/')[1].split('"')[0]
    status, body, headers = preview.ask(f"/weekly/pictures/{name}")
    assert status == 200
    assert headers["Content-Type"].startswith("image/")
    assert headers["Content-Security-Policy"].startswith("sandbox")
    files = [file.read_bytes() for file in (preview.site / "content").rglob("*") if file.is_file()]
    assert body in files


def test_every_response_has_a_content_security_policy(preview: Preview) -> None:
    for path in ("/weekly/", "/_/page.js", "/weekly/preview.json", "/weekly/dark.html", "/nothing"):
        headers = preview.ask(path)[2]
        assert "default-src 'none'" in headers["Content-Security-Policy"], path
        assert "script-src 'unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
    assert "script-src" not in preview.ask("/weekly/dark.html")[2]["Content-Security-Policy"]


def test_only_reading_is_possible(preview: Preview) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert preview.ask("/weekly/", method)[0] == 501
    status, body, headers = preview.ask("/weekly/", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 0


def test_other_machines_cannot_connect(preview: Preview) -> None:
    port = urlsplit(preview.url).port
    with socket.socket() as other:
        other.settimeout(5)
        with pytest.raises(OSError, match="refused"):
            other.connect(("127.0.0.2", port))


def test_more_connections_than_a_person_needs_are_not_served(new_site: Path, start: Start) -> None:
    port = urlsplit(start(new_site).url).port
    open_ones = [socket.create_connection(("127.0.0.1", port)) for _ in range(80)]
    try:
        last = open_ones[-1]
        last.settimeout(60)
        assert last.recv(1) == b"", "closed at once"
    finally:
        for each in open_ones:
            each.close()
