-- +goose Up
CREATE TABLE requests (
    id           TEXT PRIMARY KEY,
    version      BIGINT NOT NULL,
    state        TEXT NOT NULL,
    body         TEXT NOT NULL,
    envelope     TEXT UNIQUE,
    retried_by   TEXT,
    card_channel TEXT NOT NULL DEFAULT '',
    card_ts      TEXT NOT NULL DEFAULT '',
    card_version BIGINT NOT NULL DEFAULT 0,
    posting_by   TEXT NOT NULL DEFAULT '',
    posting_at   BIGINT NOT NULL DEFAULT 0,
    wake_seq     BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    ended_at     BIGINT
);
CREATE INDEX requests_open ON requests (state, created_at) WHERE state IN ('pending', 'running');
CREATE INDEX requests_unpublished ON requests (created_at) WHERE card_version < version;

CREATE TABLE targets (
    request_id TEXT NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    ordinal    BIGINT NOT NULL,
    droplet_id BIGINT NOT NULL,
    state      TEXT NOT NULL,
    action_id  BIGINT,
    body       TEXT NOT NULL,
    PRIMARY KEY (request_id, ordinal)
);
-- One action is one target's: two can never claim the same.
CREATE UNIQUE INDEX targets_action ON targets (action_id) WHERE action_id IS NOT NULL;
CREATE INDEX targets_droplet ON targets (droplet_id);

CREATE TABLE notes (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    body       TEXT NOT NULL,
    ts         TEXT NOT NULL DEFAULT ''
);
CREATE INDEX notes_unposted ON notes (request_id, seq) WHERE ts = '';

CREATE TABLE audit (
    seq        BIGINT PRIMARY KEY,
    at         BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    body       TEXT NOT NULL,
    prev       TEXT NOT NULL,
    hash       TEXT NOT NULL
);
CREATE INDEX audit_request ON audit (request_id, seq);

CREATE TABLE inbox (
    key         TEXT PRIMARY KEY,
    event       TEXT UNIQUE,
    type        TEXT NOT NULL,
    payload     TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    attempt     BIGINT NOT NULL DEFAULT 0,
    claimed_by    TEXT NOT NULL DEFAULT '',
    claimed_until BIGINT NOT NULL DEFAULT 0,
    handled_at  BIGINT
);
CREATE INDEX inbox_unhandled ON inbox (received_at) WHERE handled_at IS NULL;

-- +goose Down
DROP TABLE inbox;
DROP TABLE audit;
DROP TABLE notes;
DROP TABLE targets;
DROP TABLE requests;
