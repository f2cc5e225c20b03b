"""Call hooks with events, and ping the WebSub hub about changed feeds: in order, with retries.

Each hook gets each event at least once. A failed call is retried with growing delays; an event that
a hook did not accept within a day is given up, which is reported. Only the service calls this; a
build never uses the network.
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
from urllib.parse import quote, urlencode

from syndicate.backoff import Backoff
from syndicate.catalogue.urls import base_url
from syndicate.config.model import Hook
from syndicate.documents.render_cache import address_of
from syndicate.http_client import HttpError, post
from syndicate.issues.archive import Shown, is_written
from syndicate.issues.compose import place_of_issue
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.events import Event, EventKind, Events, HookCursor
from syndicate.store.incarnation import Incarnation
from syndicate.store.issues import Issues
from syndicate.timestamps import format_timestamp, parse_timestamp

BACKOFF = Backoff(timedelta(seconds=30), timedelta(hours=1))
GIVEN_UP_AFTER = timedelta(hours=24)
KEPT = timedelta(days=30)
"""How long events are kept."""

HUB = "websub:hub"
"""The name of the hub's cursor; no hook can have this name."""

BATCH_SIZE = 50
"""Feeds in one ping of the hub, and events for one hook before the next hook is called."""

COMMAND_SECONDS = 600


class HookError(Exception):
    """A hook did not accept an event; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A hook that failed. `given_up` is the subject of an event that it will never get, or ""."""

    hook: str
    reason: str
    given_up: str = ""


@dataclass(frozen=True, slots=True)
class _Subscription:
    """Which events a hook gets, how many in one call, and how."""

    name: str
    kinds: tuple[str, ...]
    per_call: int
    call: Callable[[Sequence[Event]], None]


def call_hooks(site: Site, now: datetime, shown: Shown = is_written) -> list[Failure]:
    """Call every hook, and the hub, with the events they have not got; the failures.

    The event of an approved issue waits until its page is `shown`: readers follow its links.
    """
    events = Events(site.database)
    cursors = events.cursors()
    failures: list[Failure] = []
    for subscription in _subscriptions(site):
        cursor = cursors.get(subscription.name) or _new_cursor(site, events, subscription.name)
        failures += _call(site, events, subscription, cursor, now, shown)
    names = {*site.config.hooks, *([HUB] if site.config.feeds.hub else [])}
    positions = [cursor.position for name, cursor in events.cursors().items() if name in names]
    with site.database.transaction():  # events that a hook has not got stay, however old
        events.delete_old(now, KEPT, min(positions, default=events.last()))
    return failures


def _new_cursor(site: Site, events: Events, name: str) -> HookCursor:
    """The cursor of a hook that is new: it gets no earlier events, but the hub gets all."""
    cursor = HookCursor(name, 0 if name == HUB else events.last())
    with site.database.transaction():
        events.move_cursor(cursor)
    return cursor


def _subscriptions(site: Site) -> Iterator[_Subscription]:
    incarnation = Incarnation(site.database, site.sent_record)
    if site.config.hooks and incarnation.doubt() is None:  # programs behind hooks send issues
        incarnation.synchronise()
        for hook in site.config.hooks.values():
            yield _Subscription(hook.name, hook.on, 1, partial(_call_hook, site, hook))
    if hub := site.config.feeds.hub:
        yield _Subscription(HUB, (EventKind.FEED_CHANGED,), BATCH_SIZE, partial(_ping, hub))


def _call(
    site: Site,
    events: Events,
    subscription: _Subscription,
    cursor: HookCursor,
    now: datetime,
    shown: Shown,
) -> Iterator[Failure]:
    """Call one hook until it fails or has all events; saves its cursor after each call."""
    if format_timestamp(now) < cursor.next_try <= format_timestamp(now + BACKOFF.longest):
        yield Failure(subscription.name, cursor.reason)
        return
    following = events.since(cursor.position, subscription.kinds, BATCH_SIZE)
    due = list(takewhile(partial(_is_due, site, shown), following))
    while due:
        batch, due = due[: subscription.per_call], due[subscription.per_call :]
        last = batch[-1]
        reason = _reason_of_failure(subscription, batch)
        cursor = (
            after_failure(cursor, last, reason, now)
            if reason
            else HookCursor(subscription.name, last.id)
        )
        with site.database.transaction():
            events.move_cursor(cursor)
        if reason:
            is_given_up = cursor.position == last.id
            yield Failure(subscription.name, reason, last.subject if is_given_up else "")
            if not is_given_up:
                return


def _reason_of_failure(subscription: _Subscription, batch: Sequence[Event]) -> str:
    """Call a hook; why it failed, or ""."""
    try:
        subscription.call(batch)
    except HookError as error:
        return str(error)
    return ""


def _is_due(site: Site, shown: Shown, event: Event) -> bool:
    """Whether an event may be sent now; those after it wait too."""
    if event.event != EventKind.ISSUE_APPROVED:
        return True
    newsletter, _, slot = event.subject.partition("/")
    issue = Issues(site.database).get(newsletter, slot)
    has_page = issue and issue.is_public and newsletter in site.config.newsletters
    return not (issue and has_page) or shown(site, issue)


def after_failure(cursor: HookCursor, event: Event, reason: str, now: datetime) -> HookCursor:
    """The cursor after a failed call: the event is retried later, or given up. Pure."""
    since = min(cursor.failing_since or format_timestamp(now), format_timestamp(now))
    waited = BACKOFF.total(cursor.attempts)
    # Both: a clock that is ahead for a moment does not end the retries.
    if (
        now - parse_timestamp(since) >= GIVEN_UP_AFTER
        and waited >= GIVEN_UP_AFTER - BACKOFF.longest
    ):
        return HookCursor(cursor.name, event.id)
    return cursor._replace(
        attempts=cursor.attempts + 1,
        next_try=format_timestamp(now + BACKOFF.delay(cursor.attempts)),
        failing_since=since,
        reason=reason,
    )


# -- payloads ------------------------------------------------------------------------------------


def payload(site: Site, event: Event) -> dict[str, object]:
    """The JSON that a hook gets for an event, with the texts of an issue."""
    about = {
        EventKind.ARTICLE_PUBLISHED: _article,
        EventKind.DOCUMENTS_CHANGED: _documents,
    }.get(EventKind(event.event), _issue)
    return {
        "event": event.event,
        "id": f"{site.host}/{event.id}",
        "at": event.occurred_at,
        "site": {"title": site.config.site.title, "url": base_url(site.config.site)},
        **about(site, event),
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
            "url": address_of(record, site.config.site, site.zone),
            "published": record.published,
            "updated": record.updated,
            "tags": [label for _, label in record.tag_pairs],
        }
    }


def _documents(site: Site, event: Event) -> dict[str, object]:
    changed = json.loads(event.subject)
    return {
        "target": changed["target"],
        "documents": [
            {"path": path, "url": base_url(site.config.site) + quote(page_address(path))}
            for path in changed["paths"]
        ],
    }


def page_address(path: str) -> str:
    """The address of a document relative to the site: that of its folder for an index page."""
    return path.removesuffix("index.html") if f"/{path}".endswith("/index.html") else path


# -- calls ---------------------------------------------------------------------------------------


def _call_hook(site: Site, hook: Hook, events: Sequence[Event]) -> None:
    (event,) = events
    content = payload(site, event)
    body = json.dumps(content, ensure_ascii=False).encode()
    if hook.command:
        _run(hook.command, Path(site.config_file).resolve().parent, body)
        return
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(content["id"])}
    if hook.secret:
        signature = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
        headers["X-Syndicate-Signature"] = f"sha256={signature}"
    _post(hook.url, body, headers)


def _ping(hub: str, events: Sequence[Event]) -> None:
    """Ping a WebSub hub with the URLs of changed feeds, as hubs agree on for publishers."""
    topics = dict.fromkeys(event.subject for event in events)
    fields = [("hub.mode", "publish"), *(("hub.url", topic) for topic in topics)]
    form = urlencode(fields).encode()
    _post(hub, form, {"Content-Type": "application/x-www-form-urlencoded"})


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    try:
        post(url, body, headers)
    except HttpError as error:
        raise HookError(str(error)) from None


def _run(command: str, folder: Path, body: bytes) -> None:
    try:
        process = subprocess.run(  # noqa: S603  the operator's own program, without a shell
            shlex.split(command),
            cwd=folder,
            input=body,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise HookError(f"the command ran longer than {COMMAND_SECONDS} seconds") from None
    except OSError as error:
        raise HookError(f"the command cannot be run: {error.strerror}") from None
    if process.returncode:
        last = process.stderr.decode(errors="replace").strip().rpartition("\n")[2][:200]
        raise HookError(
            f"the command exited with {process.returncode}{f': {last}' if last else ''}"
        )
