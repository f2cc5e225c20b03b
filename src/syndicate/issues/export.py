"""A newsletter's next issue as files for another service that sends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from syndicate.atomic_files import remove, write
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
    """The files of an issue for a service, by name; none when there is nothing to send.

    There are none either when a rule of level error is broken: see `findings`.
    """

    service: MergeService
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
        return Export(newsletter.merge_fields, {}, ())
    issue = compose(documents, newsletter, carried, site.config_file)
    export = Export(newsletter.merge_fields, {}, issue.findings)
    if export.refused:
        return export
    return replace(export, documents=_documents(issue, newsletter, lists, template))


def folder_of(site: Site, newsletter: Newsletter) -> Path:
    """Where the files for a newsletter's service go, unless another folder is named."""
    return site.places.issues / newsletter.name / "export" / newsletter.merge_fields


def write_files(exported: Export, folder: Path) -> list[Path]:
    """Write the files of an export that was not refused; their paths.

    Removes the files of an earlier export that this one does not have.
    """
    for name in FILES[exported.service]:
        if name not in exported.documents:
            remove(folder, name)
    for name, data in exported.documents.items():
        write(folder, name, data)
    return [folder / name for name in FILES[exported.service] if name in exported.documents]


def _documents(
    issue: ComposedIssue, newsletter: Newsletter, lists: Sequence[int], template: int | None
) -> dict[str, bytes]:
    if newsletter.merge_fields != "listmonk":
        rendered = issue.rendered
        return parts(rendered.subject, rendered.html, rendered.text)
    from syndicate.issues.listmonk import campaign

    data = campaign(issue.rendered, newsletter, issue.date, lists=lists, template=template)
    return {"campaign.json": data}
