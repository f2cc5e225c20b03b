"""Tells hooks what happened, and the WebSub hub which feeds changed: in order, until they heard.

Each hook hears of each event at least once. One that fails is tried again with growing waits; what
it did not hear within a day is given up, and said. Only the service calls this; a build never
touches the network.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from pathlib import Path
from urllib.parse import urlencode

from syndicate.backoff import Backoff
from syndicate.catalogue.urls import base_url
from syndicate.config.model import Hook
from syndicate.documents.render_cache import address
from syndicate.http_client import HttpError, post
from syndicate.issues.archive import Shown, is_written
from syndicate.issues.compose import place_of_issue
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.events import Event, Events, Happening, Told
from syndicate.store.incarnation import Incarnation
from syndicate.store.issues import Issues
from syndicate.timestamps import format_timestamp, parse_timestamp

BACKOFF = Backoff(timedelta(seconds=30), timedelta(hours=1))
GIVEN_UP_AFTER = timedelta(hours=24)
KEPT = timedelta(days=30)
"""How long events are kept."""

HUB = "websub:hub"
"""The name under which it is noted how far the hub was told; no hook can be called so."""

AT_ONCE = 50
"""Feeds in one ping of the hub, and events told to one hook before others have their turn."""

COMMAND_SECONDS = 600


class NotHeardError(Exception):
    """A hook did not take an event; the text says why."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A hook that does not hear now. `given_up` is the event it will never hear of."""

    hook: str
    reason: str
    given_up: str = ""


@dataclass(frozen=True, slots=True)
class _Listener:
    """Someone to tell: which events, how many at once, and how."""

    name: str
    kinds: tuple[str, ...]
    at_once: int
    tell: Callable[[Sequence[Event]], None]


def tell_hooks(site: Site, now: datetime, shown: Shown = is_written) -> list[Failure]:
    """Tell every hook, and the hub, what it has not heard yet; give those that did not listen.

    That an issue may be sent is told once its page is `shown`: readers follow its links.
    """
    events = Events(site.database)
    known = events.hooks()
    failures: list[Failure] = []
    for listener in _listeners(site):
        told = known.get(listener.name)
        if told is None:  # what happened before it was there is not its business
            told = Told(listener.name, 0 if listener.name == HUB else events.last())
            with site.database.transaction():
                events.tell(told)
        failures += _tell(site, events, listener, told, now, shown)
    names = {*site.config.hooks, *([HUB] if site.config.feeds.hub else [])}
    heard = [told.position for name, told in events.hooks().items() if name in names]
    with site.database.transaction():  # what a hook has not heard stays, whatever the clock says
        events.forget(now, KEPT, min(heard, default=events.last()))
    return failures


def _listeners(site: Site) -> Iterator[_Listener]:
    incarnation = Incarnation(site.database, site.sent_record)
    if site.config.hooks and incarnation.doubt() is None:  # programs behind hooks send issues
        incarnation.synchronise()
        for hook in site.config.hooks.values():
            tell = partial(_tell_hook, site, hook)
            yield _Listener(hook.name, hook.on, 1, tell)
    if hub := site.config.feeds.hub:
        yield _Listener(HUB, (Happening.FEED_CHANGED,), AT_ONCE, partial(_ping, hub))


def _tell(
    site: Site, events: Events, listener: _Listener, told: Told, now: datetime, shown: Shown
) -> Iterator[Failure]:
    if format_timestamp(now) < told.next_try <= format_timestamp(now + BACKOFF.longest):
        yield Failure(listener.name, told.reason)
        return
    found = events.since(told.position, listener.kinds, AT_ONCE)
    waiting = list(takewhile(partial(_may_be_told, site, shown), found))
    while waiting:
        due, waiting = waiting[: listener.at_once], waiting[listener.at_once :]
        try:
            listener.tell(due)
        except NotHeardError as error:
            told = after_failure(told, due[-1], str(error), now)
            given_up = told.position == due[-1].id
            yield Failure(listener.name, str(error), due[-1].subject if given_up else "")
            waiting = waiting if given_up else []
        else:
            told = Told(listener.name, due[-1].id)
        with site.database.transaction():
            events.tell(told)


def _may_be_told(site: Site, shown: Shown, event: Event) -> bool:
    """Whether it is time to tell an event; those behind it wait too."""
    if event.event != Happening.ISSUE_APPROVED:
        return True
    newsletter, _, slot = event.subject.partition("/")
    issue = Issues(site.database).get(newsletter, slot)
    known = newsletter in site.config.newsletters  # else it has no page any more
    return not (issue and issue.is_public and known) or shown(site, issue)


def after_failure(told: Told, event: Event, reason: str, now: datetime) -> Told:
    """How far a hook was told after it did not hear: to be tried again, or given up. Pure."""
    since = min(told.failing_since or format_timestamp(now), format_timestamp(now))
    waited = BACKOFF.total(told.attempts)
    # Both: a clock that is ahead for a moment does not end the retries.
    if (
        now - parse_timestamp(since) >= GIVEN_UP_AFTER
        and waited >= GIVEN_UP_AFTER - BACKOFF.longest
    ):
        return Told(told.name, event.id)
    wait = BACKOFF.delay(told.attempts)
    return Told(
        told.name, told.position, told.attempts + 1, format_timestamp(now + wait), since, reason
    )


# -- what is told --------------------------------------------------------------------------------


def payload(site: Site, event: Event) -> dict[str, object]:
    """What a hook is told of an event; the texts of issues with it."""
    about = _issue(site, event) if event.event.startswith("issue-") else _article(site, event)
    return {
        "event": event.event,
        "id": f"{site.host}/{event.id}",
        "at": event.at,
        "site": {"title": site.config.site.title, "url": base_url(site.config.site)},
        **about,
    }


def _issue(site: Site, event: Event) -> dict[str, object]:
    name, _, slot = event.subject.partition("/")
    issue = Issues(site.database).get(name, slot)
    assert issue is not None, "issues are never deleted"
    newsletter = site.config.newsletters.get(name)
    return {
        "issue": {
            "newsletter": name,
            "title": newsletter.title if newsletter else name,
            "sender": newsletter.sender if newsletter else "",
            "slot": slot,
            "state": issue.state,
            "subject": issue.subject,
            "html": issue.html,
            "text": issue.text,
            "url": base_url(site.config.site) + place_of_issue(issue),
            "articles": [
                {"id": each.id, "title": each.title, "url": each.url} for each in issue.carried
            ],
        }
    }


def _article(site: Site, event: Event) -> dict[str, object]:
    (record,) = Articles(site.database).by_ids([event.subject])
    return {
        "article": {
            "id": record.id,
            "title": record.title,
            "url": address(record, site.config.site, site.zone),
            "published": record.published,
            "updated": record.updated,
            "tags": [label for _, label in record.tag_pairs],
        }
    }


# -- how it is told ------------------------------------------------------------------------------


def _tell_hook(site: Site, hook: Hook, events: Sequence[Event]) -> None:
    (event,) = events
    told = payload(site, event)
    body = json.dumps(told, ensure_ascii=False).encode()
    if hook.command:
        _run(hook.command, Path(site.config_file).resolve().parent, body)
        return
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(told["id"])}
    if hook.secret:
        signature = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
        headers["X-Syndicate-Signature"] = f"sha256={signature}"
    _post(hook.url, body, headers)


def _ping(hub: str, events: Sequence[Event]) -> None:
    """Tell a WebSub hub which feeds changed (the form that hubs agree on for publishers)."""
    topics = dict.fromkeys(event.subject for event in events)
    fields = [("hub.mode", "publish"), *(("hub.url", topic) for topic in topics)]
    form = urlencode(fields).encode()
    _post(hub, form, {"Content-Type": "application/x-www-form-urlencoded"})


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    try:
        post(url, body, headers)
    except HttpError as error:
        raise NotHeardError(str(error)) from None


def _run(command: str, folder: Path, body: bytes) -> None:
    try:
        done = subprocess.run(  # noqa: S603  the operator's own program, without a shell
            shlex.split(command),
            cwd=folder,
            input=body,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotHeardError(f"it ran longer than {COMMAND_SECONDS} seconds") from None
    except OSError as error:
        raise NotHeardError(f"it cannot be run: {error.strerror}") from None
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2][:200]
        raise NotHeardError(f"it ended with {done.returncode}{f': {last}' if last else ''}")
