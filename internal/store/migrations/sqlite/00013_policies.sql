-- +goose Up
-- The text of each policy file that was in force, by its digest, which is what the
-- audit log names. Never changed, never dropped.
CREATE TABLE policies (
    digest TEXT PRIMARY KEY,
    since  INTEGER NOT NULL,
    file   TEXT NOT NULL,
    body   BLOB NOT NULL
) STRICT;

-- +goose Down
DROP TABLE policies;
