"""The list of written documents and their findings, on both databases."""

from __future__ import annotations

from syndicate.catalogue.owners import SITE, Owner
from syndicate.store.database import Database
from syndicate.store.documents import Documents, StoredDocument

PAGE = Owner.page("tag:example.org,2026-01-01:a")


def test_documents_are_added_replaced_and_removed(database: Database) -> None:
    documents = Documents(database)
    page, feed = StoredDocument(20, PAGE), StoredDocument(11, SITE, "hash", 1_796_000_000)
    with database.transaction():
        documents.save({"output:feed.xml": StoredDocument(10, SITE), "output:a": page}, [])
        documents.save({"output:feed.xml": feed}, ["output:a"])
    assert documents.all() == {"output:feed.xml": feed}


def test_findings_are_replaced_for_owners_whose_documents_were_made(database: Database) -> None:
    documents = Documents(database)
    with database.transaction():
        documents.save_findings([SITE, PAGE], {SITE: "[1]", PAGE: "[2]"})
        documents.save_findings([SITE], {})
    assert documents.findings() == {PAGE: "[2]"}


def test_no_feed_is_gone_at_first(database: Database) -> None:
    assert Documents(database).gone_feeds() == frozenset()
