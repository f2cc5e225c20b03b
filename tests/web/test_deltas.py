"""Feeds cut down to what a reader does not have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syndicate.web.deltas import MAX_VERSIONS, Versions, cut, delta_of, versions_from_bytes


def rss(*titles: str) -> bytes:
    items = "".join(f"    <item>\n      <title>{title}</title>\n    </item>\n" for title in titles)
    return f"<rss>\n  <channel>\n    <title>T</title>\n{items}  </channel>\n</rss>\n".encode()


def atom(*titles: str) -> bytes:
    entries = "".join(
        f'  <entry xml:lang="ar"><title>{title}</title></entry>\n' for title in titles
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">\n{entries}</feed>\n'.encode()


@pytest.mark.parametrize("make", [rss, atom])
def test_a_delta_contains_only_new_and_changed_entries(make: Callable[..., bytes]) -> None:
    before, after = make("b", "a"), make("c", "b, changed", "a")
    assert delta_of(after, cut(after), cut(before).entry_fingerprints) == make("c", "b, changed")


def test_a_feed_that_only_lost_entries_is_sent_without_any() -> None:
    before, after = rss("c", "b", "a"), rss("b", "a")
    assert delta_of(after, cut(after), cut(before).entry_fingerprints) == rss()


def test_when_all_is_new_there_is_nothing_to_leave_out() -> None:
    assert delta_of(rss("c"), cut(rss("c")), cut(rss("b")).entry_fingerprints) is None


def test_the_end_tag_of_an_item_within_a_text_does_not_end_it() -> None:
    inside = "<![CDATA[ </item> ]]>"
    after = rss("new", inside)
    assert delta_of(after, cut(after), cut(rss(inside)).entry_fingerprints) == rss("new")


def test_an_empty_element_is_an_entry_too() -> None:
    assert cut(b"<feed><entry/><entry/></feed>").spans == ((6, 14), (14, 22))


def test_a_document_that_is_not_well_formed_has_no_entries() -> None:
    assert cut(b"<rss><channel><item></channel></rss>").spans == ()


def test_the_last_versions_are_remembered_also_through_a_file() -> None:
    versions = Versions()
    for number in range(MAX_VERSIONS + 3):
        marks = bytes([number]) * 8
        versions = versions.with_versions({"feed.xml": (f"v{number}", marks), "a": ("x", b"")})
    again = versions_from_bytes(versions.to_bytes())
    assert again == versions
    assert len(again.by_path["feed.xml"]) == MAX_VERSIONS
    assert again.known("feed.xml", "v2") is None
    assert again.known("feed.xml", "v3") == b"\3" * 8
    assert again.restricted_to({"a"}).by_path.keys() == {"a"}


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"a": 1}', b'{"a": {"b": 1}}', b"\xff"])
def test_a_file_that_holds_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        versions_from_bytes(data)
