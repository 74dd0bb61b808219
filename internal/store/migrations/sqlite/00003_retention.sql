-- +goose Up
-- What is old is found without reading what is not.
CREATE INDEX requests_ended ON requests (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX inbox_handled ON inbox (handled_at) WHERE handled_at IS NOT NULL;
-- A request that is dropped takes its notes with it: they are found by it.
CREATE INDEX notes_request ON notes (request_id);

-- +goose Down
DROP INDEX notes_request;
DROP INDEX inbox_handled;
DROP INDEX requests_ended;
