-- +goose Up
CREATE TABLE factors (
    user_id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    body    TEXT NOT NULL
);

-- +goose Down
DROP TABLE factors;
