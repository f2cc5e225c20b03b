"""Tags as written and as in addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.catalogue.tags import tag_of, tag_pairs


@pytest.mark.parametrize(
    ("label", "tag"),
    [
        ("Cats", "cats"),
        ("Rust & C++", "rust-c-plus-plus"),
        ("C#", "c-sharp"),
        ("#today", "today"),
        ("New  York", "new-york"),
        ("ÖL", "öl"),
        ("Straße", "strasse"),
        ("ﬁne", "fine"),
        ("東京", "東京"),
        ("a_b/c", "a-b-c"),
        ("../..", "tag-2e2e2f2e2e"),
        ("!", "tag-21"),
    ],
)
def test_a_label_has_this_tag_in_addresses(label: str, tag: str) -> None:
    assert tag_of(label) == tag


@given(st.text(min_size=1))
def test_every_label_gives_a_safe_folder_name(label: str) -> None:
    tag = tag_of(label)
    assert tag
    assert len(tag.encode()) <= 255, "longer names are refused by file systems"
    assert not set(tag) & set("/\\.?#%&\0 ")


def test_tags_too_long_for_a_folder_name_stay_distinct() -> None:
    one, other = tag_of("long " * 100 + "one"), tag_of("long " * 100 + "other")
    assert one != other
    assert max(len(one), len(other)) <= 255
    assert len(tag_of("長" * 300).encode()) <= 255


def test_the_first_of_two_labels_with_the_same_tag_is_kept() -> None:
    assert tag_pairs('{"tags": ["Cats", "dogs", "cats"]}') == (("cats", "Cats"), ("dogs", "dogs"))
    assert tag_pairs("{}") == ()
