package approvals

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Fault is that one of several actions did not work, while others still follow that
// put right what went before: what was asked for has failed, whatever they do.
type Fault struct {
	State   TargetState `json:"state"` // TargetErrored or TargetUnknown
	Problem string      `json:"problem"`
	// Sends and DispatchedAt are the type of the action, and when it was sent.
	Sends        string    `json:"sends,omitempty"`
	DispatchedAt time.Time `json:"dispatched_at,omitzero"`
}

// Onward is how a target goes on to another of its actions.
type Onward struct {
	To     int        // the step it goes on to
	Sends  string     // and its type
	Action *ActionRef // DigitalOcean's last word on the one before, if there is one
	Why    string     // why the one before is over, where it is not done
	Made   string     // what the one before made
	Said   Answer     // DigitalOcean's refusal of the one before, if that is what ended it
	Fault  *Fault     // the one before did not work, and so the whole has failed
}

// overPost says whether nothing can come of a POST any more of which no action is
// known: it was refused, or looked for in vain.
func (o Onward) overPost(t Target) bool {
	if t.LostAt.IsZero() {
		return o.Why != "" || o.Fault != nil && o.Fault.State == TargetErrored
	}
	return o.Fault != nil && o.Fault.State == TargetUnknown
}

// Next takes a target on to another of its actions. The one before is over,
// whatever came of it. Nothing of it may still be under way: it was accepted and
// followed, has certainly been refused, or was looked for in vain and is a Fault.
func (r *Request) Next(i int, o Onward, now time.Time) (Change, error) {
	from := []TargetState{Following}
	if i < len(r.Targets) && r.Targets[i].Step > 0 {
		from = append(from, Queued) // it is not needed, or not possible
	}
	if i < len(r.Targets) && o.overPost(r.Targets[i]) {
		from = append(from, Dispatching)
	}
	t, err := r.target(i, from...)
	if err != nil {
		return Change{}, err
	}
	if o.To <= t.Step || o.Fault != nil && t.Fault != nil {
		return Change{}, fmt.Errorf("%w: Droplet %d of request %s is at step %d, and can't go on to %d", ErrConflict, t.Droplet.ID, r.ID, t.Step, o.To)
	}
	id := ""
	if t.Action != nil {
		if o.Action != nil {
			o.Action.RequestID = t.Action.RequestID
			t.Action = o.Action
		}
		t.Past = append(t.Past, *t.Action)
		id = t.Action.number()
		o.Said.RequestID = cmp.Or(o.Said.RequestID, t.Action.RequestID)
	}
	why := o.Why
	if o.Fault != nil {
		why = o.Fault.Problem
		t.Fault = o.Fault
	}
	line := r.line(t, "next step", now, o.Said.detail("action_id", id, "step", strconv.Itoa(o.To), "action", o.Sends, "why", why, "result", o.Made)...)
	t.Saved = strings.TrimSpace(t.Saved + " " + o.Made)
	t.State, t.Step, t.Sends, t.Action = Queued, o.To, o.Sends, nil
	t.Wait, t.WaitSince = "", time.Time{}
	t.SettlingAt, t.SettlingSaid, t.LostAt = time.Time{}, false, time.Time{}
	t.Slow = t.Slow && r.Patience > 0 // that is told once of all its actions
	note := Note{At: now, Kind: NoteNext, Ordinal: i, Detail: strings.TrimSpace(why + " " + o.Made), Sends: o.Sends}
	if o.Fault != nil {
		return Change{Audit: []Line{line}, Notes: []Note{note}}, nil
	}
	return Change{Audit: []Line{line}, Notes: r.progress(note)}, nil
}
