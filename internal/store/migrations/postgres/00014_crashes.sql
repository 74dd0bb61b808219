-- +goose Up
-- How many processes died while they handled an envelope: beside others, and with
-- nothing else in hand. Only the second says something about the envelope.
ALTER TABLE inbox ADD COLUMN crashes_shared BIGINT NOT NULL DEFAULT 0;
ALTER TABLE inbox ADD COLUMN crashes_alone BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE inbox DROP COLUMN crashes_alone;
ALTER TABLE inbox DROP COLUMN crashes_shared;
