"""A newsletter's next issue -> the files from which another service sends it. Writes nothing."""

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
"""What each service takes."""


@dataclass(frozen=True, slots=True)
class Export:
    """An issue for a service. `documents` is empty when there is nothing to send.

    It is empty too when a rule of level error is broken: `findings` says which.
    """

    subject: str
    documents: Mapping[str, bytes]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether something is so wrong that this must not be sent."""
        return bool(blocking(self.findings))


def newsletter_for(site: Site, name: str, service: MergeService | None) -> Newsletter:
    """The newsletter `name`, to be sent by `service` (None: the one it states)."""
    known = newsletter_named(site.config, name)
    newsletter = replace(known, merge_fields=service or known.merge_fields)
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

    `lists` and `template` are ids that
    listmonk gave. Raises SyndicateError when the issue cannot be made.
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
