package approvals

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// This file holds the transitions inside running. Each is called by the runner
// in a Store's Update, and each checks that the target is where it must be: a
// second caller, or a late one, is answered ErrConflict and changes nothing.

// target answers the target to be changed if the request runs and the target is
// in one of the states.
func (r *Request) target(i int, in ...TargetState) (*Target, error) {
	if i >= len(r.Targets) { // left out by a drift since the caller looked
		return nil, fmt.Errorf("%w: request %s has %d Droplets, not %d", ErrConflict, r.ID, len(r.Targets), i+1)
	}
	if r.State == Running {
		for _, s := range in {
			if r.Targets[i].State == s {
				return &r.Targets[i], nil
			}
		}
	}
	return nil, fmt.Errorf("%w: request %s is %s, Droplet %d is %s", ErrConflict,
		r.ID, r.State, r.Targets[i].Droplet.ID, r.Targets[i].State)
}

func (r *Request) line(t *Target, what string, now time.Time, detail ...string) Line {
	l := Line{At: now, RequestID: r.ID, What: what, Who: Self, DropletID: t.DropletID()}
	for i := 0; i+1 < len(detail); i += 2 {
		if detail[i+1] == "" {
			continue
		}
		if l.Detail == nil {
			l.Detail = map[string]string{}
		}
		l.Detail[detail[i]] = detail[i+1]
	}
	return l
}

// Dispatch marks the intent to send the action for one Droplet. Only whoever
// committed it may send, and only once: from here on the target never goes back
// to queued unless DigitalOcean has refused the action for certain.
//
// sends is the type of DigitalOcean's action: of a verb that takes several, the
// one that is next.
func (r *Request) Dispatch(i int, by, sends string, baseline int, now time.Time) (Change, error) {
	t, err := r.target(i, Queued)
	if err != nil {
		return Change{}, err
	}
	if r.Card.TS == "" {
		return Change{}, fmt.Errorf("%w: request %s has no card yet", ErrConflict, r.ID)
	}
	if t.BeganAt.IsZero() {
		t.BeganAt = now
	}
	t.State, t.DispatchedAt, t.DispatchedBy, t.Sends, t.Baseline, t.LostAt = Dispatching, now, by, sends, baseline, time.Time{}
	return Change{Audit: []Line{r.line(t, "dispatching", now, "action", sends, "digest", r.Digest())}}, nil
}

// Seen records a Droplet as it is right before an action that something else may have
// gone before, with the change that the intent is: the end is compared with it. Where
// nobody had to decide, what differs from what the card showed is told, and stops nothing.
func (r *Request) Seen(i int, d Droplet, c *Change) {
	t := &r.Targets[i]
	diffs := t.Droplet.Differences(d)
	t.Droplet = d
	if r.Verdict.Outcome != Allow || len(diffs) == 0 {
		return
	}
	if r.Bulk() {
		r.Drift = append(r.Drift, diffs...)
	} else {
		r.Drift = diffs
	}
	for n, diff := range diffs {
		c.Audit[0].Detail[fmt.Sprintf("change_%d", n+1)] = diff.String()
	}
	c.Notes = append(c.Notes, r.progress(Note{At: t.DispatchedAt, Kind: NoteDrifted, Ordinal: -1, Detail: GoesOn})...)
}

// Accepted records that DigitalOcean has accepted the action. found says that
// its answer was lost and the action was found in the Droplet's list.
func (r *Request) Accepted(i int, a ActionRef, found bool, now time.Time) (Change, error) {
	if i < len(r.Targets) && r.Targets[i].Action != nil && r.Targets[i].Action.ID == a.ID {
		return Change{}, ErrNoChange // the other one of two who learnt it was first
	}
	if i < len(r.Targets) && r.Targets[i].open() && !found {
		return r.late(&r.Targets[i], a, now), nil
	}
	t, err := r.target(i, Dispatching)
	if err != nil {
		return Change{}, err
	}
	t.State, t.Action, t.Wait, t.WaitSince = Following, &a, "", time.Time{}
	what := "accepted"
	if found {
		what = "found"
	}
	return Change{
		Audit: []Line{r.line(t, what, now, "action_id", a.number(), "request_id", a.RequestID)},
		Notes: r.progress(Note{At: now, Kind: NoteStarted, Ordinal: i, Sends: t.Sends}),
	}, nil
}

// open says whether an answer to a target's POST may still come, though people
// were told that what became of it is unknown.
func (t *Target) open() bool {
	return t.State == TargetUnknown && t.Action == nil && !t.LostAt.IsZero()
}

// late records that an answer came after all. What ended as unknown stays so: a
// person was asked, and may have acted on it. But the action is known as this
// target's from now on, and nobody has to guess any more.
func (r *Request) late(t *Target, a ActionRef, now time.Time) Change {
	t.Action = &a
	return Change{
		Audit: []Line{r.line(t, "accepted late", now, "action_id", a.number(), "request_id", a.RequestID)},
		Notes: []Note{{At: now, Kind: NoteLate, Ordinal: t.Ordinal, Detail: a.number()}},
	}
}

// PutBack returns a target to the queue: DigitalOcean has certainly not taken
// the action, and it may be tried again. Of a queued target it only says why it
// waits. said is DigitalOcean's answer, if there was one.
func (r *Request) PutBack(i int, why Wait, said Answer, now time.Time) (Change, error) {
	t, err := r.target(i, Dispatching, Queued)
	if err != nil {
		return Change{}, err
	}
	c := Change{}
	if t.State == Dispatching {
		c.Audit = []Line{r.line(t, "not accepted", now, said.detail("action", t.Sends, "why", string(why))...)}
		if t.Step == 0 {
			t.BeganAt = time.Time{} // it has not: what it waits now is time in line
		}
	}
	if t.Wait != why {
		t.Wait, t.WaitSince = why, now
		if why != WaitNotVisible { // the card says so; it is nearly always over in seconds
			c.Notes = r.progress(Note{At: now, Kind: NoteWaiting, Ordinal: i, Detail: string(why)})
		}
	} else if t.State == Queued {
		return Change{}, ErrNoChange
	}
	t.State = Queued
	return c, nil
}

// Unsent returns a target to the queue whose intent was never sent, as the process that
// wrote it down knows: the answer to its commit was lost. by and at tell the intent, so
// that no other is taken back.
func (r *Request) Unsent(i int, by string, at time.Time, why string, now time.Time) (Change, error) {
	t, err := r.target(i, Dispatching)
	if err != nil || t.DispatchedBy != by || !t.DispatchedAt.Equal(at) {
		return Change{}, ErrNoChange // it was not committed, or something newer is there
	}
	t.State, t.LostAt = Queued, time.Time{}
	if t.Step == 0 {
		t.BeganAt = time.Time{}
	}
	return Change{Audit: []Line{r.line(t, "not accepted", now, "action", t.Sends, "why", "not sent: "+why)}}, nil
}

// Lost records that the answer to a POST was lost: it is looked for from now on.
// said is what there was of it.
func (r *Request) Lost(i int, why string, said Answer, now time.Time) (Change, error) {
	t, err := r.target(i, Dispatching)
	if err != nil {
		return Change{}, err
	}
	if !t.LostAt.IsZero() {
		return Change{}, ErrNoChange
	}
	t.LostAt = now
	return Change{
		Audit: []Line{r.line(t, "answer lost", now, said.detail("action", t.Sends, "why", why)...)},
		Notes: []Note{{At: now, Kind: NoteLost, Ordinal: i}},
	}, nil
}

// Hidden records whether DigitalOcean answers 404 for what a target's end rests on, and
// since when: a process that is started anew goes on from there.
func (r *Request) Hidden(i int, hidden bool, now time.Time) (Change, error) {
	t, err := r.target(i, Following)
	if err != nil {
		return Change{}, err
	}
	if hidden == (t.Wait == WaitNotVisible) {
		return Change{}, ErrNoChange
	}
	t.Wait, t.WaitSince = "", time.Time{}
	if hidden {
		t.Wait, t.WaitSince = WaitNotVisible, now
	}
	return Change{}, nil
}

// Slow records that people are told that a target takes longer than usual.
func (r *Request) Slow(i int, now time.Time) (Change, error) {
	t, err := r.target(i, Following)
	if err != nil {
		return Change{}, err
	}
	if t.Slow {
		return Change{}, ErrNoChange
	}
	t.Slow = true
	return Change{Notes: []Note{{At: now, Kind: NoteSlow, Ordinal: i}}}, nil
}

// progress is a note on one Droplet of which nobody has to do anything. In bulk
// it is left out: the card has a row for each, and a thread of hundreds of
// messages tells nobody anything.
func (r *Request) progress(n Note) []Note {
	if r.Bulk() {
		return nil
	}
	return []Note{n}
}

// StillSettling records that people are told that the Droplet takes its time to
// show what its action did.
func (r *Request) StillSettling(i int, now time.Time) (Change, error) {
	t, err := r.target(i, Following)
	if err != nil {
		return Change{}, err
	}
	if t.SettlingSaid {
		return Change{}, ErrNoChange
	}
	t.SettlingSaid = true
	return Change{Notes: r.progress(Note{At: now, Kind: NoteSettling, Ordinal: i})}, nil
}

// Settling records that DigitalOcean calls the action completed, while the
// Droplet does not look like it yet.
func (r *Request) Settling(i int, a ActionRef, now time.Time) (Change, error) {
	t, err := r.target(i, Following)
	if err != nil {
		return Change{}, err
	}
	if !t.SettlingAt.IsZero() { // not the status: it may have been found completed
		return Change{}, ErrNoChange
	}
	a.RequestID = t.Action.RequestID
	t.Action, t.SettlingAt = &a, now
	return Change{Audit: []Line{r.line(t, "action "+a.Status, now, "action_id", a.number())}}, nil
}

// Ending is how a target ended.
type Ending struct {
	State   TargetState // TargetDone, TargetErrored or TargetUnknown
	After   *Droplet    // as it is now, if that is known
	Action  *ActionRef  // DigitalOcean's last word on the action, if there is one
	Result  string
	Problem string
	Said    Answer // DigitalOcean's refusal, if that is what ended it
	// Anyway says that it is as it should be without this having been what did it:
	// then a target is done from any state.
	Anyway bool
}

// End ends a target, and with the last one the request.
func (r *Request) End(i int, e Ending, now time.Time) (Change, error) {
	from := []TargetState{Queued, Dispatching, Following}
	switch e.State {
	case TargetDone:
		from = []TargetState{Following}
		if i < len(r.Targets) && r.Targets[i].Step > 0 { // what the step before did may show late
			from = append(from, Queued, Dispatching)
		}
		if e.Anyway {
			from = []TargetState{Queued, Dispatching, Following}
		}
	case TargetUnknown:
		from = []TargetState{Dispatching, Following}
		if i < len(r.Targets) && r.Targets[i].Fault != nil {
			from = append(from, Queued)
		}
	}
	t, err := r.target(i, from...)
	if err != nil {
		return Change{}, err
	}
	if t.Fault != nil && !e.follows(*t.Fault) {
		return Change{}, fmt.Errorf("%w: Droplet %d of request %s has a fault and can't end as %s", ErrConflict, t.Droplet.ID, r.ID, e.State)
	}
	return r.ended(i, t, e, now), nil
}

// follows says whether a target may end so after one of its actions has failed.
func (e Ending) follows(f Fault) bool {
	return e.State == TargetUnknown || e.State == TargetErrored && f.State == TargetErrored
}

// Doubt ends a target of which nothing is known to have been sent, but of which it
// may have been by a process whose memory is gone, as after a restored backup.
func (r *Request) Doubt(i int, problem string, now time.Time) (Change, error) {
	t, err := r.target(i, Queued)
	if err != nil {
		return Change{}, err
	}
	return r.ended(i, t, Ending{State: TargetUnknown, Problem: problem}, now), nil
}

func (r *Request) ended(i int, t *Target, e Ending, now time.Time) Change {
	e.Result = strings.TrimSpace(e.Result + " " + t.Saved)
	t.State, t.After, t.Result, t.Problem, t.EndedAt = e.State, e.After, e.Result, e.Problem, now
	if t.BeganAt.IsZero() && e.Anyway {
		t.BeganAt = now // it took no time
	}
	t.Wait, t.WaitSince = "", time.Time{}
	if e.Action != nil {
		if t.Action != nil {
			e.Action.RequestID = t.Action.RequestID // of the call that began it, not of the look that saw its end
		}
		t.Action = e.Action
	}
	id := ""
	if t.Action != nil {
		id = t.Action.number()
		e.Said.RequestID = cmp.Or(e.Said.RequestID, t.Action.RequestID)
	}
	c := Change{
		Audit: []Line{r.line(t, string(e.State), now, e.Said.detail("action_id", id, "result", e.Result, "problem", e.Problem)...)},
	}
	over := r.settle(now)
	if !r.Bulk() || over || e.State != TargetDone {
		c.Notes = []Note{{At: now, Kind: NoteEnded, Ordinal: i}}
	}
	if over {
		c.Audit = append(c.Audit, Line{At: now, RequestID: r.ID, What: "request " + string(r.State), Who: Self})
	}
	return c
}

// settle ends a running request of which every target has ended.
func (r *Request) settle(now time.Time) bool {
	n := map[TargetState]int{}
	for _, t := range r.Targets {
		if !t.State.Ended() {
			return false
		}
		n[t.State]++
	}
	switch {
	case n[TargetUnknown] > 0:
		r.end(Unknown, now)
	case n[TargetDone] == len(r.Targets):
		r.end(Completed, now)
	case n[TargetSkipped] == len(r.Targets):
		r.end(Canceled, now)
	default:
		r.end(Failed, now)
	}
	return true
}
