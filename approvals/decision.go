package approvals

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// DecisionKind is what a person decided about a request.
type DecisionKind string

// The decisions; they are the action_ids of the card's buttons.
const (
	ToApprove    DecisionKind = "approve"
	ToDeny       DecisionKind = "deny"
	ToConfirm    DecisionKind = "confirm"
	ToCancel     DecisionKind = "cancel"
	ToRetract    DecisionKind = "retract"     // take one's own approval back
	ToBreakGlass DecisionKind = "break_glass" // go ahead alone, with a reason
	ToReview     DecisionKind = "review"      // close what going ahead alone has opened
	// ToSnapshotFirst has a snapshot taken first, so that the decision begins anew.
	ToSnapshotFirst DecisionKind = "snapshot_first"
)

// Decision is one person's decision, as it was recorded.
type Decision struct {
	Kind DecisionKind `json:"kind"`
	By   Person       `json:"by"`
	At   time.Time    `json:"at"`
	// Digest is of what the card showed when it was made.
	Digest string `json:"digest"`
	// Round is the request's round it was made in. One of an earlier round is void.
	Round int `json:"round"`
	// Reason is why, where one was asked for: of a denial, or of going ahead alone.
	Reason string `json:"reason,omitempty"`
	// Mark is that of the click, see [Click].
	Mark string `json:"mark,omitempty"`
}

// Shown names exactly what a card shows: the round of the decision and the
// digest of what it is for. The card carries it in its block IDs, so that a
// click tells which of a card's versions it was made on.
func (r *Request) Shown() string { return fmt.Sprintf("%d.%s", r.Round, r.Digest()) }

// Approvals lists the approvals that count in the current round: of each person
// one at the most, and none that was taken back.
func (r *Request) Approvals() []Decision {
	var out []Decision
	for _, d := range r.Decisions {
		switch {
		case d.Round != r.Round:
		case d.Kind == ToApprove:
			out = append(out, d)
		case d.Kind == ToRetract:
			out = slices.DeleteFunc(out, func(had Decision) bool { return had.By.UserID == d.By.UserID })
		}
	}
	return out
}

// approved says whether someone's approval counts in the current round.
func (r *Request) approved(by Person) bool {
	return slices.ContainsFunc(r.Approvals(), func(d Decision) bool { return d.By.UserID == by.UserID })
}

// MayDecide answers a [Refusal] that says why a person may not make this
// decision now, and who may; nil if they may.
func (r *Request) MayDecide(kind DecisionKind, by Person) error {
	if err := Admit(by); err != nil {
		return err
	}
	switch kind {
	case ToCancel:
		return r.mayCancel(by)
	case ToConfirm:
		return r.mayConfirm(by)
	case ToApprove, ToDeny, ToRetract:
		return r.mayVote(kind, by)
	case ToBreakGlass:
		return r.mayBreakGlass(by)
	case ToReview:
		return r.mayReview(by)
	case ToSnapshotFirst:
		return r.maySnapshotFirst(by)
	}
	return Refuse("There is no decision %q.", string(kind))
}

func (r *Request) asked(by Person) bool { return by.UserID == r.Requester.UserID }

func (r *Request) mayCancel(by Person) error {
	switch {
	case !r.asked(by):
		return Refuse("Only <@%s>, who asked for this, may cancel it. Whoever may approve it can deny it.", r.Requester.UserID)
	case !r.State.Open():
		return r.tooLate()
	case r.State == Running && !r.cancelable():
		return Refuse("It is too late to cancel this: it was sent to DigitalOcean already.")
	}
	return nil
}

func (r *Request) mayConfirm(by Person) error {
	switch {
	case r.State != Pending:
		return r.tooLate()
	case r.Verdict.Outcome != Confirm:
		return Refuse("This waits for approval by another full member of this workspace, not for a confirmation.")
	case !r.asked(by):
		return Refuse("Only <@%s>, who asked for this, may confirm it.", r.Requester.UserID)
	}
	return nil
}

// mayVote is for those who approve, deny, or take their approval back.
func (r *Request) mayVote(kind DecisionKind, by Person) error {
	switch {
	case r.State != Pending:
		return r.tooLate()
	case r.Verdict.Outcome != Approve:
		return Refuse("This waits for <@%s>, who asked for it, to confirm or cancel it. It needs no approval.", r.Requester.UserID)
	case r.asked(by) && kind == ToApprove && len(r.Verdict.Needs) == 0:
		return Refuse("You asked for this, so you can't approve it: another full member of this workspace must.")
	case r.asked(by) && kind == ToApprove:
		return Refuse("You asked for this, so you can't approve it: it waits for %s.", Whom(r.Missing()))
	case r.asked(by):
		return Refuse("You asked for this: use Cancel to call it off. Denying is for whoever may approve it.")
	case kind == ToRetract && r.approved(by):
		return nil
	case kind == ToRetract:
		return Refuse("You have not approved this, so there is nothing to take back.")
	case !r.approver(by):
		return Refuse("You may not decide about this: it waits for %s.", Whom(r.Missing()))
	case kind == ToApprove && r.approved(by) && len(r.Verdict.Needs) > 1:
		return Refuse("You have approved this already: it waits for %s.", Whom(r.Missing()))
	case kind == ToApprove && r.approved(by):
		return Refuse("You have approved this already: it takes %d different people.", r.Verdict.People())
	case kind == ToApprove && !r.helps(by):
		return Refuse("Your approval is not what this lacks: it waits for %s.", Whom(r.Missing()))
	}
	return nil
}

// tooLate says what became of a request that can't be decided any more.
func (r *Request) tooLate() error {
	switch r.State {
	case Running, Completed, Failed, Unknown:
		for i := len(r.Decisions) - 1; i >= 0; i-- {
			d := r.Decisions[i]
			verb, letGo := map[DecisionKind]string{ToApprove: "approved", ToConfirm: "confirmed", ToBreakGlass: "went ahead with"}[d.Kind]
			if d.Round == r.Round && letGo {
				return Refuse("This was decided already: <@%s> %s it, and it is %s.", d.By.UserID, verb, r.State)
			}
		}
	case Denied, Canceled:
		for i := len(r.Decisions) - 1; i >= 0; i-- {
			if d := r.Decisions[i]; d.Kind == ToDeny || d.Kind == ToCancel {
				return Refuse("This was decided already: it was %s by <@%s>.", r.State, d.By.UserID)
			}
		}
	case Expired:
		return Refuse("This expired before anyone decided. Whoever needs it can ask again.")
	}
	return Refuse("This was decided already: it is %s.", r.State)
}

// cancelable says whether some Droplet of a running request has not been acted on.
func (r *Request) cancelable() bool {
	for i := range r.Targets {
		if r.Targets[i].untouched() {
			return true
		}
	}
	return false
}

// Cancelable says whether the requester may still call off all or part of it.
func (r *Request) Cancelable() bool {
	return r.State == Pending || r.State == Running && r.cancelable()
}

// Decide records a decision and what follows from it. Going ahead alone takes a
// reason and is [Request.BreakGlass].
func (r *Request) Decide(kind DecisionKind, by Person, now time.Time) (Change, error) {
	if err := r.MayDecide(kind, by); err != nil {
		return Change{}, err
	}
	if kind == ToApprove && r.Verdict.Factor && !by.Proved {
		return Change{}, Refuse("Approving this takes a second factor.")
	}
	if kind == ToReview {
		return r.close(by, now), nil
	}
	r.Decisions = append(r.Decisions, Decision{Kind: kind, By: by, At: now, Digest: r.Digest(), Round: r.Round})
	line := Line{At: now, RequestID: r.ID, Who: by.UserID, Detail: r.decided(by)}
	note := Note{At: now, Ordinal: -1, Who: by.UserID}
	c := Change{}
	switch kind {
	case ToApprove:
		line.What, note.Kind = "approved", NoteApproved
		if missing := r.Missing(); len(missing) > 0 {
			note.Detail = r.soFar(missing)
			break
		}
		c.Advance = r.start(now)
	case ToRetract:
		line.What, note.Kind, note.Detail = "retracted", NoteRetracted, r.soFar(r.Missing())
	case ToConfirm:
		line.What, note.Kind = "confirmed", NoteConfirmed
		c.Advance = r.start(now)
	case ToDeny:
		line.What, note.Kind = "denied", NoteDenied
		r.end(Denied, now)
	case ToCancel:
		line.What, note.Kind = "canceled", NoteCanceled
		for i := range r.Targets {
			if t := &r.Targets[i]; t.untouched() {
				t.State, t.EndedAt, t.Wait = TargetSkipped, now, ""
			}
		}
		if r.State == Pending {
			r.end(Canceled, now)
		} else {
			r.settle(now)
		}
	default:
		return Change{}, fmt.Errorf("%s is not decided by a click alone", kind)
	}
	c.Audit, c.Notes = []Line{line}, []Note{note}
	return c, nil
}

// soFar says how many approvals there are and what is missing.
func (r *Request) soFar(missing []Need) string {
	got := len(r.Approvals())
	switch len(r.Verdict.Needs) {
	case 0:
		return fmt.Sprintf("%d of %d", got, r.Verdict.People())
	case 1:
		return fmt.Sprintf("%d of %d, missing: %s", got, r.Verdict.People(), Whom(missing))
	}
	return fmt.Sprintf("%d approved, missing: %s", got, Whom(missing))
}

// Progress says how far the approvals have come: "1 of 2". Of several needs one person
// may meet more than one, so how many people it takes depends on who they are.
func (r *Request) Progress() string {
	got := len(r.Approvals())
	if len(r.Verdict.Needs) < 2 {
		return fmt.Sprintf("%d of %d", got, r.Verdict.People())
	}
	more := 0
	for _, n := range r.Missing() {
		more = max(more, n.Count)
	}
	return fmt.Sprintf("%d so far, at least %d more", got, more)
}

// decided is what the audit log keeps of a decision besides who and when.
func (r *Request) decided(by Person) map[string]string {
	out := map[string]string{"digest": r.Digest(), "rule": r.Verdict.Rule}
	for k, v := range map[string]string{"policy": r.Verdict.Policy, "groups": strings.Join(by.Groups, ",")} {
		if v != "" {
			out[k] = v
		}
	}
	if by.Proved {
		out["second_factor"] = "proved"
	}
	return out
}

// Explain adds why someone denied a request. It is theirs alone to say.
func (r *Request) Explain(by Who, reason string, now time.Time) (Change, error) {
	for i := range r.Decisions {
		d := &r.Decisions[i]
		switch {
		case d.Kind != ToDeny || d.By.UserID != by.UserID:
		case d.Reason != "":
			return Change{}, ErrNoChange
		default:
			d.Reason = strings.TrimSpace(reason)
			return Change{
				Audit: []Line{{At: now, RequestID: r.ID, What: "denial explained", Who: by.UserID, Why: d.Reason}},
				Notes: []Note{{At: now, Kind: NoteExplained, Ordinal: -1, Who: by.UserID, Detail: d.Reason}},
			}, nil
		}
	}
	return Change{}, Refuse("Only whoever denied this can say why.")
}

// start lets a request run, and answers when the runner is to be woken.
func (r *Request) start(now time.Time) time.Time {
	r.State, r.StartedAt, r.ExpiresAt, r.RemindAt = Running, now, time.Time{}, time.Time{}
	return now
}

func (r *Request) end(s State, now time.Time) {
	r.State, r.EndedAt, r.ExpiresAt, r.RemindAt = s, now, time.Time{}, time.Time{}
}

// Expire ends a pending request whose time is up. ErrNoChange if it is not.
func (r *Request) Expire(now time.Time) (Change, error) {
	if r.State != Pending || now.Before(r.ExpiresAt) {
		return Change{}, ErrNoChange
	}
	r.end(Expired, now)
	return Change{
		Audit: []Line{{At: now, RequestID: r.ID, What: "expired", Who: Self}},
		Notes: []Note{{At: now, Kind: NoteExpired, Ordinal: -1}},
	}, nil
}

// Abandon calls off a request of which nothing was sent, for a reason that lies
// in Slack: the card could not be shown to anyone.
func (r *Request) Abandon(why string, now time.Time) (Change, error) {
	if !r.State.Open() || r.Sent() {
		return Change{}, ErrNoChange
	}
	r.Note = why
	r.end(Canceled, now)
	return Change{Audit: []Line{{At: now, RequestID: r.ID, What: "canceled", Who: Self, Why: why}}}, nil
}

// Self is who the audit log names for what no person did.
const Self = "dropletops"
