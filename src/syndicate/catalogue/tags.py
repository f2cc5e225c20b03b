"""Tags as authors write them, and as they are in URLs. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import lru_cache
from hashlib import sha256

from syndicate.content.naming import MAX_SLUG_LENGTH


def tag_pairs(metadata: str) -> tuple[tuple[str, str], ...]:
    """The tags in a record's metadata: as in addresses, and as written."""
    if '"tags"' not in metadata:
        return ()
    labels = json.loads(metadata).get("tags", ())
    pairs = {tag_of(label): label for label in reversed(labels)}
    return tuple((tag, pairs[tag]) for tag in dict.fromkeys(map(tag_of, labels)))


_APART = re.compile(r"[\W_]+")


@lru_cache(maxsize=4096)
def tag_of(label: str) -> str:
    """A tag as it is in URLs: `Rust & C++` -> `rust-c-plus-plus`; never empty."""
    if label.isascii() and label.isalnum() and len(label) <= MAX_SLUG_LENGTH:
        return label.lower()
    words = unicodedata.normalize("NFKC", label).casefold().lstrip("#")
    words = words.replace("+", "-plus-").replace("#", "-sharp-")
    tag = _APART.sub("-", words).strip("-") or "tag-" + label.encode().hex()
    return tag if len(tag.encode()) <= MAX_SLUG_LENGTH else _short(tag)


def _short(tag: str) -> str:
    """A tag too long for the name of a folder: cut, and kept apart from its like by a hash."""
    digest = sha256(tag.encode()).hexdigest()[:16]
    cut = tag.encode()[: MAX_SLUG_LENGTH - len(digest) - 1].decode("utf-8", "ignore")
    return f"{cut.rstrip('-')}-{digest}"
