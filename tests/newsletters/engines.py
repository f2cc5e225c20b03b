"""The template languages of newsletter services, to see what their readers get.

listmonk's is Go's own (campaign.go), Buttondown's is Django's. Of SendGrid's Handlebars, pybars3 is
a peer. Mailchimp's has none outside: what its documentation says of merge tags stands here.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

NAME = "Zoë O'Hara"
LEAVE = "https://lists.example.org/leave/7?a=1"
MANAGE = "https://lists.example.org/leave/7?manage=true"
WEB = "https://lists.example.org/web/7"

Engine = Callable[[str, str], str]
"""What is sent, given the kind (subject, text or html) and the source."""


class Listmonk:
    """A process that evaluates campaigns as listmonk does; one for all tests."""

    def __init__(self, go: str, folder: Path) -> None:
        program = folder / "campaign"
        source = Path(__file__).with_name("campaign.go")
        subprocess.run([go, "build", "-o", program, source], check=True)
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
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


def sendgrid(_: str, source: str) -> str:
    from pybars import Compiler

    def insert(this: Any, name: Any, default: str) -> str:
        return str(name or default.removeprefix("default="))

    values = {
        "unsubscribe": LEAVE,
        "unsubscribe_preferences": MANAGE,
        "Weblink": WEB,
        "first_name": NAME,
    }
    return str(Compiler().compile(source)(values, helpers={"insert": insert}))


def mailchimp(_: str, source: str) -> str:
    values = {"UNSUB": LEAVE, "UPDATE_PROFILE": MANAGE, "ARCHIVE": WEB, "FNAME": NAME}
    chosen = re.sub(
        r"\*\|IF:(\w+)\|\*(.*?)\*\|ELSE:\|\*(.*?)\*\|END:IF\|\*",
        lambda found: found[2] if values.get(found[1]) else found[3],
        source,
        flags=re.DOTALL,
    )
    return re.sub(r"\*\|(.*?)\|\*", lambda found: values.get(found[1], ""), chosen)
