package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dropletops/internal/store"
)

// The audit log's head is logged at once and every hour; one that can't be read is
// said, and tried again.
func TestTheHeadIsLoggedEveryHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		asked := int64(0)
		head := func(context.Context) (store.Head, error) {
			if asked++; asked == 2 {
				return store.Head{}, errors.New("the disk is gone")
			}
			return store.Head{Seq: asked, Hash: "abc"}, nil
		}
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Hour-time.Second)
		defer stop()
		witness(ctx, head, slog.New(slog.NewTextHandler(&out, nil)))
		if asked != 3 || strings.Count(out.String(), "audit head") != 2 || !strings.Contains(out.String(), "head=3:abc") || !strings.Contains(out.String(), "the disk is gone") {
			t.Errorf("asked %d times:\n%s", asked, out.String())
		}
	})
}
