"""A rendered issue -> a campaign for listmonk's API. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from syndicate.config.model import Newsletter
from syndicate.mail.message import list_id
from syndicate.newsletters.issue import Rendered


def campaign(
    rendered: Rendered,
    newsletter: Newsletter,
    date: datetime,
    *,
    lists: Sequence[int],
    template: int | None,
) -> bytes:
    """The body of `POST /api/campaigns`: a draft (listmonk, "API / Campaigns").

    `rendered` has listmonk's placeholders. `lists` are ids of its lists, at least one; without
    the id of a `template`, listmonk takes its default one. Raises MessageError for a sender that
    mail does not allow.
    """
    values: dict[str, object] = {
        "name": f"{newsletter.name} {date:%Y-%m-%d}",
        "subject": rendered.subject,
        "lists": list(lists),
        "from_email": newsletter.sender,
        "type": "regular",
        "content_type": "html",
        "body": rendered.html,
        "altbody": rendered.text,
        "messenger": "email",
        "tags": [newsletter.name],
        "headers": [{"List-ID": f"<{list_id(newsletter.name, newsletter.sender)}>"}],
    }
    if template is not None:
        values["template_id"] = template
    return (json.dumps(values, ensure_ascii=False, indent=2) + "\n").encode()
