package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// bench is a Handler on the real approvals room, with a store, a directory and
// an account that behave as theirs do.
type bench struct {
	*Handler
	t       *testing.T
	store   *memory
	people  people
	account *account
	kept    inbox
	n       int
}

func newBench(t *testing.T) *bench {
	b := &bench{
		t: t, store: &memory{requests: map[string]*approvals.Request{}, envelopes: map[string]bool{}},
		people: people{
			"UALICE": approvals.Member, "UBOB": approvals.Member, "UGUEST": approvals.Guest,
			"UBOT": approvals.Bot, "UGONE": approvals.Deactivated, "UFOREIGN": approvals.Foreign,
		},
		account: newAccount(), kept: inbox{},
	}
	now := func() time.Time { return noon }
	b.Handler = &Handler{
		Requests: &approvals.Service{Store: b.store, Directory: b.people, Policy: approvals.BuiltIn{}, Now: now},
		Droplets: b.account, Images: b.account, Actions: b.account, Envelopes: b.kept, Now: now,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), BotUserID: func() string { return "UDROPLETOPS" }, Name: "dropletops",
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

// do handles an envelope that must not end in a fault.
func (b *bench) do(e approvals.Envelope) Reply {
	b.t.Helper()
	r, err := b.Handle(b.t.Context(), e)
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
	if err != nil {
		return old, err
	}
	m.requests[id], m.lines = &r, append(m.lines, c.Audit...)
	return &r, nil
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

// inbox keeps the envelopes.
type inbox map[string]approvals.Envelope

func (i inbox) Envelope(_ context.Context, key string) (approvals.Envelope, error) {
	if e, ok := i[key]; ok {
		return e, nil
	}
	return approvals.Envelope{}, approvals.ErrNotFound
}

// account is a DigitalOcean account.
type account struct {
	droplets  []api.Droplet
	images    []api.Image
	backups   map[int][]api.Image
	snapshots map[int][]api.Image
	history   map[int][]api.Record
	asked     int // how often it was asked for anything
	down      map[string]*api.Error
}

func newAccount() *account {
	d := func(id int, name, status string, tags ...string) api.Droplet {
		return api.Droplet{ID: id, Name: name, Status: status, Region: "nyc3", Size: "s-1vcpu-1gb", ImageID: 1, Image: "debian-12-x64", Tags: tags, DiskGB: 25}
	}
	return &account{
		droplets: []api.Droplet{
			d(101, "web-1", "active", "web"), d(102, "web-2", "active", "web"), d(103, "web-3", "off", "half", "single"),
			d(104, "twin", "active"), d(105, "twin", "off"), d(106, "db-1.example.com", "active", "half"),
			d(107, "gone", "active"), d(108, "<!channel>", "active", "loud"),
		},
		images:    []api.Image{{ID: 1, Slug: "debian-12-x64", Kind: "base"}, {ID: 2, Slug: "ubuntu-24-04-x64", Kind: "base", Regions: []string{"nyc3"}}},
		backups:   map[int][]api.Image{101: {{ID: 902, Name: "b2", Kind: "backup", Created: "2026-11-15T01:00:00Z"}, {ID: 901, Name: "b1", Kind: "backup", Created: "2026-11-08T01:00:00Z"}}},
		snapshots: map[int][]api.Image{101: {{ID: 903, Name: "s1", Kind: "snapshot", Created: "2026-10-01T01:00:00Z"}}},
		history:   map[int][]api.Record{},
		down:      map[string]*api.Error{},
	}
}

func (a *account) ask(what string) error {
	a.asked++
	if err := a.down[what]; err != nil {
		return err
	}
	return nil // not the nil pointer
}

func (a *account) Droplet(_ context.Context, id int) (api.Droplet, error) {
	if err := a.ask("droplet"); err != nil {
		return api.Droplet{}, err
	}
	for _, d := range a.droplets {
		if d.ID == id && d.Name != "gone" {
			return d, nil
		}
	}
	return api.Droplet{}, &api.Error{Kind: api.NotFound, What: fmt.Sprintf("read Droplet %d", id)}
}

func (a *account) Droplets(context.Context) ([]api.Droplet, error) {
	return a.droplets, a.ask("droplets")
}

func (a *account) Find(_ context.Context, words string) (api.Found, error) {
	if err := a.ask("find"); err != nil {
		return api.Found{}, err
	}
	var f api.Found
	for _, d := range a.droplets {
		if d.Name != "gone" && strings.EqualFold(d.Name, words) || strconv.Itoa(d.ID) == words {
			f.Droplets = append(f.Droplets, d)
		}
	}
	if len(f.Droplets) == 0 && words == "wbe-1" {
		f.Nearest = []string{"web-1", "web-2"}
	}
	return f, nil
}

func (a *account) Tagged(_ context.Context, tag string) (out []api.Droplet, err error) {
	for _, d := range a.droplets {
		if slices.Contains(d.Tags, tag) {
			out = append(out, d)
		}
	}
	return out, a.ask("tagged")
}

func (a *account) Image(_ context.Context, idOrSlug string) (api.Image, error) {
	if err := a.ask("image"); err != nil {
		return api.Image{}, err
	}
	for _, i := range a.images {
		if i.Slug == idOrSlug || strconv.Itoa(i.ID) == idOrSlug {
			return i, nil
		}
	}
	return api.Image{}, &api.Error{Kind: api.NotFound, What: "read image " + idOrSlug}
}

func (a *account) Backups(_ context.Context, id int) ([]api.Image, error) {
	return a.backups[id], a.ask("backups")
}

func (a *account) Snapshots(_ context.Context, id int) ([]api.Image, error) {
	return a.snapshots[id], a.ask("snapshots")
}

func (a *account) History(_ context.Context, id int) ([]api.Record, error) {
	return a.history[id], a.ask("history")
}

func (a *account) Usual(_ context.Context, _ int, action *api.Action) time.Duration {
	return action.Usual + time.Second
}

func (a *account) PreCheck(_ context.Context, action *api.Action, d api.Droplet, args api.Args, img *api.Image) (string, error) {
	return action.PreCheck(d, args, img), a.ask("precheck")
}
