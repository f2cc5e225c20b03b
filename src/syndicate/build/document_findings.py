"""Findings of the documents of a build, among them addresses that two documents share."""

from __future__ import annotations

from urllib.parse import quote

from syndicate.catalogue.owners import SERVICE, Owner, OwnerKind
from syndicate.catalogue.urls import base_url
from syndicate.documents.site_documents import SiteDocuments
from syndicate.documents.writer import DocumentWriter
from syndicate.findings import Finding, Level, to_json
from syndicate.store.articles import Articles


def document_findings(documents: SiteDocuments, writer: DocumentWriter) -> dict[Owner, str]:
    """Owner -> the findings of its documents, as JSON."""
    by_owner = {owner: list(findings) for owner, findings in documents.findings.items()}
    for record_id, finding in documents.render_cache.missing.items():
        by_owner.setdefault(Owner.page(record_id), []).append(finding)
    for owner, (path, other) in writer.collisions.items():
        by_owner.setdefault(owner, []).append(_address_taken(documents, owner, path, other))
    return {owner: text for owner, findings in by_owner.items() if (text := to_json(findings))}


def _address_taken(
    documents: SiteDocuments, owner: Owner, path: str, other: Owner | None
) -> Finding:
    """Two documents at one address, or an address that no file can have."""
    why = (
        f"{_described(documents.articles, other)} already uses it"
        if other
        else "no file can have this name"
    )
    return Finding(
        Level.ERROR,
        "address-taken",
        f"the address {base_url(documents.config.site)}{quote(path)} is not available: {why}",
        _described(documents.articles, owner),
        hint="give one of them another slug: or url: in its header, or a file another name",
    )


def _described(articles: Articles, owner: Owner) -> str:
    """An owner in the words of its author: the path of its file, or a description."""
    name = owner.name
    match owner.kind:
        case OwnerKind.PAGE:
            return next((record.path for record in articles.by_ids([name])), name)
        case OwnerKind.FILE:
            return name
        case OwnerKind.TAG:
            return f"the page of the tag {name}"
        case OwnerKind.FEED_ARCHIVE:
            return f"archive page {name}"
        case OwnerKind.ISSUE | OwnerKind.ISSUE_ARCHIVE | OwnerKind.NEXT_ISSUE:
            return f"the newsletter {name}"
    return "the sign-up pages" if owner == SERVICE else "the site itself"
