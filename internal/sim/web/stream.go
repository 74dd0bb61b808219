package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// gather is how long changes are collected before they are sent, in real time: short enough to feel
// at once, long enough that a burst is one event.
const gather = 40 * time.Millisecond

// heartbeat keeps a stream on which nothing happens from being cut, and notices a browser that is gone.
const heartbeat = 15 * time.Second

// event is what changed for somebody.
type event struct {
	Now   time.Time                  `json:"now"`
	Whole bool                       `json:"whole,omitempty"` // set is everything; forget what was before
	Set   map[string]json.RawMessage `json:"set,omitempty"`
	Gone  []string                   `json:"gone,omitempty"`
}

// sent is what a stream has told, by key.
type sent map[string]struct {
	same any
	data json.RawMessage
}

// difference is what to tell so that the other side sees these parts, and notes them as told.
func (t sent) difference(parts []part) (e event, err error) {
	e.Set = map[string]json.RawMessage{}
	there := map[string]bool{}
	for _, p := range parts {
		there[p.key] = true
		old, known := t[p.key]
		if known && p.same != nil && p.same == old.same {
			continue
		}
		data, err := json.Marshal(p.value)
		if err != nil {
			return e, fmt.Errorf("demo page: write %s: %w", p.key, err)
		}
		if !known || !bytes.Equal(data, old.data) {
			e.Set[p.key] = data
		}
		old.same, old.data = p.same, data
		t[p.key] = old
	}
	for key := range t {
		if !there[key] {
			e.Gone = append(e.Gone, key)
			delete(t, key)
		}
	}
	return e, nil
}

// events streams what somebody sees, until the browser goes or the server closes.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	out := http.NewResponseController(w)
	// The stream outlives any time-out that the http.Server has for answers.
	_ = out.SetWriteDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	fmt.Fprint(w, "retry: 1000\n\n")

	slack, stopSlack := s.slack.Subscribe()
	defer stopSlack()
	do, stopDO := s.do.Subscribe()
	defer stopDO()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()

	told := sent{}
	whole := true
	for {
		if err := s.tell(w, r.URL.Query().Get("as"), told, whole); err != nil {
			return
		}
		if err := out.Flush(); err != nil {
			return
		}
		whole = false
		select {
		case _, open := <-slack:
			if !open {
				return
			}
		case _, open := <-do:
			if !open {
				return
			}
		case <-beat.C:
			fmt.Fprint(w, ": still here\n\n")
			continue
		case <-r.Context().Done():
			return
		case <-s.lifetime.Done():
			return
		}
		select {
		case <-time.After(gather):
		case <-r.Context().Done():
			return
		}
	}
}

// tell writes an event with what changed; nothing where nothing did.
func (s *Server) tell(w http.ResponseWriter, name string, told sent, whole bool) error {
	snap := s.slack.Snapshot()
	me, ok := who(snap, name)
	if !ok {
		return fmt.Errorf("demo page: there is nobody to be in this workspace")
	}
	e, err := told.difference(s.state(snap, me))
	if err != nil {
		return err
	}
	if len(e.Set) == 0 && len(e.Gone) == 0 {
		return nil
	}
	e.Now, e.Whole = snap.At, whole
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("demo page: write an event: %w", err)
	}
	_, err = fmt.Fprintf(w, "data: %s\n\n", data)
	return err
}
