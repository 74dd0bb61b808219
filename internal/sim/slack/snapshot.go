package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Snapshot is the whole workspace at one moment: what everybody sees, and what the app did. It
// never changes, is shared between readers and can be written as JSON.
type Snapshot struct {
	Version     int64                 `json:"version"` // grows with every change
	At          time.Time             `json:"at"`
	Users       []User                `json:"users"`
	Channels    []Channel             `json:"channels"`
	UserGroups  []UserGroup           `json:"usergroups"`
	Messages    map[string][]*Message `json:"messages"`   // by channel ID, oldest first, deleted ones too
	Ephemerals  []*Message            `json:"ephemerals"` // oldest first, deleted ones too
	Modals      map[string][]*View    `json:"modals"`     // by user ID, the visible one last
	Homes       map[string]*View      `json:"homes"`      // by user ID
	Deliveries  []*Envelope           `json:"deliveries"`
	Connections []Connection          `json:"connections"`
	Calls       []Call                `json:"calls"`
	Violations  []Violation           `json:"violations"`
}

// Envelope is a delivery in a snapshot.
type Envelope struct {
	Type    string          `json:"type"`
	User    string          `json:"user"`
	EventID string          `json:"event_id,omitempty"`
	Payload json.RawMessage `json:"payload"`
	Done    bool            `json:"done"` // the person knows the outcome
	Result  Result          `json:"result"`
}

// Snapshot is the workspace now.
func (s *Server) Snapshot() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snap()
}

// snap makes the snapshot of this version, once; mu is held.
func (s *Server) snap() *Snapshot {
	if s.snapshot != nil {
		return s.snapshot
	}
	out := &Snapshot{
		Version: s.version, At: s.now(),
		Users: slices.Clone(s.workspace.Users), Channels: slices.Clone(s.workspace.Channels),
		UserGroups: slices.Clone(s.workspace.UserGroups), Messages: map[string][]*Message{},
		Ephemerals: slices.Clone(s.ephemerals), Modals: map[string][]*View{}, Homes: map[string]*View{},
		// These three only ever grow or are replaced, so that readers may share them.
		Connections: slices.Clone(s.connections), Calls: slices.Clip(s.calls), Violations: slices.Clip(s.violations),
	}
	for id, list := range s.messages {
		out.Messages[id] = slices.Clone(list)
	}
	for user, stack := range s.stacks {
		for _, id := range stack {
			out.Modals[user] = append(out.Modals[user], s.views[id])
		}
	}
	for user, id := range s.homes {
		out.Homes[user] = s.views[id]
	}
	for _, d := range s.deliveries {
		if d.shown == nil {
			d.shown = &Envelope{
				Type: d.Type, User: d.User, EventID: d.EventID, Payload: d.Payload, Done: d.over, Result: d.copyResult(),
			}
		}
		out.Deliveries = append(out.Deliveries, d.shown)
	}
	s.snapshot = out
	return out
}

// WaitFor returns the first snapshot for which ok holds: the one there is, or a later one. Its
// error is ctx's, or that the server was closed, with the last snapshot.
func (s *Server) WaitFor(ctx context.Context, ok func(*Snapshot) bool) (*Snapshot, error) {
	for {
		s.mu.Lock()
		now, changed := s.snap(), s.changed
		s.mu.Unlock()
		if ok(now) {
			return now, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return now, fmt.Errorf("built-in Slack: wait for a state of the workspace: %w", ctx.Err())
		case <-s.lifetime.Done():
			return now, fmt.Errorf("built-in Slack: wait for a state of the workspace: the server was closed")
		}
	}
}

// Subscribe gives a channel that has a value whenever something changed since the last one was
// taken; changes in between are one. It is closed after stop, or when the server closes.
func (s *Server) Subscribe() (changes <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(s.lifetime)
	out := make(chan struct{}, 1)
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		cancel()
		close(out)
		return out, cancel
	}
	changed := s.changed
	s.wg.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.wg.Done()
		defer close(out)
		for {
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
			s.mu.Lock()
			changed = s.changed
			s.mu.Unlock()
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}()
	return out, cancel
}

// User finds somebody by name or ID.
func (n *Snapshot) User(ref string) (User, bool) {
	i := slices.IndexFunc(n.Users, func(u User) bool { return u.ID == ref || u.Name == strings.TrimPrefix(ref, "@") })
	if i < 0 {
		return User{}, false
	}
	return n.Users[i], true
}

// Channel finds a channel by #name, name or ID.
func (n *Snapshot) Channel(ref string) (Channel, bool) {
	ref = strings.TrimPrefix(ref, "#")
	i := slices.IndexFunc(n.Channels, func(c Channel) bool { return c.ID == ref || c.Name == ref })
	if i < 0 || ref == "" {
		return Channel{}, false
	}
	return n.Channels[i], true
}

// MessagesIn are the messages of a channel outside of threads, oldest first, without deleted ones.
func (n *Snapshot) MessagesIn(channel string) []*Message {
	return n.filter(channel, func(m *Message) bool { return m.ThreadTS == "" || m.ThreadTS == m.TS })
}

// Thread are the replies to a message, oldest first, without the message itself.
func (n *Snapshot) Thread(channel, ts string) []*Message {
	return n.filter(channel, func(m *Message) bool { return m.ThreadTS == ts && m.TS != ts })
}

// Message finds a message that is there now; nil when it is not.
func (n *Snapshot) Message(channel, ts string) *Message {
	if l := n.filter(channel, func(m *Message) bool { return m.TS == ts }); len(l) > 0 {
		return l[0]
	}
	return nil
}

// BotMessages are all the bot's messages of a channel, in threads too, oldest first.
func (n *Snapshot) BotMessages(channel string) []*Message {
	return n.filter(channel, func(m *Message) bool { return m.BotID == BotID })
}

func (n *Snapshot) filter(channel string, keep func(*Message) bool) []*Message {
	c, _ := n.Channel(channel)
	var out []*Message
	for _, m := range n.Messages[c.ID] {
		if !m.Deleted && keep(m) {
			out = append(out, m)
		}
	}
	return out
}

// EphemeralsFor are the ephemeral messages that somebody sees, oldest first, over all channels.
func (n *Snapshot) EphemeralsFor(user string) []*Message {
	u, _ := n.User(user)
	var out []*Message
	for _, m := range n.Ephemerals {
		if m.EphemeralTo == u.ID && !m.Deleted && !m.Unseen {
			out = append(out, m)
		}
	}
	return out
}

// Modal is the modal that somebody sees; nil when there is none.
func (n *Snapshot) Modal(user string) *View {
	u, _ := n.User(user)
	if stack := n.Modals[u.ID]; len(stack) > 0 {
		return stack[len(stack)-1]
	}
	return nil
}

// Home is the home tab that the app published for somebody; nil when there is none.
func (n *Snapshot) Home(user string) *View {
	u, _ := n.User(user)
	return n.Homes[u.ID]
}

// CallsTo are the calls of a method, oldest first.
func (n *Snapshot) CallsTo(method string) []Call {
	var out []Call
	for _, c := range n.Calls {
		if c.Method == method {
			out = append(out, c)
		}
	}
	return out
}

// ReadySockets are how many connections get envelopes.
func (n *Snapshot) ReadySockets() (ready int) {
	for _, c := range n.Connections {
		if c.Ready {
			ready++
		}
	}
	return ready
}
