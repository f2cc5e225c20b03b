"""An issue with placeholders, and a recipient."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from syndicate.config.model import Newsletter
from syndicate.mail.personalise import EncodedIssue, Recipient
from syndicate.newsletters.personal import IssueVariant, PersonalisedIssue, Placeholders

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DIGEST = "3f7a9c04e1b85d26f0c9a7713be4d58261f08c9e"
PLACEHOLDERS = Placeholders(
    digest=DIGEST,
    unsubscribe=f"https://{DIGEST}.invalid/unsubscribe",
    preferences=f"https://{DIGEST}.invalid/preferences",
    name=f"name{DIGEST}",
)
HTML = f"""<!DOCTYPE html>
<title>Winter</title>
<p title="{PLACEHOLDERS.name}">Hello {PLACEHOLDERS.name}, — 湖 {{{{ name }}}}</p>
{PLACEHOLDERS.name}
.a line that begins with a dot
<p>{"A long line without any break. " * 20}</p>
<p>...<a href="{PLACEHOLDERS.unsubscribe}">Unsubscribe</a>
<a href="{PLACEHOLDERS.preferences}">Preferences</a></p>
"""
TEXT = f"""Hello {PLACEHOLDERS.name},

.a line that begins with a dot
{PLACEHOLDERS.name}.{PLACEHOLDERS.name}... {{{{ name }}}}
{"A long line without any break. " * 20}

Unsubscribe: {PLACEHOLDERS.unsubscribe}
Preferences: {PLACEHOLDERS.preferences}
"""
NAMED = IssueVariant("Winter at the lake", HTML, TEXT)
NAMELESS = IssueVariant(
    NAMED.subject,
    HTML.replace(PLACEHOLDERS.name, "reader"),
    TEXT.replace(PLACEHOLDERS.name, "reader"),
)
PERSONAL = PersonalisedIssue(PLACEHOLDERS, NAMED, NAMELESS)
WEEKLY = Newsletter(
    name="weekly", title="Lake Weekly", sender="Lake Notes <weekly@news.example.org>"
)
TOKEN = "AAEAAAAAAAAAKgAAAACkx-x2l8x7x_xxTtS1bxxx"
ADA = Recipient(
    address="ada@example.net",
    name="Ada Brook",
    unsubscribe=f"https://news.example.org/unsubscribe/weekly/{TOKEN}",
    unsubscribe_by_mail=f"mailto:weekly@news.example.org?subject=unsubscribe%20weekly%20{TOKEN}",
    preferences=f"https://news.example.org/preferences/{TOKEN}",
    message_id="5f3c@news.example.org",
    date=NOON,
)


def encoded(
    personal: PersonalisedIssue = PERSONAL, newsletter: Newsletter = WEEKLY
) -> EncodedIssue:
    return EncodedIssue(personal, newsletter, issue="2026-11-22-1200")


def with_variant(variant: IssueVariant) -> PersonalisedIssue:
    """The same texts whether there is a name or not."""
    return replace(PERSONAL, named=variant, nameless=variant)
