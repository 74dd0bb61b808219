package bot

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// memory is an Inbox, an Outbox and an Abandoner that behave, and can be made to
// fail.
type memory struct {
	mu        sync.Mutex
	inbox     []approvals.Envelope
	seen      map[string]bool
	handled   map[string]bool
	attempts  map[string]int
	crashes   map[string]approvals.Crashes
	claimed   map[string]time.Time // since when
	putErr    error
	crossErr  error // of Forsake
	forsaken  time.Time
	putHangs  bool
	readHangs bool
	markHangs bool // Handled and Failed
	putTakes  time.Duration
	readTakes time.Duration // of which the answer gets that much older

	pubs      map[string]*approvals.Publication
	order     []string
	posted    map[string][]approvals.MessageRef
	told      map[string]int    // how many notes, by the message that tells them
	unshown   map[string]string // why, by request
	seq       int64
	loads     int
	pubErr    error
	hangs     map[string]string // of a request, the call that hangs: read, write
	conflicts int
	instead   *approvals.MessageRef // another process writes this down first, once
	now       func() time.Time
}

func newMemory() *memory {
	return &memory{seen: map[string]bool{}, handled: map[string]bool{}, attempts: map[string]int{}, crashes: map[string]approvals.Crashes{}, claimed: map[string]time.Time{},
		pubs: map[string]*approvals.Publication{}, posted: map[string][]approvals.MessageRef{}, told: map[string]int{}, unshown: map[string]string{}, now: time.Now}
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
	m.claimed[e.Key] = time.Now()
	return true, nil
}

// hung waits as long as anybody does for what is not coming.
func (m *memory) hung(ctx context.Context) error {
	m.mu.Lock()
	hangs := m.markHangs
	m.mu.Unlock()
	if hangs {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (m *memory) Handled(ctx context.Context, key string, _ bool) error {
	if err := m.hung(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handled[key] = m.handled[key] || m.attempts[key] < approvals.TurnedAway
	return nil
}

func (m *memory) Forsake(_ context.Context, e approvals.Envelope, told bool) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(m.putErr, m.crossErr); err != nil {
		return false, err
	}
	switch {
	case m.handled[e.Key], !m.seen[e.Key] && e.Event != "" && m.seen[e.Event]:
		return false, nil
	case !m.seen[e.Key]:
		m.inbox = append(m.inbox, e)
		m.seen[e.Key], m.seen[e.Event] = true, e.Event != ""
	}
	m.attempts[e.Key], m.handled[e.Key], m.forsaken = approvals.TurnedAway, told, time.Now()
	return true, nil
}

func (m *memory) Failed(ctx context.Context, key string, attempt int) error {
	if err := m.hung(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.attempts[key] < approvals.TurnedAway {
		m.attempts[key] = attempt
	}
	m.claimed[key] = time.Now()
	return nil
}

func (m *memory) CountCrashes(ctx context.Context, key string, c approvals.Crashes) (bool, error) {
	if err := m.hung(ctx); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.handled[key] || m.attempts[key] >= approvals.TurnedAway {
		return false, nil
	}
	m.crashes[key], m.claimed[key] = c, time.Now()
	return true, nil
}

func (m *memory) Unhandled(ctx context.Context, limit int) ([]approvals.Envelope, error) {
	defer time.Sleep(m.readTakes)
	m.mu.Lock()
	if m.readHangs {
		m.mu.Unlock()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	defer m.mu.Unlock()
	var out []approvals.Envelope
	for _, e := range m.inbox {
		if !m.handled[e.Key] && len(out) < limit {
			e.Attempt, e.Crashes, m.claimed[e.Key] = m.attempts[e.Key]+1, m.crashes[e.Key], time.Now()
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
	m.change(id, func(p *approvals.Publication) {
		if p.Request.State = s; !s.Open() {
			p.Request.EndedAt = m.now()
		}
	})
}

func (m *memory) Unpublished(ctx context.Context, after approvals.Due, limit int) ([]approvals.Due, error) {
	if err := m.stuck(ctx, "sweep", ""); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []approvals.Due
	for _, id := range m.order[slices.Index(m.order, after.ID)+1:] {
		if p := m.pubs[id]; (p.Version < p.Request.Version || len(p.Notes) > 0) && len(out) < limit {
			out = append(out, approvals.Due{ID: id, CreatedAt: p.Request.CreatedAt})
		}
	}
	return out, nil
}

// stuck waits as long as anybody does for a call that hangs.
func (m *memory) stuck(ctx context.Context, call, id string) error {
	m.mu.Lock()
	hangs := m.hangs[id] == call
	m.mu.Unlock()
	if hangs {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (m *memory) Publication(ctx context.Context, id string) (*approvals.Publication, error) {
	if err := m.stuck(ctx, "read", id); err != nil {
		return nil, err
	}
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
	p := m.pubs[id]
	p.PostingBy, p.PostingAt = by, m.now()
	if p.PostingSince.IsZero() {
		p.PostingSince = p.PostingAt
	}
	return nil
}

func (m *memory) Published(ctx context.Context, id string, ref approvals.MessageRef, version int64) error {
	if err := m.stuck(ctx, "write", id); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pubErr != nil {
		return m.pubErr
	}
	p := m.pubs[id]
	if m.instead != nil {
		p.Request.Card, p.Version, m.instead = *m.instead, version, nil
		p.PostingBy = ""
		return approvals.ErrConflict
	}
	p.Request.Card, p.Version = ref, version
	p.PostingBy, p.PostingAt, p.PostingSince = "", time.Time{}, time.Time{}
	m.posted[id] = append(m.posted[id], ref)
	return nil
}

func (m *memory) Told(_ context.Context, ts string, notes ...int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	left := len(notes)
	for _, p := range m.pubs {
		for len(p.Notes) > 0 && slices.Contains(notes, p.Notes[0].Seq) { // not out of order
			p.Notes = p.Notes[1:]
			left--
			m.told[ts]++
		}
	}
	if left > 0 {
		return errors.New("notes are told out of order, or twice")
	}
	return nil
}

func (m *memory) Unshown(_ context.Context, id, why string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unshown[id] = why
	return nil
}

func (m *memory) Abandon(_ context.Context, id, why string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.pubs[id].Request
	if r.State.Open() {
		r.State, r.Note, r.EndedAt = approvals.Canceled, why, m.now()
		r.Version++
	}
	return nil
}

// drawnNow is a request's card as it would be drawn now.
func drawnNow(m *memory, id string) card.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return card.Request(m.pubs[id].Request, m.now())
}

// card is where a request's card stands.
func (m *memory) card(id string) approvals.MessageRef {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pubs[id].Request.Card
}

// upToDate says whether Slack shows all there is.
func (m *memory) upToDate() bool {
	ids, _ := m.Unpublished(context.Background(), approvals.Due{}, 1)
	return len(ids) == 0
}
