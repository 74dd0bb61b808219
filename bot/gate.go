package bot

import (
	"context"
	"slices"
	"sync"
	"time"
)

// gate counts the envelopes in all workers, and closes for one that is to be the only
// one. While it is closed, whatever else comes waits.
type gate struct {
	mu      sync.Mutex
	inside  int
	shut    bool
	waiting []chan struct{} // in the order in which they came
	emptied chan struct{}   // closed when the last one leaves; nil if nobody waits for that
}

// enter waits until the gate is open. Whoever entered must leave.
func (g *gate) enter(ctx context.Context) error {
	g.mu.Lock()
	if !g.shut {
		g.inside++
		g.mu.Unlock()
		return nil
	}
	admitted := make(chan struct{})
	g.waiting = append(g.waiting, admitted)
	g.mu.Unlock()
	select {
	case <-admitted:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.waiting, admitted); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	} else {
		g.left()
	}
	return ctx.Err()
}

func (g *gate) leave() { g.mu.Lock(); defer g.mu.Unlock(); g.left() }

func (g *gate) left() {
	if g.inside--; g.inside == 0 && g.emptied != nil {
		close(g.emptied)
		g.emptied = nil
	}
}

// close closes the gate, waits for what is inside to leave, for so long at the most, and
// enters. It reports whether nothing else is inside. One alone may close it at a time; it
// must open it again, and leave.
func (g *gate) close(ctx context.Context, within time.Duration) (alone bool) {
	g.mu.Lock()
	g.shut = true
	emptied := make(chan struct{})
	if g.inside == 0 {
		close(emptied)
	} else {
		g.emptied = emptied
	}
	g.mu.Unlock()
	if within > 0 {
		late := time.NewTimer(within)
		defer late.Stop()
		select {
		case <-emptied:
		case <-late.C:
		case <-ctx.Done():
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.emptied = nil
	g.inside++
	return g.inside == 1
}

// open lets in everything that waits, before the gate can be closed again: however many
// envelopes want to be alone one after the other, the others go on in between.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
	g.inside += len(g.waiting)
	for _, admitted := range g.waiting {
		close(admitted)
	}
	g.waiting = nil
}
