CREATE TABLE article_tags (
  tag TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  label TEXT NOT NULL,
  PRIMARY KEY (tag, sequence)
)
 WITHOUT ROWID;
CREATE TABLE articles (
  id TEXT NOT NULL,
  path TEXT NOT NULL,
  size BIGINT NOT NULL,
  mtime_ns BIGINT NOT NULL,
  body_hash TEXT NOT NULL,
  state TEXT NOT NULL,
  first_seen TEXT NOT NULL,
  published TEXT NOT NULL,
  updated TEXT NOT NULL,
  sequence BIGINT,
  title TEXT NOT NULL,
  slug TEXT NOT NULL,
  metadata TEXT NOT NULL,
  findings TEXT,
  hold TEXT DEFAULT '' NOT NULL,
  undated BIGINT DEFAULT '0' NOT NULL,
  expires TEXT,
  aliases TEXT,
  PRIMARY KEY (id),
  UNIQUE (path)
);
CREATE INDEX articles_by_date ON articles (state, published, sequence);
CREATE INDEX articles_by_sequence ON articles (sequence);
CREATE INDEX articles_with_findings ON articles (path) WHERE findings IS NOT NULL;
CREATE TABLE bounces (
  id TEXT NOT NULL,
  issue BIGINT NOT NULL,
  subscriber BIGINT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  detail TEXT NOT NULL,
  received_at TEXT NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX bounces_by_issue ON bounces (issue);
CREATE INDEX bounces_by_subscriber ON bounces (subscriber, received_at);
CREATE TABLE consents (
  subscriber BIGINT NOT NULL,
  newsletter TEXT NOT NULL,
  occurred_at TEXT NOT NULL,
  event TEXT NOT NULL,
  detail TEXT NOT NULL,
  client TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (subscriber, newsletter, occurred_at, event)
)
 WITHOUT ROWID;
CREATE TABLE deliveries (
  issue BIGINT NOT NULL,
  subscriber BIGINT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT DEFAULT '0' NOT NULL,
  next_try TEXT DEFAULT '' NOT NULL,
  changed_at TEXT DEFAULT '' NOT NULL,
  server TEXT DEFAULT '' NOT NULL,
  reply TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (issue, subscriber)
)
 WITHOUT ROWID;
CREATE TABLE delivery_chunks (
  issue BIGINT NOT NULL,
  number BIGINT NOT NULL,
  first_subscriber BIGINT NOT NULL,
  last_subscriber BIGINT NOT NULL,
  owner TEXT DEFAULT '' NOT NULL,
  pending BIGINT DEFAULT '0' NOT NULL,
  retry BIGINT DEFAULT '0' NOT NULL,
  sent BIGINT DEFAULT '0' NOT NULL,
  failed BIGINT DEFAULT '0' NOT NULL,
  held BIGINT DEFAULT '0' NOT NULL,
  suppressed BIGINT DEFAULT '0' NOT NULL,
  next_try TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (issue, number)
)
 WITHOUT ROWID;
CREATE INDEX delivery_chunks_by_subscriber ON delivery_chunks (issue, last_subscriber);
CREATE INDEX delivery_chunks_held ON delivery_chunks (issue) WHERE held > 0;
CREATE INDEX delivery_chunks_owned ON delivery_chunks (issue) WHERE owner <> '';
CREATE INDEX delivery_chunks_pending ON delivery_chunks (owner, number) WHERE pending > 0;
CREATE INDEX delivery_chunks_retry ON delivery_chunks (owner, number) WHERE retry > 0;
CREATE TABLE delivery_events (
  issue BIGINT NOT NULL,
  subscriber BIGINT NOT NULL,
  occurred_at TEXT NOT NULL,
  event TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (issue, subscriber, occurred_at, event)
)
 WITHOUT ROWID;
CREATE TABLE dependencies (
  article TEXT NOT NULL,
  target TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (article, target)
)
 WITHOUT ROWID;
CREATE TABLE document_findings (
  owner TEXT NOT NULL,
  findings TEXT NOT NULL,
  PRIMARY KEY (owner)
);
CREATE TABLE documents (
  path TEXT NOT NULL,
  size BIGINT NOT NULL,
  owner TEXT NOT NULL,
  hash TEXT DEFAULT '' NOT NULL,
  changed BIGINT DEFAULT '0' NOT NULL,
  PRIMARY KEY (path)
);
CREATE TABLE events (
  id BIGINT NOT NULL,
  event TEXT NOT NULL,
  subject TEXT NOT NULL,
  occurred_at TEXT NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE hook_cursors (
  name TEXT NOT NULL,
  position BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  next_try TEXT NOT NULL,
  failing_since TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE issue_articles (
  newsletter TEXT NOT NULL,
  article TEXT NOT NULL,
  slot TEXT NOT NULL,
  updated TEXT NOT NULL,
  PRIMARY KEY (newsletter, article)
);
CREATE INDEX issue_articles_by_article ON issue_articles (article);
CREATE TABLE issue_sends (
  issue BIGINT NOT NULL,
  newsletter TEXT NOT NULL,
  slot TEXT NOT NULL,
  started_at TEXT NOT NULL,
  planned BIGINT NOT NULL,
  pause_reason TEXT NOT NULL,
  ended_at TEXT NOT NULL,
  confirmed_at TEXT DEFAULT '' NOT NULL,
  returned BIGINT DEFAULT '0' NOT NULL,
  pause_kind TEXT DEFAULT '' NOT NULL,
  planned_to BIGINT DEFAULT '0' NOT NULL,
  last_recipient BIGINT DEFAULT '0' NOT NULL,
  PRIMARY KEY (issue)
);
CREATE TABLE issues (
  newsletter TEXT NOT NULL,
  slot TEXT NOT NULL,
  due TEXT NOT NULL,
  planned BIGINT NOT NULL,
  state TEXT NOT NULL,
  created_at TEXT NOT NULL,
  reason TEXT NOT NULL,
  subject TEXT NOT NULL,
  html TEXT NOT NULL,
  text TEXT NOT NULL,
  page TEXT NOT NULL,
  message TEXT NOT NULL,
  articles TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  personal TEXT DEFAULT '' NOT NULL,
  draft_key TEXT DEFAULT '' NOT NULL,
  approve_at TEXT DEFAULT '' NOT NULL,
  approved_at TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (newsletter, slot),
  CONSTRAINT issues_approved CHECK (approved_at <> '' OR state IN ('draft', 'skipped', 'cancelled')),
  CONSTRAINT issues_approve_at CHECK (approve_at = '' OR state = 'draft')
);
CREATE INDEX issues_by_sequence ON issues (sequence);
CREATE INDEX issues_to_send ON issues (newsletter, sequence) WHERE state = 'approved' AND personal <> '';
CREATE TABLE meta (
  "key" TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY ("key")
);
CREATE TABLE newsletters (
  name TEXT NOT NULL,
  started_at TEXT NOT NULL,
  "after" BIGINT NOT NULL,
  schedule TEXT NOT NULL,
  schedule_since TEXT NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE provider_events (
  id TEXT NOT NULL,
  received_at TEXT NOT NULL,
  PRIMARY KEY (id)
)
 WITHOUT ROWID;
CREATE TABLE publish_targets (
  name TEXT NOT NULL,
  destination TEXT NOT NULL,
  published_at TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  next_try TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE published_documents (
  target TEXT NOT NULL,
  path TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (target, path)
)
 WITHOUT ROWID;
CREATE TABLE recovered_deliveries (
  worker BIGINT NOT NULL,
  issue BIGINT NOT NULL,
  subscriber BIGINT NOT NULL,
  PRIMARY KEY (worker, issue, subscriber)
)
 WITHOUT ROWID;
CREATE TABLE relay_reservations (
  relay TEXT NOT NULL,
  worker BIGINT NOT NULL,
  messages BIGINT NOT NULL,
  connections BIGINT NOT NULL,
  ended_at DOUBLE NOT NULL,
  PRIMARY KEY (relay, worker)
)
 WITHOUT ROWID;
CREATE TABLE relay_usage (
  relay TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  recorded_at DOUBLE NOT NULL,
  messages BIGINT NOT NULL,
  PRIMARY KEY (relay, sequence)
)
 WITHOUT ROWID;
CREATE TABLE renderings (
  article TEXT NOT NULL,
  input_hash TEXT NOT NULL,
  rendering TEXT NOT NULL,
  findings TEXT,
  PRIMARY KEY (article)
);
CREATE INDEX renderings_with_findings ON renderings (article) WHERE findings IS NOT NULL;
CREATE TABLE signing_keys (
  id BIGINT NOT NULL,
  "key" TEXT NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE signup_requests (
  id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  address TEXT NOT NULL,
  hash TEXT NOT NULL,
  newsletters TEXT NOT NULL,
  requested_at TEXT NOT NULL,
  client TEXT NOT NULL,
  consent_text TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  next_try TEXT NOT NULL,
  reply TEXT NOT NULL,
  base_url TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX signup_requests_by_hash ON signup_requests (hash);
CREATE INDEX signup_requests_by_state ON signup_requests (state, next_try);
CREATE TABLE subscribers (
  id BIGINT NOT NULL,
  address TEXT NOT NULL,
  hash TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (hash)
);
CREATE TABLE subscriptions (
  newsletter TEXT NOT NULL,
  subscriber BIGINT NOT NULL,
  state TEXT NOT NULL,
  since TEXT NOT NULL,
  tags TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (newsletter, subscriber)
)
 WITHOUT ROWID;
CREATE INDEX subscriptions_by_subscriber ON subscriptions (subscriber);
CREATE TABLE suppressions (
  hash TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  since TEXT NOT NULL,
  PRIMARY KEY (hash)
);
CREATE TABLE unreadable_files (
  path TEXT NOT NULL,
  size BIGINT NOT NULL,
  mtime_ns BIGINT NOT NULL,
  finding TEXT NOT NULL,
  rule TEXT DEFAULT '' NOT NULL,
  PRIMARY KEY (path)
);
CREATE TABLE withdrawals (
  id BIGINT NOT NULL,
  hash TEXT NOT NULL,
  newsletter TEXT NOT NULL,
  event TEXT NOT NULL,
  occurred_at TEXT NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE workers (
  id BIGINT NOT NULL,
  name TEXT NOT NULL,
  host TEXT NOT NULL,
  pid BIGINT NOT NULL,
  version TEXT NOT NULL,
  settings TEXT NOT NULL,
  started_at TEXT NOT NULL,
  seen_at TEXT NOT NULL,
  ended_at TEXT DEFAULT '' NOT NULL,
  draining BIGINT DEFAULT '0' NOT NULL,
  PRIMARY KEY (id)
)
 WITHOUT ROWID;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('0021');
