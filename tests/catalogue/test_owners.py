"""Owners of documents, and their strings in the store."""

from __future__ import annotations

import pytest

from syndicate.catalogue.owners import ALL, ALL_FILES, SERVICE, SITE, Owner, OwnerKind
from syndicate.errors import StoreError


@pytest.mark.parametrize("owner", [ALL, ALL_FILES, SERVICE, SITE])
def test_owners_without_a_name_are_parsed_from_their_strings(owner: Owner) -> None:
    assert Owner.parse(str(owner)) == owner


@pytest.mark.parametrize("kind", OwnerKind)
def test_names_may_contain_colons_and_slashes(kind: OwnerKind) -> None:
    owner = Owner(kind, "tag:example.org,2026-03-08:1/2")
    assert Owner.parse(str(owner)) == owner


def test_an_owner_of_an_issue_has_its_newsletter_and_slot() -> None:
    owner = Owner.parse(str(Owner.issue("weekly", "2026-11-01T08:00")))
    assert owner.newsletter_and_slot == ("weekly", "2026-11-01T08:00")


def test_an_owner_of_a_newer_version_is_an_error_with_a_hint() -> None:
    with pytest.raises(StoreError, match="unknown kind: 'podcast:birds'") as error:
        Owner.parse("podcast:birds")
    assert "upgrade syndicate" in error.value.hint


def test_strings_are_those_that_stores_already_have() -> None:
    assert str(Owner.page("tag:example.org,2026:1")) == "page:tag:example.org,2026:1"
    assert str(Owner.issue("weekly", "2026-11-01T08:00")) == "issue:weekly/2026-11-01T08:00"
    assert str(SITE) == "site"
    assert Owner.parse("file:") == ALL_FILES
