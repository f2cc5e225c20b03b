"""Which articles the next issue carries, and why. Pure: rows in, a decision out."""

from __future__ import annotations

from collections.abc import Iterable, Set
from operator import attrgetter

from syndicate.config.model import Newsletter
from syndicate.newsletters.issue import Candidate, Reason, Selection

NEWEST = attrgetter("published", "id")


def select(
    newsletter: Newsletter,
    candidates: Iterable[Candidate],
    *,
    after: int,
    carried: Set[str],
    first: bool,
) -> Selection:
    """Choose the articles of the next issue.

    `after` is the sequence of the last article published when the newsletter began, `carried` the
    ids in its earlier issues, `first` whether this is its first issue. Articles published later
    always qualify, also with an old date; of the others the newest `backlog`, and only for the
    first issue.

    If more than the maximum qualify, a first issue has the newest, because it introduces the
    newsletter; each later one has those published first, so that no article waits forever. All
    others still qualify for the next issue: none is lost.
    """
    newest_first = sorted(candidates, key=NEWEST, reverse=True)
    reasons = {each.id: _refusal(newsletter, each, carried) for each in newest_first}
    selected = [each for each in newest_first if reasons[each.id] is None]
    recent = [each for each in selected if each.sequence > after]
    older = [each for each in selected if each.sequence <= after]
    backlog = older[: newsletter.backlog] if first else []
    if first:
        chosen = sorted(recent + backlog, key=NEWEST, reverse=True)[: newsletter.max_articles]
    else:
        chosen = sorted(recent, key=attrgetter("sequence"))[: newsletter.max_articles]
    reasons |= dict.fromkeys((each.id for each in recent), Reason.NO_ROOM)
    reasons |= dict.fromkeys((each.id for each in older), Reason.TOO_OLD)
    reasons |= dict.fromkeys((each.id for each in chosen), Reason.CHOSEN)
    return Selection(
        chosen=tuple(each.id for each in sorted(chosen, key=NEWEST, reverse=True)),
        reasons={id_: reason for id_, reason in reasons.items() if reason is not None},
    )


def _refusal(newsletter: Newsletter, candidate: Candidate, carried: Set[str]) -> Reason | None:
    """Why this article is never in an issue of the newsletter, or None."""
    tags = {tag.casefold() for tag in candidate.tags}
    if candidate.id in carried:
        return Reason.CARRIED
    if any(tag.casefold() in tags for tag in newsletter.exclude):
        return Reason.EXCLUDED
    if newsletter.include and not any(tag.casefold() in tags for tag in newsletter.include):
        return Reason.NOT_INCLUDED
    return None
