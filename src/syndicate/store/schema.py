"""The tables, as SQLAlchemy Core metadata: what all migrations lead to (a test proves it).

Timestamps are text in UTC with whole seconds (`2026-11-22T08:00:00Z`), which sorts the same in
every database. Importing this module imports SQLAlchemy, which takes longer than a build with
nothing to do; so only creating, migrating and PostgreSQL do.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Index,
    MetaData,
    Table,
    Text,
    text,
)

# Byte order on every database, whatever its locale.
PLAIN = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData()

articles = Table(
    "articles",
    metadata,
    Column("id", PLAIN, primary_key=True),  # tag: URI (RFC 4151), never changed
    Column("path", PLAIN, nullable=False, unique=True),  # relative to the content folder
    Column("size", BigInteger, nullable=False),  # of the file as last read well
    Column("mtime_ns", BigInteger, nullable=False),  # -1: too fresh to be trusted
    Column("body_hash", PLAIN, nullable=False),
    Column("state", PLAIN, nullable=False),  # catalogue.records.State
    Column("first_seen", PLAIN, nullable=False),
    Column("published", PLAIN, nullable=False),  # the future: scheduled
    Column("updated", PLAIN, nullable=False),
    Column("sequence", BigInteger),  # 1, 2, ... in the order of first publication
    Column("title", PLAIN, nullable=False),
    Column("slug", PLAIN, nullable=False),
    Column("metadata", PLAIN, nullable=False),  # the rest, such as tags: JSON
    Column("findings", PLAIN),  # of reading it, JSON
    Column("hold", PLAIN, nullable=False, server_default=""),  # content.article.HoldKind
    Column("undated", BigInteger, nullable=False, server_default="0"),  # 1: no date is stated
    Column("expires", PLAIN),  # when it is withdrawn
    Column("aliases", PLAIN),  # other paths of it, JSON
    Index("articles_by_date", "state", "published", "sequence"),
    Index("articles_by_sequence", "sequence"),
    Index(
        "articles_with_findings",
        "path",
        sqlite_where=text("findings IS NOT NULL"),
        postgresql_where=text("findings IS NOT NULL"),
    ),
)

article_tags = Table(  # of published articles
    "article_tags",
    metadata,
    Column("tag", PLAIN, primary_key=True),  # as in the address of its feeds
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),  # the article's
    Column("label", PLAIN, nullable=False),  # as written
    sqlite_with_rowid=False,
)

unreadable_files = Table(  # files that could not be read, as they were then
    "unreadable_files",
    metadata,
    Column("path", PLAIN, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("finding", PLAIN, nullable=False),  # JSON
    Column("rule", PLAIN, nullable=False, server_default=""),  # of the finding
)

renderings = Table(  # what bodies became: a cache, and the last good copy of a broken file
    "renderings",
    metadata,
    Column("article", PLAIN, primary_key=True),
    Column("input_hash", PLAIN, nullable=False),  # hashes, address, version of the renderer
    Column("rendering", PLAIN, nullable=False),  # JSON
    Column("findings", PLAIN),  # JSON
    Index(
        "renderings_with_findings",
        "article",
        sqlite_where=text("findings IS NOT NULL"),
        postgresql_where=text("findings IS NOT NULL"),
    ),
)

dependencies = Table(  # files and articles that renderings refer to
    "dependencies",
    metadata,
    Column("article", PLAIN, primary_key=True),
    Column("target", PLAIN, primary_key=True),  # path in the content folder
    Column("fingerprint", PLAIN, nullable=False),  # how the target was then; "" if missing
    sqlite_with_rowid=False,
)

documents = Table(  # files this program wrote
    "documents",
    metadata,
    Column("path", PLAIN, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("owner", PLAIN, nullable=False),  # catalogue.owners.Owner
    Column("hash", PLAIN, nullable=False, server_default=""),  # of its bytes; "" until written
    # When its bytes last changed, in seconds since 1970: the time of the file on every machine.
    Column("changed", BigInteger, nullable=False, server_default="0"),
)

published_documents = Table(  # what targets have; with "" as hash while one is being written
    "published_documents",
    metadata,
    Column("target", PLAIN, primary_key=True),  # its name in config.yaml
    Column("path", PLAIN, primary_key=True),  # relative to the output folder
    Column("hash", PLAIN, nullable=False),  # as in documents
    sqlite_with_rowid=False,
)

publish_targets = Table(  # the state of each target
    "publish_targets",
    metadata,
    Column("name", PLAIN, primary_key=True),
    Column("destination", PLAIN, nullable=False),  # hash of its settings: another one is empty
    Column("published_at", PLAIN, nullable=False),  # when it last had all documents, "" before
    Column("attempts", BigInteger, nullable=False),  # that failed since
    Column("next_try", PLAIN, nullable=False),
    Column("reason", PLAIN, nullable=False),  # of the last failure, "" after a success
)

document_findings = Table(  # findings of making documents
    "document_findings",
    metadata,
    Column("owner", PLAIN, primary_key=True),
    Column("findings", PLAIN, nullable=False),  # JSON
)

newsletters = Table(
    "newsletters",
    metadata,
    Column("name", PLAIN, primary_key=True),
    Column("started_at", PLAIN, nullable=False),
    Column("after", BigInteger, nullable=False),  # the last article's sequence then
    Column("schedule", PLAIN, nullable=False),  # as it is configured, zone and all
    Column("schedule_since", PLAIN, nullable=False),  # when it last changed
)

issues = Table(  # of newsletters, frozen when made; one for each slot
    "issues",
    metadata,
    Column("newsletter", PLAIN, primary_key=True),
    Column("slot", PLAIN, primary_key=True),  # local wall time: 2026-11-30T08:00
    Column("due", PLAIN, nullable=False),  # the slot in UTC
    Column("planned", BigInteger, nullable=False),  # 1: a slot of the schedule, 0: made by hand
    Column("state", PLAIN, nullable=False),  # draft | approved | sending | sent | skipped | ...
    Column("created_at", PLAIN, nullable=False),
    Column("reason", PLAIN, nullable=False),  # why it was skipped or cancelled, else ""
    Column("subject", PLAIN, nullable=False),
    Column("html", PLAIN, nullable=False),
    Column("text", PLAIN, nullable=False),
    Column("page", PLAIN, nullable=False),  # the mail as a web page
    Column("message", PLAIN, nullable=False),  # complete, to the sender
    Column("articles", PLAIN, nullable=False),  # as carried, JSON
    Column("sequence", BigInteger, nullable=False),  # 1, 2, ... in the order they were made
    # As it is sent, with marks where each recipient gets something of their own, JSON; "" if not.
    Column("personal", PLAIN, nullable=False, server_default=""),
    # The part of a draft's address that cannot be guessed; "" where it never was a draft.
    Column("draft_key", PLAIN, nullable=False, server_default=""),
    Column("approve_at", PLAIN, nullable=False, server_default=""),  # when a draft is approved
    Column("approved_at", PLAIN, nullable=False, server_default=""),  # when it was, "" before
    CheckConstraint(
        "approved_at <> '' OR state IN ('draft', 'skipped', 'cancelled')", name="issues_approved"
    ),
    CheckConstraint("approve_at = '' OR state = 'draft'", name="issues_approve_at"),
    Index("issues_by_sequence", "sequence"),
    Index(
        "issues_to_send",
        "newsletter",
        "sequence",
        sqlite_where=text("state = 'approved' AND personal <> ''"),
        postgresql_where=text("state = 'approved' AND personal <> ''"),
    ),
)

issue_articles = Table(  # which articles were taken; none comes twice in a newsletter
    "issue_articles",
    metadata,
    Column("newsletter", PLAIN, primary_key=True),
    Column("article", PLAIN, primary_key=True),
    Column("slot", PLAIN, nullable=False),
    Column("updated", PLAIN, nullable=False),  # the article's, when it was taken
    Index("issue_articles_by_article", "article"),
)

events = Table(  # what happened, for hooks
    "events",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("event", PLAIN, nullable=False),  # issue-made, ...
    Column("subject", PLAIN, nullable=False),  # newsletter/slot, id of an article, ...
    Column("occurred_at", PLAIN, nullable=False),
)

hook_cursors = Table(  # the position of each hook in the events
    "hook_cursors",
    metadata,
    Column("name", PLAIN, primary_key=True),
    Column("position", BigInteger, nullable=False),  # the last event it got
    Column("attempts", BigInteger, nullable=False),  # at the next one
    Column("next_try", PLAIN, nullable=False),
    Column("failing_since", PLAIN, nullable=False),
    Column("reason", PLAIN, nullable=False),
)

subscribers = Table(  # people, of any newsletter
    "subscribers",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # never given twice
    Column("address", PLAIN, nullable=False),  # as mail is sent to it
    Column("hash", PLAIN, nullable=False, unique=True),  # of the address, whatever its spelling
    Column("name", PLAIN, nullable=False),
    Column("created_at", PLAIN, nullable=False),
)

subscriptions = Table(  # who gets which newsletter
    "subscriptions",
    metadata,
    Column("newsletter", PLAIN, primary_key=True),
    Column("subscriber", BigInteger, primary_key=True, autoincrement=False),
    Column("state", PLAIN, nullable=False),  # active | unsubscribed
    Column("since", PLAIN, nullable=False),  # of the state
    # Chosen tags, as in the addresses of their feeds, one a line; "" for all.
    Column("tags", PLAIN, nullable=False, server_default=""),
    Index("subscriptions_by_subscriber", "subscriber"),
    sqlite_with_rowid=False,
)

consents = Table(  # the evidence: who agreed to what, and when; only ever added to
    "consents",
    metadata,
    Column("subscriber", BigInteger, primary_key=True, autoincrement=False),
    Column("newsletter", PLAIN, primary_key=True),
    Column("occurred_at", PLAIN, primary_key=True),
    Column("event", PLAIN, primary_key=True),  # added | requested | confirmed | unsubscribed | ...
    Column("detail", PLAIN, nullable=False),  # its source; what was agreed to
    # The hash of the network address it came from; "" for none.
    Column("client", PLAIN, nullable=False, server_default=""),
    sqlite_with_rowid=False,
)

suppressions = Table(  # addresses never to be mailed again
    "suppressions",
    metadata,
    Column("hash", PLAIN, primary_key=True),  # as in subscribers
    Column("reason", PLAIN, nullable=False),  # request | erased | bounce | complaint
    Column("detail", PLAIN, nullable=False),
    Column("since", PLAIN, nullable=False),
)

withdrawals = Table(  # who unsubscribed, was suppressed or erased, in order; only ever added to
    "withdrawals",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", PLAIN, nullable=False),  # as in subscribers
    Column("newsletter", PLAIN, nullable=False),  # "" for what concerns the address itself
    # unsubscribed | subscribed | lifted, or the reason of a suppression
    Column("event", PLAIN, nullable=False),
    Column("occurred_at", PLAIN, nullable=False),
)

signup_requests = Table(  # requests on a page, and the email that answers each
    "signup_requests",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # random
    Column("kind", PLAIN, nullable=False),  # subscribe | preferences
    Column("address", PLAIN, nullable=False),
    Column("hash", PLAIN, nullable=False),  # as in subscribers
    Column("newsletters", PLAIN, nullable=False),  # JSON: names with chosen tags
    Column("requested_at", PLAIN, nullable=False),
    Column("client", PLAIN, nullable=False),  # as in consents
    Column("consent_text", PLAIN, nullable=False),  # what confirming agrees to
    Column("state", PLAIN, nullable=False),  # waiting | sent | dropped | failed | answered
    Column("attempts", BigInteger, nullable=False),
    Column("next_try", PLAIN, nullable=False),
    Column("reply", PLAIN, nullable=False),  # the outcome of the email
    # The URL of the site as used on this machine, for links in the outbox; else "".
    Column("base_url", PLAIN, nullable=False, server_default=""),
    Index("signup_requests_by_hash", "hash"),
    Index("signup_requests_by_state", "state", "next_try"),
)

signing_keys = Table(  # the keys that sign links in emails
    "signing_keys",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, ...; the last signs
    Column("key", PLAIN, nullable=False),
    Column("created_at", PLAIN, nullable=False),
    Column("expires_at", PLAIN, nullable=False),  # of its links; "" while it signs
)

issue_sends = Table(  # issues that are sent to subscribers
    "issue_sends",
    metadata,
    Column("issue", BigInteger, primary_key=True, autoincrement=False),  # its sequence
    Column("newsletter", PLAIN, nullable=False),
    Column("slot", PLAIN, nullable=False),
    Column("started_at", PLAIN, nullable=False),  # in UTC
    Column("planned", BigInteger, nullable=False),  # how many deliveries it was given
    Column("pause_reason", PLAIN, nullable=False),  # for people; "" unless it is paused
    Column("ended_at", PLAIN, nullable=False),  # "" while there are open deliveries
    # when the operator confirmed its refusals, or ""
    Column("confirmed_at", PLAIN, nullable=False, server_default=""),
    # how many messages were refused or bounced
    Column("returned", BigInteger, nullable=False, server_default="0"),
    # operator | old_approval | refusals | server | message; "" unless it is paused
    Column("pause_kind", PLAIN, nullable=False, server_default=""),
    # Deliveries are planned for subscribers up to this one, and will be up to the last one.
    Column("planned_to", BigInteger, nullable=False, server_default="0"),
    Column("last_recipient", BigInteger, nullable=False, server_default="0"),
)

deliveries = Table(  # one issue to one subscriber
    "deliveries",
    metadata,
    Column("issue", BigInteger, primary_key=True, autoincrement=False),
    Column("subscriber", BigInteger, primary_key=True, autoincrement=False),
    # pending | sending | sent | retry | failed | held | suppressed
    Column("state", PLAIN, nullable=False),
    Column("attempts", BigInteger, nullable=False, server_default="0"),  # that were not taken
    Column("next_try", PLAIN, nullable=False, server_default=""),  # of one in retry
    Column("changed_at", PLAIN, nullable=False, server_default=""),  # of the state
    Column("server", PLAIN, nullable=False, server_default=""),  # that accepted or refused it
    Column(
        "reply", PLAIN, nullable=False, server_default=""
    ),  # of the server; or why it was not sent
    # No index on the state: an update of an indexed column is expensive on PostgreSQL.
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": 70},
)

delivery_chunks = Table(  # consecutive deliveries of an issue, which one worker owns at a time
    "delivery_chunks",
    metadata,
    Column("issue", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, ...
    Column("first_subscriber", BigInteger, nullable=False),  # the one after the chunk before
    Column("last_subscriber", BigInteger, nullable=False),
    Column("owner", PLAIN, nullable=False, server_default=""),  # the id of the worker, or ""
    # How many deliveries were in each state when its last owner gave it up.
    Column("pending", BigInteger, nullable=False, server_default="0"),
    Column("retry", BigInteger, nullable=False, server_default="0"),
    Column("sent", BigInteger, nullable=False, server_default="0"),
    Column("failed", BigInteger, nullable=False, server_default="0"),
    Column("held", BigInteger, nullable=False, server_default="0"),
    Column("suppressed", BigInteger, nullable=False, server_default="0"),
    Column("next_try", PLAIN, nullable=False, server_default=""),  # the earliest of its retries
    Index("delivery_chunks_by_subscriber", "issue", "last_subscriber"),
    Index(
        "delivery_chunks_held",
        "issue",
        sqlite_where=text("held > 0"),
        postgresql_where=text("held > 0"),
    ),
    Index(
        "delivery_chunks_owned",
        "issue",
        sqlite_where=text("owner <> ''"),
        postgresql_where=text("owner <> ''"),
    ),
    *(
        Index(  # a claim takes the first free one
            f"delivery_chunks_{state}",
            *("owner", "number"),
            sqlite_where=text(f"{state} > 0"),
            postgresql_where=text(f"{state} > 0"),
        )
        for state in ("pending", "retry")
    ),
    sqlite_with_rowid=False,
)

delivery_events = Table(  # what happened to a delivery besides being sent; only ever added to
    "delivery_events",
    metadata,
    Column("issue", BigInteger, primary_key=True, autoincrement=False),
    Column("subscriber", BigInteger, primary_key=True, autoincrement=False),
    Column("occurred_at", PLAIN, primary_key=True),
    Column("event", PLAIN, primary_key=True),  # retry | failed | held | resolved | bounced | ...
    Column("detail", PLAIN, nullable=False),
    sqlite_with_rowid=False,
)

bounces = Table(  # bounce reports and complaints
    "bounces",
    metadata,
    Column("id", PLAIN, primary_key=True),  # the same for repeated reports
    Column("issue", BigInteger, nullable=False),
    Column("subscriber", BigInteger, nullable=False),
    Column("kind", PLAIN, nullable=False),  # hard | soft | blocked | complaint
    Column("status", PLAIN, nullable=False),  # RFC 3463, such as 5.1.1; "" if unknown
    Column("detail", PLAIN, nullable=False),
    Column("received_at", PLAIN, nullable=False),
    Index("bounces_by_subscriber", "subscriber", "received_at"),
    Index("bounces_by_issue", "issue"),
)

provider_events = Table(  # ids of events of mail providers, each of which is accepted once
    "provider_events",
    metadata,
    Column("id", PLAIN, primary_key=True),  # hash of the provider's name and its id of the event
    Column("received_at", PLAIN, nullable=False),
    sqlite_with_rowid=False,
)

relay_usage = Table(  # messages through each relay, for its limits
    "relay_usage",
    metadata,
    Column("relay", PLAIN, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, ...
    Column("recorded_at", Double, nullable=False),  # seconds since 1970
    Column("messages", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

relay_reservations = Table(  # what each worker may send now or is sending
    "relay_reservations",
    metadata,
    Column("relay", PLAIN, primary_key=True),
    Column("worker", BigInteger, primary_key=True, autoincrement=False),
    Column("messages", BigInteger, nullable=False),
    Column("connections", BigInteger, nullable=False),
    Column("ended_at", Double, nullable=False),  # seconds since 1970; 0: it may live
    sqlite_with_rowid=False,
)

workers = Table(  # the processes that send from this store, and those that died lately
    "workers",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # never reused
    Column("name", PLAIN, nullable=False),
    Column("host", PLAIN, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("version", PLAIN, nullable=False),  # of the program
    Column("settings", PLAIN, nullable=False),  # those that must agree, as hashes: JSON
    Column("started_at", PLAIN, nullable=False),
    Column("seen_at", PLAIN, nullable=False),
    Column("ended_at", PLAIN, nullable=False, server_default=""),  # when it was found dead
    Column("draining", BigInteger, nullable=False, server_default="0"),  # 1: it is to end
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": 50},
)

recovered_deliveries = Table(  # those a dead worker was sending; it may still know the outcome
    "recovered_deliveries",
    metadata,
    Column("worker", BigInteger, primary_key=True, autoincrement=False),
    Column("issue", BigInteger, primary_key=True, autoincrement=False),
    Column("subscriber", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

meta = Table(
    "meta",
    metadata,
    Column("key", PLAIN, primary_key=True),
    Column("value", PLAIN, nullable=False),
)
