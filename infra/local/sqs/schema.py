"""SQS's tables: two, of which one is hot.

`sqs_messages` has one index. An index entry holds all that the counts need (is it hidden? was it ever received?),
and a receive finds its messages at the index's left edge for the queue, however long the queue is. Rows are
never moved: a message that goes to its dead-letter queue changes the column `queue`, so the order of ids stays
the order in which messages were sent, which is what the retention sweep walks along.

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
    next INTEGER NOT NULL              -- the number of the next queue: never used twice, receipt handles hold it
);
INSERT INTO sqs_numbers SELECT 1 WHERE NOT EXISTS (SELECT * FROM sqs_numbers);
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
    message_id        TEXT NOT NULL,
    md5               TEXT NOT NULL,
    body              TEXT NOT NULL,
    extra             TEXT              -- JSON object of the rare rest: attributes, trace header, group, origin
);
CREATE INDEX IF NOT EXISTS sqs_messages_due ON sqs_messages (queue, visible_at, receives);
"""
