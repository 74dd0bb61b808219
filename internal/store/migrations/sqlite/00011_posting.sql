-- +goose Up
-- When the first attempt at posting a card began whose outcome is not known: a
-- card that stands and whose place was lost is looked for from then on.
ALTER TABLE requests ADD COLUMN posting_since INTEGER NOT NULL DEFAULT 0;
UPDATE requests SET posting_since = posting_at;

-- +goose Down
ALTER TABLE requests DROP COLUMN posting_since;
