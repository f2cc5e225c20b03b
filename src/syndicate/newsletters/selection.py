"""Which articles the next issue carries, and why. Pure: rows in, a decision out."""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime
from operator import attrgetter

from syndicate.config.model import Newsletter
from syndicate.newsletters.issue import Candidate, Reason, Selection


def select(
    newsletter: Newsletter,
    candidates: Iterable[Candidate],
    *,
    began: datetime,
    carried: Set[str],
    first: bool,
) -> Selection:
    """Choose the articles of the next issue.

    `began` is when the newsletter came to be (aware), `carried` the ids in its earlier issues,
    `first` whether this is its first issue. Articles published since `began` always qualify;
    of older ones the newest `backlog`, and only for the first issue. When more qualify than
    `most`, a first issue takes the newest, for it introduces the newsletter; every later one
    takes the oldest, so that what waits is never overtaken for ever. Whatever waits was
    published since `began`, so it still qualifies next time: nothing is lost.
    """
    newest_first = sorted(candidates, key=attrgetter("published", "id"), reverse=True)
    reasons = {each.id: _refusal(newsletter, each, carried) for each in newest_first}
    wanted = [each for each in newest_first if reasons[each.id] is None]
    recent = [each for each in wanted if each.published >= began]
    older = wanted[len(recent) :]
    backlog = older[: newsletter.backlog] if first else []
    qualified = recent + backlog
    chosen = qualified[: newsletter.most] if first else qualified[-newsletter.most :]
    reasons |= dict.fromkeys((each.id for each in recent), Reason.NO_ROOM)
    reasons |= dict.fromkeys((each.id for each in older), Reason.TOO_OLD)
    reasons |= dict.fromkeys((each.id for each in chosen), Reason.CHOSEN)
    return Selection(
        chosen=tuple(each.id for each in chosen),
        reasons={id_: reason for id_, reason in reasons.items() if reason is not None},
    )


def _refusal(newsletter: Newsletter, candidate: Candidate, carried: Set[str]) -> Reason | None:
    """Why the newsletter does not want this article whatever its date, or None."""
    tags = {tag.casefold() for tag in candidate.tags}
    if candidate.id in carried:
        return Reason.CARRIED
    if any(tag.casefold() in tags for tag in newsletter.exclude):
        return Reason.EXCLUDED
    if newsletter.include and not any(tag.casefold() in tags for tag in newsletter.include):
        return Reason.NOT_INCLUDED
    return None
