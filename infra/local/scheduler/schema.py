"""The Scheduler's tables. What is due next is at the left edge of an index, however many schedules there are."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS scheduler_groups (
    id          INTEGER PRIMARY KEY,
    region      TEXT NOT NULL,
    name        TEXT NOT NULL,
    state       TEXT NOT NULL,         -- ACTIVE, DELETING
    tags        TEXT NOT NULL,         -- JSON object
    token       TEXT,                  -- ClientToken of the request that made it
    created_at  INTEGER NOT NULL,      -- epoch milliseconds, as all times here
    modified_at INTEGER NOT NULL,
    UNIQUE (region, name)
);
CREATE INDEX IF NOT EXISTS scheduler_groups_deleting ON scheduler_groups (id) WHERE state = 'DELETING';

CREATE TABLE IF NOT EXISTS scheduler_schedules (
    id           INTEGER PRIMARY KEY,
    region       TEXT NOT NULL,
    group_name   TEXT NOT NULL,
    name         TEXT NOT NULL,
    state        TEXT NOT NULL,        -- ENABLED, DISABLED
    definition   TEXT NOT NULL,        -- JSON object: the other members of the request, with AWS's defaults
    token        TEXT,                 -- ClientToken of the last request that made or changed it
    created_at   INTEGER NOT NULL,
    modified_at  INTEGER NOT NULL,
    anchor       INTEGER NOT NULL,     -- from which a rate counts
    last_at      INTEGER,              -- the last time by the expression that was fired or dropped; NULL: none yet
    scheduled_at INTEGER,              -- the next time by the expression; NULL: none
    due_at       INTEGER,              -- when that is fired: later by the flexible window
    UNIQUE (region, group_name, name)
);
CREATE INDEX IF NOT EXISTS scheduler_schedules_due ON scheduler_schedules (due_at) WHERE due_at IS NOT NULL;

-- Invocations that have failed and are tried again. Each carries the target it was made for.
CREATE TABLE IF NOT EXISTS scheduler_retries (
    id           INTEGER PRIMARY KEY,
    schedule     INTEGER NOT NULL,     -- scheduler_schedules.id
    target       TEXT NOT NULL,        -- JSON object: the schedule's Target when it was due
    scheduled_at INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,     -- when it was due first; its age counts from here
    attempts     INTEGER NOT NULL,     -- those made
    next_at      INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS scheduler_retries_due ON scheduler_retries (next_at);
CREATE INDEX IF NOT EXISTS scheduler_retries_of ON scheduler_retries (schedule);

-- Deletions of late, so that one which is sent again with its token is answered as before.
CREATE TABLE IF NOT EXISTS scheduler_deletions (
    arn        TEXT NOT NULL,
    token      TEXT NOT NULL,
    deleted_at INTEGER NOT NULL,
    PRIMARY KEY (arn, token)
) WITHOUT ROWID;
"""
