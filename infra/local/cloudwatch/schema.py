"""CloudWatch's tables.

`cw_points` holds all data: one row for a metric, a resolution, a moment and a unit, into which what comes later is
merged. Each datum is in exactly one row: it enters at 1 s or 60 s, and the sweep moves what has aged into rows of
60 s, 300 s and 3,600 s. A read of one metric is four short range scans; nothing but the primary key is indexed.
"""

SCHEMA = """
CREATE TABLE IF NOT EXISTS cw_metrics (
    id         INTEGER PRIMARY KEY,
    region     TEXT NOT NULL,
    namespace  TEXT NOT NULL,
    name       TEXT NOT NULL,
    dimensions TEXT NOT NULL,            -- JSON: [[name, value], ...] in the order of names
    seen_at    INTEGER NOT NULL,         -- epoch seconds of the last data, to the minute
    UNIQUE (region, namespace, name, dimensions)
);
CREATE TABLE IF NOT EXISTS cw_points (
    metric     INTEGER NOT NULL,
    resolution INTEGER NOT NULL,         -- seconds: 1, 60, 300 or 3600
    at         INTEGER NOT NULL,         -- epoch seconds, a multiple of the resolution
    unit       INTEGER NOT NULL,         -- see units.py
    count      REAL NOT NULL,
    total      REAL NOT NULL,
    least      REAL NOT NULL,
    most       REAL NOT NULL,
    histogram  BLOB,                     -- see summary.py
    PRIMARY KEY (metric, resolution, at, unit)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cw_queues (
    region     TEXT NOT NULL,
    name       TEXT NOT NULL,
    active_at  INTEGER NOT NULL,         -- epoch milliseconds of its last known activity
    PRIMARY KEY (region, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cw_alarms (
    id            INTEGER PRIMARY KEY,
    region        TEXT NOT NULL,
    name          TEXT NOT NULL,
    settings      TEXT NOT NULL,         -- JSON object: what PutMetricAlarm was given, defaults filled in
    tags          TEXT NOT NULL,         -- JSON object
    state         TEXT NOT NULL,
    reason        TEXT NOT NULL,
    reason_data   TEXT,                  -- JSON object
    configured_at INTEGER NOT NULL,      -- epoch milliseconds, as all times of alarms
    updated_at    INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL,      -- when the state was last another one
    due_at        INTEGER NOT NULL,      -- when it is evaluated next
    UNIQUE (region, name)
);
CREATE INDEX IF NOT EXISTS cw_alarms_due ON cw_alarms (due_at);
CREATE TABLE IF NOT EXISTS cw_history (
    id      INTEGER PRIMARY KEY,
    region  TEXT NOT NULL,
    alarm   TEXT NOT NULL,
    at      INTEGER NOT NULL,
    type    TEXT NOT NULL,
    summary TEXT NOT NULL,
    data    TEXT NOT NULL                -- JSON object
);
CREATE INDEX IF NOT EXISTS cw_history_alarm ON cw_history (region, alarm, at);
CREATE INDEX IF NOT EXISTS cw_history_at ON cw_history (at);
CREATE TABLE IF NOT EXISTS cw_deliveries (
    id       INTEGER PRIMARY KEY,
    region   TEXT NOT NULL,
    alarm    TEXT NOT NULL,
    action   TEXT NOT NULL,              -- a URL or an ARN
    body     TEXT NOT NULL,
    attempts INTEGER NOT NULL,           -- begun
    due_at   INTEGER NOT NULL            -- the next attempt, or when the one under way counts as lost
);
CREATE INDEX IF NOT EXISTS cw_deliveries_due ON cw_deliveries (due_at);
CREATE TABLE IF NOT EXISTS cw_dashboards (
    name        TEXT PRIMARY KEY,        -- dashboards belong to the account, not to a region
    body        TEXT NOT NULL,
    tags        TEXT NOT NULL,           -- JSON object
    modified_at INTEGER NOT NULL
) WITHOUT ROWID;
"""
