package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/lookup"

	"github.com/slack-go/slack"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// bench is a Handler on the real approvals room, with a store, a directory and
// an account that behave as theirs do.
type bench struct {
	*Handler
	t       testing.TB
	store   *memory
	people  people
	account *account
	channel channel
	views   views
	policy  *policy
	kept    inbox
	n       int
	passed  time.Duration // since noon
}

func newBench(t testing.TB) *bench {
	b := &bench{
		t: t, store: &memory{requests: map[string]*approvals.Request{}, envelopes: map[string]bool{}},
		people: people{
			"UALICE": approvals.Member, "UBOB": approvals.Member, "UGUEST": approvals.Guest,
			"UBOT": approvals.Bot, "UGONE": approvals.Deactivated, "UFOREIGN": approvals.Foreign,
		},
		account: newAccount(), kept: inbox{},
	}
	now := func() time.Time { return noon.Add(b.passed) }
	b.policy = &policy{}
	service := &approvals.Service{Store: b.store, Directory: b.people, Policy: b.policy, Factors: factors{}, Now: now}
	b.Handler = &Handler{
		Requests: service, Decisions: service, Views: &b.views,
		Droplets: b.account, Images: b.account, Actions: b.account, Account: b.account, Details: b.account, Offers: b.account, Life: b.account, Protection: b.account, Records: b.account,
		Lookup: lookup.Reader{Droplets: b.account, Names: b.account, Recent: b.account, Absences: &api.Absences{}, Now: now},
		Doers:  b.account, Channel: &b.channel, Envelopes: b.kept, Now: now,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), BotUserID: func() string { return "UDROPLETOPS" }, Name: "dropletops",
		Slower: 20, // on a busy machine
	}
	return b
}

// take is an envelope that was written down.
func (b *bench) take(typ string, payload any) approvals.Envelope {
	b.t.Helper()
	raw, err := json.Marshal(payload)
	if err != nil {
		b.t.Fatal(err)
	}
	b.n++
	e := approvals.Envelope{Key: fmt.Sprintf("e%d", b.n), Type: typ, Payload: raw, ReceivedAt: noon, Attempt: 1}
	b.kept[e.Key] = e
	return e
}

type object = map[string]any

func (b *bench) slash(user, text string) approvals.Envelope {
	b.t.Helper()
	return b.take("slash_commands", object{
		"command": "/droplet", "text": text, "team_id": "T1", "channel_id": "C1", "user_id": user,
		"response_url": "http://slack/r/" + user, "trigger_id": "1.2.3",
	})
}

func (b *bench) mention(event object) approvals.Envelope {
	b.t.Helper()
	whole := object{"type": "app_mention", "user": "UALICE", "team": "T1", "channel": "C1", "ts": "2.000001", "event_ts": "2.000001"}
	for k, v := range event {
		whole[k] = v
	}
	return b.take("events_api", object{"team_id": "T1", "type": "event_callback", "event_id": "Ev1", "event": whole})
}

// click is a click on a button of a message, or a choice from its menu.
func (b *bench) click(user string, on approvals.MessageRef, action object) approvals.Envelope {
	b.t.Helper()
	return b.take("interactive", object{
		"type": "block_actions", "response_url": "http://slack/r/click", "team": object{"id": "T1"},
		"user": object{"id": user, "team_id": "T1"}, "channel": object{"id": on.ChannelID},
		"container": object{"type": "message", "channel_id": on.ChannelID, "message_ts": on.TS},
		"actions":   []object{action},
	})
}

// do handles an envelope that must not end in a fault: again and again, as long as
// something is not visible at DigitalOcean.
func (b *bench) do(e approvals.Envelope) Reply {
	b.t.Helper()
	r, err := b.Handle(b.t.Context(), e)
	for later := (*Later)(nil); errors.As(err, &later) && api.KindOf(err) == api.NotVisible; {
		b.passed += later.After
		r, err = b.Handle(b.t.Context(), e)
	}
	if err != nil {
		b.t.Fatalf("%s: %v", e.Payload, err)
	}
	return r
}

// refused handles an envelope that must be answered with a sentence, and change
// nothing.
func (b *bench) refused(e approvals.Envelope, want string) {
	b.t.Helper()
	before := len(b.store.order)
	if r := b.do(e); r.Message.Text != want {
		b.t.Errorf("said %q\nwant %q", r.Message.Text, want)
	}
	if n := len(b.store.order) - before; n != 0 {
		b.t.Errorf("%d requests were made", n)
	}
}

// asks handles an envelope that must become a request without a word.
func (b *bench) asks(e approvals.Envelope) *approvals.Request {
	b.t.Helper()
	before := len(b.store.order)
	if r := b.do(e); r.Message.Text != "" && !r.Replace {
		b.t.Fatalf("said %q", r.Message.Text)
	}
	if n := len(b.store.order) - before; n != 1 {
		b.t.Fatalf("%d requests were made", n)
	}
	r := b.store.requests[b.store.order[before]]
	r.Card = approvals.MessageRef{ChannelID: r.Origin.ChannelID, TS: "1.000" + strconv.Itoa(b.n)}
	return r
}

// memory is a store that forgets when it ends.
type memory struct {
	requests  map[string]*approvals.Request
	order     []string
	envelopes map[string]bool
	lines     []approvals.Line
}

func (m *memory) Create(_ context.Context, r *approvals.Request, c approvals.Change) error {
	if m.envelopes[c.Envelope] {
		return approvals.ErrHandled
	}
	if c.RetryOf != "" {
		if m.requests[c.RetryOf].RetriedBy != "" {
			return approvals.ErrConflict
		}
		m.requests[c.RetryOf].RetriedBy = r.ID
	}
	m.envelopes[c.Envelope] = true
	m.requests[r.ID], m.order, m.lines = r, append(m.order, r.ID), append(m.lines, c.Audit...)
	return nil
}

func (m *memory) Request(_ context.Context, id string) (*approvals.Request, error) {
	if r, ok := m.requests[id]; ok {
		return r, nil
	}
	return nil, approvals.ErrNotFound
}

func (m *memory) Update(_ context.Context, id string, f func(*approvals.Request) (approvals.Change, error)) (*approvals.Request, error) {
	old, ok := m.requests[id]
	if !ok {
		return nil, approvals.ErrNotFound
	}
	r := *old
	r.Targets = slices.Clone(old.Targets)
	c, err := f(&r)
	if errors.Is(err, approvals.ErrNoChange) {
		return old, nil
	}
	if err != nil {
		return old, err
	}
	m.requests[id], m.lines = &r, append(m.lines, c.Audit...)
	return &r, nil
}

func (m *memory) MoveChannel(context.Context, string, string, approvals.Line) error { return nil }

func (m *memory) Unreviewed(context.Context) (out []*approvals.Request, err error) {
	for _, id := range m.order {
		if r := m.requests[id]; r.Review.Open() {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) Record(_ context.Context, lines ...approvals.Line) error {
	m.lines = append(m.lines, lines...)
	return nil
}

// people is a directory by user ID; whoever is not in it can't be looked up.
type people map[string]approvals.Standing

func (p people) Person(_ context.Context, who approvals.Who, _ bool) (approvals.Person, error) {
	s, ok := p[who.UserID]
	if !ok {
		return approvals.Person{}, fmt.Errorf("Slack does not answer")
	}
	if who.TeamID != "T1" {
		s = approvals.Foreign
	}
	return approvals.Person{Who: who, Standing: s}, nil
}

func (p people) Shared(context.Context, string) (bool, error) { return false, nil }

// inbox keeps the envelopes.
type inbox map[string]approvals.Envelope

func (i inbox) Envelope(_ context.Context, key string) (approvals.Envelope, error) {
	if e, ok := i[key]; ok {
		return e, nil
	}
	return approvals.Envelope{}, approvals.ErrNotFound
}

// policy is the built-in one, unless a test names a verdict and its groups.
type policy struct {
	verdict *approvals.Verdict
	groups  map[string][]string // members by the group's name
	digest  string              // of a policy file
	judge   func(approvals.Case) (approvals.Verdict, error)
}

func (p *policy) Judge(_ context.Context, c approvals.Case) (approvals.Verdict, error) {
	if p.judge != nil {
		return p.judge(c)
	}
	if p.verdict != nil {
		return *p.verdict, nil
	}
	return approvals.BuiltIn{}.Verdict(c), nil
}

func (p *policy) In(_ context.Context, who approvals.Who, groups []string, _ bool) ([]string, approvals.Seen, error) {
	var in []string
	for _, g := range groups {
		if slices.Contains(p.groups[g], who.UserID) {
			in = append(in, g)
		}
	}
	return in, approvals.Seen{Now: true}, nil
}

func (p *policy) Digest() string { return p.digest }

func (p *policy) Group(name string) (approvals.Group, bool) {
	users, ok := p.groups[name]
	return approvals.Group{Name: name, Users: users}, ok
}

// factors knows one code for everybody.
type factors struct{}

func (factors) Verify(_ context.Context, _, code, _ string, _ time.Time) error {
	if code != "123456" {
		return approvals.Refuse("That code is wrong.")
	}
	return nil
}

func (factors) Precheck(context.Context, string, string, string, time.Time) error { return nil }

func (factors) Enrolled(context.Context, string) (bool, error) { return true, nil }

// views are the modals that were opened.
type views struct {
	opened  []slack.ModalViewRequest
	updated []slack.ModalViewRequest
	which   []ViewRef
	err     error
	gone    bool // the modal was closed
}

func (v *views) UpdateView(_ context.Context, which ViewRef, m slack.ModalViewRequest) error {
	if v.err != nil || v.gone {
		return ErrNoView
	}
	v.updated, v.which = append(v.updated, m), append(v.which, which)
	return nil
}

func (v *views) OpenView(_ context.Context, _ string, m slack.ModalViewRequest) error {
	if v.err == nil {
		v.opened = append(v.opened, m)
	}
	return v.err
}
