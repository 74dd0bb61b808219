package approvals

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

// SnapshotFirst is the argument by which a snapshot is taken before anything else is
// done. It is part of what is decided on, and of its digest.
const SnapshotFirst = "snapshot_first"

// TakesSnapshotFirst says whether one was asked for.
func (r *Request) TakesSnapshotFirst() bool { return r.Action.Args[SnapshotFirst] == "true" }

// snapshotFirst is the same action with a snapshot first. Others may hold the map of
// arguments that was shown, so it gets one of its own.
func (a Action) snapshotFirst() Action {
	args := maps.Clone(a.Args)
	if args == nil {
		args = map[string]string{}
	}
	args[SnapshotFirst] = "true"
	a.Args = args
	return a
}

// maySnapshotFirst answers a [Refusal] if someone may not add a snapshot now.
func (r *Request) maySnapshotFirst(by Person) error {
	switch {
	case !r.asked(by):
		return Refuse("Only <@%s>, who asked for this, may add a snapshot to it.", r.Requester.UserID)
	case r.State != Pending:
		return r.tooLate()
	case r.TakesSnapshotFirst():
		return Refuse("A snapshot is taken first already.")
	}
	return nil
}

// AddSnapshot has a snapshot taken before what a pending request asks for. That is
// something else than what was shown, so its decision begins anew, under a verdict of
// its own. more is how much longer it usually takes.
func (r *Request) AddSnapshot(by Person, v Verdict, more time.Duration, now time.Time) (Change, error) {
	if err := r.maySnapshotFirst(by); err != nil {
		return Change{}, err
	}
	void := len(r.Approvals()) > 0
	r.Decisions = append(r.Decisions, Decision{Kind: ToSnapshotFirst, By: by, At: now, Digest: r.Digest(), Round: r.Round})
	r.Action, r.Verdict, r.Usual = r.Action.snapshotFirst(), v, r.Usual+more
	r.Round, r.Drift, r.Review = r.Round+1, nil, nil
	c := Change{
		Audit: []Line{{At: now, RequestID: r.ID, What: "snapshot first", Who: by.UserID, Detail: r.decided(by)}},
		Notes: []Note{{At: now, Kind: NoteSnapshot, Ordinal: -1, Who: by.UserID}},
	}
	if void {
		c.Notes[0].Detail = Void
	}
	c.Audit[0].Detail["outcome"] = string(v.Outcome)
	if v.Outcome == Allow {
		c.Advance = r.start(now)
	} else {
		c.Advance = r.wait(now)
	}
	return c, nil
}

// Void is the detail of a NoteSnapshot by which approvals became void.
const Void = "void"

// SnapshotFirst carries out a click that adds a snapshot to a request whose action
// can have one; more is how much longer it then usually takes. It answers a [Refusal]
// as [Service.Decide] does.
func (s *Service) SnapshotFirst(ctx context.Context, k Click, more time.Duration) (*Request, error) {
	now := s.Now()
	k.Kind = ToSnapshotFirst
	r, p, line, err := s.clicker(ctx, k, now)
	if err != nil {
		return r, err
	}
	shared, err := s.shared(ctx, r.Origin)
	if err != nil {
		return r, err
	}
	v, err := s.Policy.Judge(ctx, Case{Action: r.Action.snapshotFirst(), Targets: r.droplets(), Requester: p, Channel: r.Origin.ChannelID, Shared: shared, Now: now})
	switch {
	case err != nil:
		return r, fmt.Errorf("ask the policy about request %s with a snapshot first: %w", r.ID, err)
	case v.Outcome != Allow && v.Outcome != Confirm && v.Outcome != Approve:
		return r, s.refused(ctx, line, Refuse("The policy does not allow this with a snapshot first. %s%s", v.Message, v.by()))
	case v.Outcome == Approve && r.Origin.Private:
		return r, s.refused(ctx, line, Refuse("With a snapshot first this needs another person's approval, and nobody else sees this conversation. Ask in a channel."))
	case v.Reason && r.Reason == "":
		return r, s.refused(ctx, line, Refuse("With a snapshot first the policy wants a reason for this (rule %q). Ask again with `--snapshot-first --reason \"why\"`.", v.Rule))
	}
	if p, err = s.afresh(ctx, r, k, p, now, line); err != nil {
		return r, err
	}
	r, err = s.Store.Update(ctx, k.RequestID, func(r *Request) (Change, error) {
		if err := r.mayClick(k, p, now); err != nil {
			return Change{}, err
		}
		c, err := r.AddSnapshot(p, v, more, now)
		if err == nil {
			r.Decisions[len(r.Decisions)-1].Mark = k.mark()
		}
		c.Envelope = k.Envelope
		return c, err
	})
	if errors.Is(err, errTimeIsUp) {
		return s.expired(ctx, k, line)
	}
	return r, s.refusedUnlessFault(ctx, line, err)
}
