"""Settings of one section that contradict each other, and the hint for each."""

from __future__ import annotations

import pytest
from config_problems import WEEKLY, problems


def test_a_tag_cannot_be_included_and_excluded() -> None:
    both = WEEKLY | {"include": ["a", "b"], "exclude": ["b"]}
    assert problems(newsletters={"w": both}) == {"newsletters.w.exclude": "keep one of them"}


@pytest.mark.parametrize(
    ("folders", "wrong"),
    [
        ({"content": "notes", "output": "/srv/www", "issues": "../mail"}, []),
        ({"content": ".."}, ["content"]),
        ({"content": "", "output": "./"}, ["content", "output"]),
        ({"output": "content/"}, ["output"]),
        ({"templates": "content/templates"}, ["templates"]),
        ({"content": "a", "issues": "./a//b"}, ["issues"]),
        ({"content": "a", "output": "ab"}, []),
    ],
)
def test_no_folder_is_within_another(folders: dict[str, str], wrong: list[str]) -> None:
    assert list(problems(**folders)) == wrong


@pytest.mark.parametrize(
    ("host", "security", "wrong"),
    [
        ("localhost", "none", False),
        ("127.0.0.1", "none", False),
        ("::1", "none", False),
        ("smtp.example.org", "none", True),
        ("localhost.example.org", "none", True),
        ("smtp.example.org", "tls", False),
        ("smtp.example.org", "starttls", False),
    ],
)
def test_a_password_is_sent_unencrypted_only_on_the_same_machine(
    host: str, security: str, wrong: bool
) -> None:
    server = {"host": host, "security": security, "user": "jo", "password": "x"}
    found = problems(sending={"servers": {"main": server}})
    assert list(found) == (["sending.servers.main.security"] if wrong else [])


IMAP = {"host": "imap.example.org", "user": "jo", "password": "x"}


@pytest.mark.parametrize(
    ("imap", "wrong"),
    [
        ({}, ""),
        (IMAP, ""),
        (IMAP | {"security": "starttls", "port": 143}, ""),
        (IMAP | {"security": "none"}, "security"),
        (IMAP | {"security": "none", "host": "localhost"}, ""),
        (IMAP | {"host": "imap example"}, "host"),
        (IMAP | {"password": ""}, "host"),
        (IMAP | {"host": ""}, "host"),
        (IMAP | {"folder": " "}, "folder"),
    ],
)
def test_a_mailbox_of_bounce_reports_is_complete(imap: dict[str, object], wrong: str) -> None:
    assert list(problems(bounces={"imap": imap})) == ([f"bounces.imap.{wrong}"] if wrong else [])
