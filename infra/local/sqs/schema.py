"""SQS's tables: two that are hot, and what FIFO and fair queues need beside them.

`sqs_messages` has one index for all that comes without a tenant. An entry holds all that the counts need (is it
hidden? was it ever received?), and a receive finds its messages at the index's left edge for the queue, however
long the queue is. Rows are never moved: a message that goes to its dead-letter queue changes the column `queue`,
so the order of ids stays the order in which messages were sent, which is what the retention sweep walks along.

A message group has one row in `sqs_groups` while it has messages. `due` is exact: the moment from which the group
has something to give, and so a receive finds the groups worth asking at the left edge of their index, whatever
blocks the others.

- In a FIFO queue a group is a line (`line`, in the order of `sequence`), and due when its first message is visible.
- In a standard queue it is a tenant of a fair queue (`tenant`), and due when any of its messages is visible. Only
  such messages are left out of the first index, so that one tenant's backlog lies in nobody's way. Partial indexes
  keep all of this free of charge for messages without a group.

A purge, or a deletion, gives up the queue's number instead of its rows; the sweep removes those little by little.
"""

SCHEMA = """
CREATE TABLE IF NOT EXISTS sqs_queues (
    id          INTEGER PRIMARY KEY,   -- the number of its messages; a purge changes it
    region      TEXT NOT NULL,
    name        TEXT NOT NULL,
    attributes  TEXT NOT NULL,         -- JSON object: those that were set
    tags        TEXT NOT NULL,         -- JSON object
    created_at  INTEGER NOT NULL,      -- epoch milliseconds, as all times here
    modified_at INTEGER NOT NULL,
    purged_at   INTEGER NOT NULL,      -- 0: never
    UNIQUE (region, name)
);
CREATE TABLE IF NOT EXISTS sqs_numbers (
    next     INTEGER NOT NULL,         -- the number of the next queue: never used twice, receipt handles hold it
    sequence INTEGER NOT NULL          -- how many sequence numbers were given out
);
INSERT INTO sqs_numbers SELECT 1, 0 WHERE NOT EXISTS (SELECT * FROM sqs_numbers);
CREATE TABLE IF NOT EXISTS sqs_abandoned (
    queue INTEGER PRIMARY KEY          -- messages with this number belong to nobody
);
CREATE TABLE IF NOT EXISTS sqs_messages (
    id                INTEGER PRIMARY KEY,
    queue             INTEGER NOT NULL,
    visible_at        INTEGER NOT NULL,
    receives          INTEGER NOT NULL,
    sent_at           INTEGER NOT NULL,
    received_at       INTEGER NOT NULL, -- the last receive, 0 before the first
    first_received_at INTEGER NOT NULL,
    tenant            INTEGER,          -- its group, when the queue is standard
    line              INTEGER,          -- its group, when the queue is FIFO
    sequence          INTEGER,          -- its place in the line
    message_id        TEXT NOT NULL,
    md5               TEXT NOT NULL,
    body              TEXT NOT NULL,
    extra             TEXT              -- JSON object of the rare rest: attributes, trace header, group, origin; or ''
);
CREATE INDEX IF NOT EXISTS sqs_messages_due ON sqs_messages (queue, visible_at, receives, tenant)
    WHERE tenant IS NULL; -- "tenant" so that it answers alone
CREATE INDEX IF NOT EXISTS sqs_messages_tenant ON sqs_messages (tenant, visible_at, receives)
    WHERE tenant IS NOT NULL;
CREATE INDEX IF NOT EXISTS sqs_messages_line ON sqs_messages (line, sequence) WHERE line IS NOT NULL;
CREATE TABLE IF NOT EXISTS sqs_groups (
    id    INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    name  TEXT NOT NULL,               -- the MessageGroupId
    due   INTEGER NOT NULL,            -- when it has something to give
    head  INTEGER NOT NULL,            -- what of its first message decides between lines that are due at once
    UNIQUE (queue, name)
);
CREATE INDEX IF NOT EXISTS sqs_groups_due ON sqs_groups (queue, due, head);
CREATE TABLE IF NOT EXISTS sqs_deduplications (
    id               INTEGER PRIMARY KEY, -- in the order of sending, for the sweep
    queue            INTEGER NOT NULL,
    scope            TEXT NOT NULL,       -- the group within which it counts, '' for the whole queue
    deduplication_id TEXT NOT NULL,
    sent_at          INTEGER NOT NULL,
    message_id       TEXT NOT NULL,
    sequence         INTEGER NOT NULL,
    UNIQUE (queue, scope, deduplication_id)
);
CREATE TABLE IF NOT EXISTS sqs_attempts (
    id          INTEGER PRIMARY KEY,      -- in the order of receiving, for the sweep
    queue       INTEGER NOT NULL,
    attempt_id  TEXT NOT NULL,            -- a ReceiveRequestAttemptId
    received_at INTEGER NOT NULL,
    hidden_to   INTEGER NOT NULL,         -- the visible_at that it gave its messages
    receipts    TEXT NOT NULL,            -- JSON list of [row id, sent_at, receives], in the order of the answer
    UNIQUE (queue, attempt_id)
);
"""
