"""Owners of documents, and their strings in the store."""

from __future__ import annotations

import pytest

from syndicate.catalogue.owners import ALL, ALL_FILES, SERVICE, SITE, Owner, OwnerKind


@pytest.mark.parametrize("owner", [ALL, ALL_FILES, SERVICE, SITE])
def test_owners_without_a_name_come_back_from_their_strings(owner: Owner) -> None:
    assert Owner.parse(str(owner)) == owner


@pytest.mark.parametrize("kind", OwnerKind)
def test_names_may_contain_colons_and_slashes(kind: OwnerKind) -> None:
    owner = Owner(kind, "tag:example.org,2026-03-08:1/2")
    assert Owner.parse(str(owner)) == owner


def test_strings_are_those_that_stores_already_have() -> None:
    assert str(Owner.page("tag:example.org,2026:1")) == "page:tag:example.org,2026:1"
    assert str(Owner.issue("weekly", "2026-11-01T08:00")) == "issue:weekly/2026-11-01T08:00"
    assert str(SITE) == "site"
    assert Owner.parse("file:") == ALL_FILES
