-- +goose Up
-- The text of each policy file that was in force, by its digest, which is what the
-- audit log names. Never changed, never dropped.
CREATE TABLE policies (
    digest TEXT PRIMARY KEY,
    since  BIGINT NOT NULL,
    file   TEXT NOT NULL,
    body   BYTEA NOT NULL
);

-- +goose Down
DROP TABLE policies;
