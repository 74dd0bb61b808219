package main

import (
	"context"
	"log/slog"
	"time"

	"dropletops/internal/store"
)

// witnessEvery is how often the audit log's head is logged. Logs are kept elsewhere,
// so nobody who rewrites the database can take back more than the lines since.
const witnessEvery = time.Hour

// witness has the audit log's head logged, at once and then every hour, until ctx
// ends. Every replica does: the more places it is in, the better.
func witness(ctx context.Context, head func(context.Context) (store.Head, error), log *slog.Logger) {
	for {
		logHead(ctx, head, log)
		select {
		case <-ctx.Done():
			return
		case <-time.After(witnessEvery):
		}
	}
}

// logHead logs the head, for audit verify --head.
func logHead(ctx context.Context, head func(context.Context) (store.Head, error), log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	h, err := head(ctx)
	if err != nil {
		log.WarnContext(ctx, "the head of the audit log can't be read", "error", err)
		return
	}
	log.InfoContext(ctx, "audit head", "head", h.String(), "seq", h.Seq, "hash", h.Hash)
}
