package store_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/store"
)

// An envelope is acknowledged only once it is on disk, so what an incident's
// burst of commands costs is a Put. Read the two together: many at once share
// their transactions, and the ratio of the two is what that is worth.

func benchStore(b *testing.B) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "bench.db"), "bench", time.Now)
	if err != nil {
		b.Fatal(err)
	}
	s.SetWaker(&wakes{})
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// payload is about as long as a slash command's.
var payload = fmt.Appendf(nil, `{"command":"/droplet","text":"reboot web-1","filler":%q}`, make([]byte, 300))

func BenchmarkPutOneByOne(b *testing.B) {
	s := benchStore(b)
	n := 0
	for b.Loop() {
		n++
		if _, err := s.Put(b.Context(), approvals.Envelope{Key: fmt.Sprint("e", n), Type: "slash_commands", Payload: payload, ReceivedAt: time.Now()}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPutManyAtOnce(b *testing.B) {
	s := benchStore(b)
	var n atomic.Int64
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Put(b.Context(), approvals.Envelope{Key: fmt.Sprint("e", n.Add(1)), Type: "slash_commands", Payload: payload, ReceivedAt: time.Now()}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// One decision: load, change, audit, note and wake-ups in one transaction.
func BenchmarkDecision(b *testing.B) {
	s := benchStore(b)
	n := 0
	for b.Loop() {
		n++
		b.StopTimer()
		r := request(fmt.Sprint("r-", n), fmt.Sprint("e-", n), time.Now())
		if err := s.Create(b.Context(), r, approvals.Change{}); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := s.Update(b.Context(), r.ID, func(r *approvals.Request) (approvals.Change, error) {
			return r.Decide(approvals.ToApprove, bob, time.Now())
		}); err != nil {
			b.Fatal(err)
		}
	}
}
