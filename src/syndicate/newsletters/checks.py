"""The rules of a good email, checked in a rendered issue and reported as findings.

The rules are in `newsletters/rules/`, by what they inspect. They check what would be sent, so they
also apply to a user's own design. No network access. How a mail program lays the issue out is
not checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lxml.html import document_fromstring

from syndicate.config.model import Newsletter
from syndicate.content.article import Published
from syndicate.findings import Finding, Level
from syndicate.newsletters.issue import Rendered
from syndicate.newsletters.mime_rules import broken_rules
from syndicate.newsletters.rules.checked_issue import Check, CheckedIssue, Fault
from syndicate.newsletters.rules.links import home, images, links
from syndicate.newsletters.rules.markup import (
    container,
    dark_mode,
    document,
    forbidden,
    size,
    tables,
)
from syndicate.newsletters.rules.styles import colours, lost_styles, readable, style_sheet
from syndicate.newsletters.rules.text import (
    contents_in_text,
    footer,
    only_images,
    placeholders,
    preheader,
    summarised,
    urls_in_text,
)

EMAIL_RULE = "email-"
"""What the names of these rules begin with; the rest is the number, if it has one."""


def check(
    rendered: Rendered,
    newsletter: Newsletter,
    articles: Sequence[Published],
    *,
    config: str,
    sources: Mapping[str, str],
    message: bytes,
) -> tuple[Finding, ...]:
    """Return the findings about an issue, in the order of the rules.

    `config` is the path of the configuration file, for findings that neither an article nor the
    design causes. `sources` are the texts of the design's files, by name, `message` is the issue
    as it would be sent.
    """
    root = document_fromstring(rendered.html)
    style = "\n".join(each.text or "" for each in root.iter("style"))
    issue = CheckedIssue(rendered, newsletter, articles, root, style, sources)
    faults = [
        Fault(number, level, wrong, hint, issue.author_of(line) if line else None)
        for number, level, wrong, hint, line in broken_rules(message)
    ]
    faults += [fault for each in CHECKS for fault in each(issue)]
    return tuple(
        Finding(
            fault.level,
            f"{EMAIL_RULE}{fault.rule}",
            f"newsletter {newsletter.name}: {fault.message}",
            fault.place.path if fault.place else config,
            fault.place.line if fault.place else None,
            fault.hint,
        )
        for fault in sorted(faults, key=_number)
    )


def _number(fault: Fault) -> float:
    """The position of a fault: rules in their order, named ones next to the style sheet."""
    return fault.rule if isinstance(fault.rule, int) else 16.5


def blocking(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings because of which an issue must not be sent: broken rules of level error."""
    return tuple(
        each for each in findings if each.level is Level.ERROR and each.rule.startswith(EMAIL_RULE)
    )


CHECKS: tuple[Check, ...] = (
    urls_in_text,
    contents_in_text,
    size,
    summarised,
    style_sheet,
    lost_styles,
    document,
    dark_mode,
    colours,
    tables,
    container,
    images,
    preheader,
    home,
    links,
    forbidden,
    readable,
    footer,
    only_images,
    placeholders,
)
"""All rules; faults of one number are reported in this order."""
