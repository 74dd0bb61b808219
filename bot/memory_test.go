package bot

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"dropletops/approvals"
)

// memory is an Inbox, an Outbox and an Abandoner that behave, and can be made to
// fail.
type memory struct {
	mu        sync.Mutex
	inbox     []approvals.Envelope
	seen      map[string]bool
	handled   map[string]bool
	attempts  map[string]int
	putErr    error
	putHangs  bool
	putTakes  time.Duration
	readTakes time.Duration // of which the answer gets that much older

	pubs      map[string]*approvals.Publication
	order     []string
	posted    map[string][]approvals.MessageRef
	loads     int
	pubErr    error
	conflicts int
	now       func() time.Time
}

func newMemory() *memory {
	return &memory{seen: map[string]bool{}, handled: map[string]bool{}, attempts: map[string]int{},
		pubs: map[string]*approvals.Publication{}, posted: map[string][]approvals.MessageRef{}, now: time.Now}
}

func (m *memory) Put(ctx context.Context, e approvals.Envelope) (bool, error) {
	m.mu.Lock()
	hangs, err, takes := m.putHangs, m.putErr, m.putTakes
	m.mu.Unlock()
	time.Sleep(takes)
	if hangs {
		<-ctx.Done()
		return false, ctx.Err()
	}
	if err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen[e.Key] || e.Event != "" && m.seen[e.Event] {
		return false, nil
	}
	m.seen[e.Key] = true
	if e.Event != "" {
		m.seen[e.Event] = true
	}
	m.inbox = append(m.inbox, e)
	return true, nil
}

func (m *memory) Handled(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handled[key] = true
	return nil
}

func (m *memory) Failed(_ context.Context, key string, attempt int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.attempts[key] = max(m.attempts[key], attempt)
	return nil
}

func (m *memory) Unhandled(_ context.Context, limit int) ([]approvals.Envelope, error) {
	defer time.Sleep(m.readTakes)
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []approvals.Envelope
	for _, e := range m.inbox {
		if !m.handled[e.Key] && len(out) < limit {
			e.Attempt = m.attempts[e.Key] + 1
			out = append(out, e)
		}
	}
	return out, nil
}

func (m *memory) isHandled(key string) bool { m.mu.Lock(); defer m.mu.Unlock(); return m.handled[key] }

// request adds a request whose card does not stand yet.
func (m *memory) request(id, channel string, s approvals.State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &approvals.Request{
		ID: id, Version: 1, State: s, Action: approvals.Action{Type: "reboot"}, CreatedAt: m.now(), StartedAt: m.now(),
		Requester: approvals.Person{Who: approvals.Who{UserID: "UALICE", TeamID: "T1"}, Standing: approvals.Member},
		Origin:    approvals.Origin{ChannelID: channel, TeamID: "T1"},
		Targets:   []approvals.Target{{Droplet: approvals.Droplet{ID: 1, Name: "web-1"}, State: approvals.Queued}},
	}
	m.pubs[id] = &approvals.Publication{Request: r}
	m.order = append(m.order, id)
}

// change changes a request, as a transition does.
func (m *memory) change(id string, f func(*approvals.Publication)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.pubs[id]
	f(p)
	p.Request.Version++
}

func (m *memory) state(id string, s approvals.State) {
	m.change(id, func(p *approvals.Publication) { p.Request.State = s })
}

func (m *memory) Unpublished(_ context.Context, limit int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, id := range m.order {
		if p := m.pubs[id]; (p.Version < p.Request.Version || len(p.Notes) > 0) && len(out) < limit {
			out = append(out, id)
		}
	}
	return out, nil
}

func (m *memory) Publication(_ context.Context, id string) (*approvals.Publication, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loads++
	if m.pubErr != nil {
		return nil, m.pubErr
	}
	p, ok := m.pubs[id]
	if !ok {
		return nil, approvals.ErrNotFound
	}
	out, r := *p, *p.Request
	out.Request, out.Notes = &r, slices.Clone(p.Notes)
	return &out, nil
}

func (m *memory) Posting(_ context.Context, id, by, instead string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conflicts > 0 {
		m.conflicts--
		return approvals.ErrConflict
	}
	if m.pubs[id].Request.Card.TS != instead {
		return approvals.ErrConflict
	}
	m.pubs[id].PostingBy, m.pubs[id].PostingAt = by, m.now()
	return nil
}

func (m *memory) Published(_ context.Context, id string, ref approvals.MessageRef, version int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pubErr != nil {
		return m.pubErr
	}
	p := m.pubs[id]
	p.Request.Card, p.Version = ref, version
	m.posted[id] = append(m.posted[id], ref)
	return nil
}

func (m *memory) NotePosted(_ context.Context, id string, seq int64, _ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.pubs[id]
	if len(p.Notes) == 0 || p.Notes[0].Seq != seq {
		return errors.New("notes are posted out of order")
	}
	p.Notes = p.Notes[1:]
	return nil
}

func (m *memory) Abandon(_ context.Context, id, why string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.pubs[id].Request
	if r.State.Open() {
		r.State, r.Note = approvals.Canceled, why
		r.Version++
	}
	return nil
}

// upToDate says whether Slack shows all there is.
func (m *memory) upToDate() bool {
	ids, _ := m.Unpublished(context.Background(), 1)
	return len(ids) == 0
}
