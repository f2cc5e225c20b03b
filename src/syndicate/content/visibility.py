"""What a header value means for publication: public, unlisted, held back, or unclear. Pure.

With these keys, Hugo, Zola, Jekyll, Pelican, Eleventy, Hexo, Nikola, Docusaurus, WordPress, Ghost,
Quartz and others keep a text from being published, or out of lists and feeds. A value that may mean
"not public" and is not understood is UNCLEAR; it is never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from syndicate.content.keys import Role


class Verdict(Enum):
    """What one key means. PUBLIC also overrules a folder for drafts; NOTHING does not."""

    NOTHING = auto()
    PUBLIC = auto()
    UNLISTED = auto()
    WITHHELD = auto()
    UNCLEAR = auto()


_TRUE = ("true", "yes", "on", "y", "1")
_FALSE = ("false", "no", "off", "n", "0")
_NEVER = ("never", "none", "link")  # Hugo's `link` gives a page an address, but no page
_UNLISTED = frozenset(("unlisted", "link only"))
_DUE = frozenset(("scheduled", "future", "queued"))
_PRIVATE_WORDS = (
    "draft drafts hidden private unpublished pending members paid tiers subscribers password "
    "protected internal confidential wip"
)
_PRIVATE = frozenset(_PRIVATE_WORDS.split())
_WITHHELD_WORDS = (
    "skip,trash,trashed,deleted,rejected,expired,inherit,auto draft,pending review,in review,"
    "needs review,ready for review,work in progress,not published,members only,filter,sent,"
    "embargo,embargoed,disabled"
)
_WITHHELD = _PRIVATE | frozenset(_WITHHELD_WORDS.split(","))
_PUBLIC_WORDS = (
    "published publish public live featured sticky released online active final finished done "
    "complete completed evergreen seedling budding sapling mature current updated ongoing "
    "abandoned archived obsolete deprecated stable"
)
_PUBLIC = frozenset(_PUBLIC_WORDS.split())
_OPEN_WORDS = "public everyone open world visible listed published"
_OPEN = frozenset(_OPEN_WORDS.split())


def yes_or_no(value: object) -> bool | None:
    """A boolean however it is written (`true`, `"No"`, `0`), else None."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    return True if word in _TRUE else False if word in _FALSE else None


def verdict(role: Role, value: object) -> Verdict:
    """What a key of this role means with this value, which is not empty.

    A word for "later" (`status: scheduled`) is NOTHING: the date decides; see `is_due_later`.
    """
    answer, word = yes_or_no(value), word_of(value)
    match role:
        case Role.STATUS:
            return _status(answer, word)
        case Role.VISIBILITY:
            return _visibility(answer, word)
        case Role.STAGE:
            return Verdict.WITHHELD if word in _PRIVATE else Verdict.NOTHING
        case Role.WITHHELD:
            return _if(answer, Verdict.WITHHELD, Verdict.NOTHING)
        case Role.SHOWN:
            shown = {"always": True, **dict.fromkeys(_NEVER, False)}.get(word, answer)
            return _if(shown, Verdict.NOTHING, Verdict.WITHHELD)
        case Role.UNLISTED:
            listing = bool(value) if isinstance(value, list) else answer
            return _if(listing, Verdict.UNLISTED, Verdict.NOTHING)
        case Role.LISTED:
            out = answer is False or word in (*_NEVER, "local")
            return Verdict.UNLISTED if out else Verdict.NOTHING
        case Role.BUILD:
            return _build(value)
        case Role.PASSWORD:
            return Verdict.NOTHING if value is False else Verdict.WITHHELD
    return Verdict.NOTHING


def is_due_later(role: Role, value: object) -> bool:
    """Whether a status means that the text is published at its date."""
    return role is Role.STATUS and word_of(value) in _DUE


def word_of(value: object) -> str:
    """A text as it is compared: lowercase, one space between words; "" for other values."""
    if not isinstance(value, str):
        return ""
    return " ".join(value.lower().replace("-", " ").replace("_", " ").split())


def _if(answer: bool | None, yes: Verdict, no: Verdict) -> Verdict:
    return Verdict.UNCLEAR if answer is None else yes if answer else no


def _status(answer: bool | None, word: str) -> Verdict:
    if word in _UNLISTED:
        return Verdict.UNLISTED
    if word in _WITHHELD or answer is False:
        return Verdict.WITHHELD
    if word in _PUBLIC:
        return Verdict.PUBLIC
    return Verdict.NOTHING if answer or word in _DUE else Verdict.UNCLEAR


def _visibility(answer: bool | None, word: str) -> Verdict:
    if word in _UNLISTED:
        return Verdict.UNLISTED
    if word in _WITHHELD or answer is False:
        return Verdict.WITHHELD
    return Verdict.NOTHING if answer or word in _OPEN else Verdict.UNCLEAR


def _build(value: object) -> Verdict:
    """Hugo's `build:`, a map of `render` and `list`."""
    if not isinstance(value, Mapping):
        return Verdict.WITHHELD if yes_or_no(value) is False else Verdict.NOTHING
    parts = {str(name).lower(): part for name, part in value.items()}
    verdicts = [verdict(Role.SHOWN, parts["render"])] if "render" in parts else []
    if "list" in parts:
        word, answer = word_of(parts["list"]), yes_or_no(parts["list"])
        kept = word in ("never", "local") or answer is False
        clear = kept or answer or word == "always"
        verdicts.append(Verdict.UNLISTED if kept else Verdict.NOTHING if clear else Verdict.UNCLEAR)
    return max(verdicts, key=lambda each: each.value, default=Verdict.NOTHING)
