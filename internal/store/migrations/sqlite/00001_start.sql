-- +goose Up
CREATE TABLE requests (
    id           TEXT PRIMARY KEY,
    version      INTEGER NOT NULL,
    state        TEXT NOT NULL,
    body         TEXT NOT NULL,
    envelope     TEXT UNIQUE,
    retried_by   TEXT,
    card_channel TEXT NOT NULL DEFAULT '',
    card_ts      TEXT NOT NULL DEFAULT '',
    card_version INTEGER NOT NULL DEFAULT 0,
    posting_by   TEXT NOT NULL DEFAULT '',
    posting_at   INTEGER NOT NULL DEFAULT 0,
    wake_seq     INTEGER NOT NULL DEFAULT 0,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    ended_at     INTEGER
) STRICT;
CREATE INDEX requests_open ON requests (state, created_at) WHERE state IN ('pending', 'running');
CREATE INDEX requests_unpublished ON requests (created_at) WHERE card_version < version;

CREATE TABLE targets (
    request_id TEXT NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    ordinal    INTEGER NOT NULL,
    droplet_id INTEGER NOT NULL,
    state      TEXT NOT NULL,
    action_id  INTEGER,
    body       TEXT NOT NULL,
    PRIMARY KEY (request_id, ordinal)
) STRICT;
-- One action is one target's: two can never claim the same.
CREATE UNIQUE INDEX targets_action ON targets (action_id) WHERE action_id IS NOT NULL;
CREATE INDEX targets_droplet ON targets (droplet_id);

CREATE TABLE notes (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    body       TEXT NOT NULL,
    ts         TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX notes_unposted ON notes (request_id, seq) WHERE ts = '';

CREATE TABLE audit (
    seq        INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    body       TEXT NOT NULL,
    prev       TEXT NOT NULL,
    hash       TEXT NOT NULL
) STRICT;
CREATE INDEX audit_request ON audit (request_id, seq);

CREATE TABLE inbox (
    key         TEXT PRIMARY KEY,
    event       TEXT UNIQUE,
    type        TEXT NOT NULL,
    payload     TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    attempt     INTEGER NOT NULL DEFAULT 0,
    claimed_by    TEXT NOT NULL DEFAULT '',
    claimed_until INTEGER NOT NULL DEFAULT 0,
    handled_at  INTEGER
) STRICT;
CREATE INDEX inbox_unhandled ON inbox (received_at) WHERE handled_at IS NULL;

-- +goose Down
DROP TABLE inbox;
DROP TABLE audit;
DROP TABLE notes;
DROP TABLE targets;
DROP TABLE requests;
