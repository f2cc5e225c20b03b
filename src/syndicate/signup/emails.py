"""The two transactional emails to subscribers: confirmation, and the link to the preferences.

Renders only. All texts are in the templates, `emails/`: HTML, plain text and subject of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import jinja2

from syndicate.documents.pages import Frame
from syndicate.newsletters.inline import inline
from syndicate.newsletters.issue import IssueLinks, Rendered
from syndicate.templating.environment import render_template


def confirmation(
    env: jinja2.Environment,
    frame: Frame,
    titles: Sequence[str],
    agreed: str,
    link: str,
    until: datetime,
) -> Rendered:
    """The confirmation email: `link` confirms, and is valid `until` then.

    `agreed` is the consent text. Raises TemplateError.
    """
    return _email(env, frame, "confirmation", titles=titles, agreed=agreed, link=link, until=until)


def preferences_email(
    env: jinja2.Environment, frame: Frame, titles: Sequence[str], link: str
) -> Rendered:
    """The email with the `link` to the preferences page. Raises TemplateError."""
    return _email(env, frame, "preferences", titles=titles, link=link)


def _email(env: jinja2.Environment, frame: Frame, name: str, **values: object) -> Rendered:
    """Render an email; its preheader is the first paragraph of the plain text."""
    common = {"site": frame.site, "frame": frame, **values}
    subject = _line(render_template(env, f"emails/{name}_subject.txt", **common))
    text = render_template(env, f"emails/{name}.txt", **common)
    preheader = _line(text.strip().partition("\n\n")[0])
    html = render_template(
        env, f"emails/{name}.html", **common, subject=subject, preheader=preheader
    )
    links = IssueLinks(web_url="", unsubscribe_url="", home_url=frame.home)
    return Rendered(subject, preheader, inline(html), text, links)


def _line(text: str) -> str:
    return " ".join(text.split())
