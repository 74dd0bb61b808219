-- +goose Up
CREATE TABLE factors (
    user_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    body    TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE factors;
