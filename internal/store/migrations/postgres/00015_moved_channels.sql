-- +goose Up
-- Slack gives a private channel another ID when it converts it. The messages in it keep
-- their timestamps: what stands at the old ID is found at the new one.
CREATE TABLE moved_channels (
    channel_id TEXT PRIMARY KEY,
    moved_to   TEXT NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX moved_channels_to ON moved_channels (moved_to);

-- +goose Down
DROP TABLE moved_channels;
