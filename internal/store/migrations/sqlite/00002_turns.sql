-- +goose Up
CREATE TABLE turns (
    name  TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE turns;
