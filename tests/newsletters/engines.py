"""The template languages of newsletter services, to see what their readers get.

listmonk's is Go's own (campaign.go), Buttondown's is Django's, SendGrid's is Handlebars
(mustaches.js). Mailchimp's has no program of its own: what its documentation says of merge tags
stands here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

NAME = "Zoë O'Hara"
LEAVE = "https://lists.example.org/leave/7?a=1"
MANAGE = "https://lists.example.org/leave/7?manage=true"
WEB = "https://lists.example.org/web/7"

Engine = Callable[[str, str], str]
"""What is sent, given the kind (subject, text or html) and the source."""


class Program:
    """A process that evaluates templates, one a line; one for all tests."""

    def __init__(self, *command: str | Path) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "NODE_PATH": "/usr/share/nodejs"},
        )

    def __call__(self, kind: str, source: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"kind": kind, "source": source}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert answer["fault"] == "", answer["fault"]
        return str(answer["sent"])

    def close(self) -> None:
        self.process.communicate()


def listmonk(go: str, folder: Path) -> Program:
    source = Path(__file__).with_name("campaign.go")
    subprocess.run([go, "build", "-o", folder / "campaign", source], check=True)
    return Program(folder / "campaign")


def sendgrid(node: str) -> Program:
    return Program(node, Path(__file__).with_name("mustaches.js"))


def buttondown(_: str, source: str) -> str:
    from django.template import Context, Engine

    values = {
        "unsubscribe_url": LEAVE,
        "manage_subscription_url": MANAGE,
        "email": {"absolute_url": WEB},
        "subscriber": {"metadata": {"first_name": NAME}},
    }
    # Whether Buttondown escapes values is not documented; in a subject nothing may need it.
    return str(Engine().from_string(source).render(Context(values)))


def mailchimp(_: str, source: str) -> str:
    values = {"UNSUB": LEAVE, "UPDATE_PROFILE": MANAGE, "ARCHIVE": WEB, "FNAME": NAME}
    chosen = re.sub(
        r"\*\|IF:(\w+)\|\*(.*?)\*\|ELSE:\|\*(.*?)\*\|END:IF\|\*",
        lambda found: found[2] if values.get(found[1]) else found[3],
        source,
        flags=re.DOTALL,
    )
    return re.sub(r"\*\|(.*?)\|\*", lambda found: values.get(found[1], ""), chosen)
