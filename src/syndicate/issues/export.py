"""A newsletter's next issue -> the files for another service that sends it. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndicate.config.model import MergeService, Newsletter
from syndicate.config.named import newsletter_named
from syndicate.documents.site_documents import current_documents
from syndicate.errors import Location, SyndicateError
from syndicate.findings import Finding
from syndicate.issues.compose import ComposedIssue, compose, parts
from syndicate.issues.next_issue import articles_of
from syndicate.newsletters.checks import blocking
from syndicate.site import Site

FILES: Mapping[MergeService, tuple[str, ...]] = {
    "listmonk": ("campaign.json",),
    "mailchimp": ("email.html", "email.txt", "subject.txt"),
    "buttondown": ("email.html", "email.txt", "subject.txt"),
    "sendgrid": ("email.html", "email.txt", "subject.txt"),
}
"""The formats of each service."""


@dataclass(frozen=True, slots=True)
class Export:
    """An issue for a service. `documents` is empty when there is nothing to send.

    It is also empty when a rule of level error is broken: see `findings`.
    """

    subject: str
    documents: Mapping[str, bytes]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether a rule of level error is broken, so that it must not be sent."""
        return bool(blocking(self.findings))


def newsletter_for(site: Site, name: str, service: MergeService | None) -> Newsletter:
    """The newsletter `name` with the merge fields of `service` (None: of its configuration)."""
    configured = newsletter_named(site.config, name)
    newsletter = replace(configured, merge_fields=service or configured.merge_fields)
    if newsletter.merge_fields == "none":
        raise SyndicateError(
            f"the newsletter {name} names no service to export for",
            place=Location(site.config_file),
            hint=f"pass --for {'|'.join(FILES)}, or set newsletters.{name}.merge",
        )
    return newsletter


def export(
    site: Site, newsletter: Newsletter, now: datetime, *, lists: Sequence[int], template: int | None
) -> Export:
    """Make the next issue of `newsletter` for its service, of a site that was built at `now`.

    `lists` and `template` are ids in listmonk. Raises SyndicateError when the issue cannot be made.
    """
    documents = current_documents(site, now)
    carried = articles_of(documents, newsletter)
    if not carried:
        return Export("", {}, ())
    issue = compose(documents, newsletter, carried, site.config_file)
    made = Export(issue.rendered.subject, {}, issue.findings)
    if made.refused:
        return made
    return replace(made, documents=_documents(issue, newsletter, lists, template))


def _documents(
    issue: ComposedIssue, newsletter: Newsletter, lists: Sequence[int], template: int | None
) -> dict[str, bytes]:
    if newsletter.merge_fields != "listmonk":
        rendered = issue.rendered
        return parts(rendered.subject, rendered.html, rendered.text)
    from syndicate.issues.listmonk import campaign

    data = campaign(issue.rendered, newsletter, issue.date, lists=lists, template=template)
    return {"campaign.json": data}
