"""The tables of the embedded Lambda. Functions have none: they are code (functions.py)."""

#: Times are epoch milliseconds.
SCHEMA = """
-- Event source mappings. `config` is JSON with CreateEventSourceMapping's members; `deployed` is the config that a
-- deployment gave it, so that a changed deployment can be told from a change by the API. While `transition` is set and
-- `settles_at` is to come, the state reads as that word; a mapping in `Deleting` is gone then.
CREATE TABLE IF NOT EXISTS lambda_mappings (
    uuid TEXT PRIMARY KEY,
    region TEXT NOT NULL,
    function TEXT NOT NULL,
    source_arn TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    config TEXT NOT NULL,
    deployed TEXT,
    transition TEXT,
    settles_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Asynchronous invocations that have not succeeded and not been given up. `starts` counts attempts begun, `failures`
-- those that the function itself ended with an error.
CREATE TABLE IF NOT EXISTS lambda_events (
    id TEXT PRIMARY KEY,
    region TEXT NOT NULL,
    function TEXT NOT NULL,
    payload TEXT NOT NULL,
    client_context TEXT,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    starts INTEGER NOT NULL,
    failures INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS lambda_events_due ON lambda_events (region, function, due_at);
CREATE INDEX IF NOT EXISTS lambda_events_age ON lambda_events (region, function, created_at);

-- What PutFunctionEventInvokeConfig and PutFunctionConcurrency set.
CREATE TABLE IF NOT EXISTS lambda_event_configs (
    region TEXT NOT NULL,
    function TEXT NOT NULL,
    config TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    PRIMARY KEY (region, function)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lambda_concurrency (
    region TEXT NOT NULL,
    function TEXT NOT NULL,
    reserved INTEGER NOT NULL,
    PRIMARY KEY (region, function)
) WITHOUT ROWID;

-- Tags of functions and mappings, by ARN.
CREATE TABLE IF NOT EXISTS lambda_tags (
    arn TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
) WITHOUT ROWID;
"""
