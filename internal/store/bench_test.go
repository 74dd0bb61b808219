package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/runner"
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

// BenchmarkBulkStep is one Droplet of a request taking a step: for 200 of them it
// happens a few hundred times, so each must not cost 200 Droplets. "x" is the ratio to
// the same in a request of one Droplet, in turns on the same machine.
func BenchmarkBulkStep(b *testing.B) {
	s := benchStore(b)
	sizes := []int{1, 200}
	for _, n := range sizes {
		r := request(fmt.Sprint("r-", n), fmt.Sprint("e-", n), time.Now())
		for i := 1; i < n; i++ {
			r.Targets = append(r.Targets, r.Targets[0])
			r.Targets[i].Ordinal, r.Targets[i].Droplet.ID = i, 1000+i
		}
		if err := s.Create(b.Context(), r, approvals.Change{}); err != nil {
			b.Fatal(err)
		}
	}
	took := map[int][]time.Duration{}
	for step := range 100 {
		for _, n := range sizes {
			began := time.Now()
			if _, err := s.Update(b.Context(), fmt.Sprint("r-", n), func(r *approvals.Request) (approvals.Change, error) {
				r.Targets[step%n].DispatchedAt = began
				return approvals.Change{}, nil
			}); err != nil {
				b.Fatal(err)
			}
			took[n] = append(took[n], time.Since(began))
		}
	}
	for _, n := range sizes {
		slices.Sort(took[n])
		b.ReportMetric(float64(took[n][50].Microseconds()), fmt.Sprintf("µs-of-%d", n))
	}
	b.ReportMetric(float64(took[200][50])/float64(took[1][50]), "x")
	b.ReportMetric(0, "ns/op")
}

// heavy is what a busy year leaves behind, with an incident on top.
var heavy = load{pending: 9_000, running: 1_000, ended: 20_000, audit: 1_000_000, envelopes: 50_000}

// BenchmarkUnderLoad measures each thing that people wait for in a database with
// nothing in it and in one with 10,000 open requests and 1,000,000 audit lines,
// in turns, so that both meet the same machine. "x" is the ratio of the medians.
func BenchmarkUnderLoad(b *testing.B) {
	none, much := loaded(b, load{}), loaded(b, heavy)
	n := 0
	for _, op := range []struct {
		name string
		do   func(ctx context.Context, s *bench, id string) error
	}{
		{"create", func(ctx context.Context, s *bench, id string) error {
			r := request(id, id, s.clock.now())
			return s.Create(ctx, r, approvals.Change{Audit: []approvals.Line{{At: r.CreatedAt, RequestID: id, What: "requested", Who: "U1"}}, Advance: r.ExpiresAt, Envelope: id})
		}},
		{"approve", func(ctx context.Context, s *bench, id string) error {
			_, err := s.Update(ctx, id, func(r *approvals.Request) (approvals.Change, error) {
				return r.Decide(approvals.ToApprove, bob, s.clock.now())
			})
			return err
		}},
		{"put", func(ctx context.Context, s *bench, id string) error {
			_, err := s.Put(ctx, approvals.Envelope{Key: "p-" + id, Type: "slash_commands", Payload: payload, ReceivedAt: s.clock.now()})
			return err
		}},
		{"unhandled", func(ctx context.Context, s *bench, _ string) error { _, err := s.Unhandled(ctx, 1000); return err }},
		{"unpublished", func(ctx context.Context, s *bench, _ string) error {
			_, err := s.Unpublished(ctx, approvals.Due{}, 1000)
			return err
		}},
		{"publication", func(ctx context.Context, s *bench, id string) error { _, err := s.Publication(ctx, id); return err }},
		{"action taken", func(ctx context.Context, s *bench, id string) error {
			_, err := s.ActionTaken(ctx, 1, 7777, id)
			return err
		}},
		{"prune nothing", func(ctx context.Context, s *bench, _ string) error { return s.Prune(ctx) }},
	} {
		b.Run(op.name, func(b *testing.B) {
			var took [2][]time.Duration
			for range 50 {
				n++
				id := fmt.Sprint("r-", n)
				for i, s := range []*bench{none, much} {
					if op.name != "create" {
						if err := s.Create(b.Context(), request(id, id, s.clock.now()), approvals.Change{}); err != nil {
							b.Fatal(err)
						}
					}
					began := time.Now()
					if err := op.do(b.Context(), s, id); err != nil {
						b.Fatal(err)
					}
					took[i] = append(took[i], time.Since(began))
					if err := settle(b.Context(), s, id); err != nil {
						b.Fatal(err)
					}
				}
			}
			slices.Sort(took[0])
			slices.Sort(took[1])
			without, with := took[0][25], took[1][25]
			b.ReportMetric(float64(without.Microseconds()), "µs-without")
			b.ReportMetric(float64(with.Microseconds()), "µs-with")
			b.ReportMetric(float64(with)/float64(without), "x")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// settle has Slack told of a request and its envelope handled, so that none of
// what was measured lags behind for what is measured next.
func settle(ctx context.Context, s *bench, id string) error {
	p, err := s.Publication(ctx, id)
	if err != nil {
		return err
	}
	for _, n := range p.Notes {
		if err := s.Told(ctx, "1.2", n.Seq); err != nil {
			return err
		}
	}
	return errors.Join(s.Published(ctx, id, approvals.MessageRef{ChannelID: "C1", TS: "1." + id}, p.Request.Version), s.Handled(ctx, "p-"+id, false))
}

// BenchmarkStartUnderLoad measures from opening the database to having woken up
// all that was under way, with River's own jobs, and what a command that comes
// meanwhile waits at the most.
func BenchmarkStartUnderLoad(b *testing.B) {
	for _, l := range []load{{}, heavy, {running: 10_000}} {
		b.Run(fmt.Sprintf("pending=%d,running=%d,audit=%d", l.pending, l.running, l.audit), func(b *testing.B) {
			s := loaded(b, l)
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			began := time.Now()
			s.Store = openWithRiver(b, s)
			opened := time.Since(began)
			done, longest := make(chan struct{}), make(chan time.Duration)
			go func() {
				var most time.Duration
				for i := 0; ; i++ {
					select {
					case <-done:
						longest <- most
						return
					default:
					}
					began := time.Now()
					if _, err := s.Put(b.Context(), approvals.Envelope{Key: fmt.Sprint("s-", i), Type: "slash_commands", Payload: payload, ReceivedAt: began}); err != nil {
						b.Error(err)
					}
					most = max(most, time.Since(began))
				}
			}()
			woken, err := s.Reawaken(b.Context())
			took := time.Since(began)
			close(done)
			if err != nil || woken != l.running {
				b.Errorf("woken up %d, %v", woken, err)
			}
			b.ReportMetric(float64(opened.Milliseconds()), "ms-to-open")
			b.ReportMetric(float64(took.Milliseconds()), "ms-till-awake")
			b.ReportMetric(float64((<-longest).Milliseconds()), "ms-longest-put")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func loaded(b *testing.B, l load) *bench {
	b.Helper()
	s := &bench{url: "sqlite:" + filepath.Join(b.TempDir(), "bench.db"), wakes: &wakes{}, clock: &clock{t: time.Now()}}
	s.Store = openWithRiver(b, s)
	fill(b, s, l)
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// openWithRiver opens a store whose wake-ups are River's, as in production.
func openWithRiver(b *testing.B, s *bench) *store.Store {
	b.Helper()
	st, err := store.Open(b.Context(), s.url, "bench", s.clock.now)
	if err != nil {
		b.Fatal(err)
	}
	e, err := runner.NewEngine(runner.EngineConfig{Insert: st.InsertDriver(), Runner: &runner.Runner{Requests: st, Now: s.clock.now},
		Kick: func(string) bool { return true }, Reconcile: func(context.Context) error { return nil }, Instance: "bench", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	st.SetWaker(e)
	return st
}
