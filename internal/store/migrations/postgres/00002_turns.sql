-- +goose Up
CREATE TABLE turns (
    name  TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until BIGINT NOT NULL
);

-- +goose Down
DROP TABLE turns;
