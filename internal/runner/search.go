package runner

import (
	"context"
	"fmt"
	"slices"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// clockSkew is how far DigitalOcean's clock and ours may be apart when the start
// of an action is held against the intent.
const clockSkew = 2 * time.Minute

// search looks for an action whose answer was lost, in the Droplet's own list:
// one of the type, newer than whatever was there at the intent, not later than
// our POST can have been taken, and not known as another request's.
func (r *Runner) search(ctx context.Context, req *approvals.Request, i int, w work) (time.Duration, error) {
	t, a := req.Targets[i], w.part().Action
	if r.sending.has(fmt.Sprint(req.ID, "/", i)) {
		return retryQuickly, nil // its POST is under way in this process
	}
	if t.LostAt.IsZero() {
		if !r.Requests.Exclusive() && t.DispatchedBy != r.Instance && r.Now().Sub(t.DispatchedAt) < othersPost {
			return retryQuickly, nil // another replica may be at its POST
		}
		return r.lost(ctx, req, i, fmt.Errorf("the process %s that sent it is gone", t.DispatchedBy))
	}
	switch {
	case a.Destroys:
		return r.searchGone(ctx, req, i)
	case a.Make != nil:
		return r.searchMade(ctx, req, i)
	}
	history, err := r.readHistory(ctx, t)
	if api.KindOf(err) == api.NotFound {
		return never, r.end(ctx, req, i, approvals.Ending{State: approvals.TargetUnknown,
			Problem: "The answer to the action was lost, and the Droplet is gone since."})
	}
	if err != nil {
		r.Log.WarnContext(ctx, "a lost action could not be looked for", "request_id", req.ID, "droplet_id", t.Droplet.ID, "error", err)
		return searchEvery, nil // it is not unknown before it was looked for
	}
	rec, found, err := r.among(ctx, history, req.ID, t, a.Type)
	if err != nil {
		return searchEvery, err
	}
	if found {
		return r.accepted(ctx, req, i, rec, true)
	}
	if !r.searchedInVain(req, i) {
		return searchEvery, nil
	}
	if w.part().Rollback() && (t.Wait != approvals.WaitUnreachable || r.Now().Sub(t.WaitSince) < rollbackFor) {
		// To switch on what is on does nothing, so it may be sent twice, and must not be left off.
		return r.putBack(ctx, req, i, approvals.WaitUnreachable, 0)
	}
	return r.failed(ctx, req, i, w, approvals.Ending{State: approvals.TargetUnknown,
		Problem: fmt.Sprintf("DigitalOcean's answer was lost, and within a minute no %s showed up among the Droplet's actions. "+
			"It may or may not have been done: look at the Droplet, then retry if it was not.", a.Type)})
}

// searchRule is what it takes, besides the minute since it was lost (CONTRACT §6), to give
// up a lost answer: three reads that succeeded, apart. What can't be read proves nothing,
// and one read may be wrong; by the minute's end no list trails any more.
var searchRule = api.AbsenceRule{Reads: 3, Over: 2 * searchEvery}

// searchLimit is after how long two reads are enough: a process that is started again and
// again every few seconds would never come to three.
const searchLimit = 10 * time.Minute

// searchedInVain counts a read that succeeded and did not show what was lost, and reports
// whether that is enough to give it up.
func (r *Runner) searchedInVain(req *approvals.Request, i int) bool {
	t, rule := req.Targets[i], searchRule
	since := r.Now().Sub(t.LostAt)
	if since > searchLimit {
		rule = api.AbsenceRule{Reads: 2, Over: searchEvery}
	}
	enough := r.persists(fmt.Sprintf("search/%s/%d/%d", req.ID, i, t.DispatchedAt.UnixMicro()), rule)
	return enough && since >= searchFor
}

// persists counts a read in vain, and reports whether there were enough by the rule.
func (r *Runner) persists(key string, rule api.AbsenceRule) bool {
	err := r.Absences.Check(key, rule, &api.Error{Kind: api.NotFound, What: key}, r.Now())
	return api.KindOf(err) == api.NotFound
}

// among picks the lost action out of a Droplet's history: the oldest that fits, and
// that could be no other lost one's.
func (r *Runner) among(ctx context.Context, history []api.Record, id string, t approvals.Target, typ string) (api.Record, bool, error) {
	free, err := r.free(ctx, history, id, t, typ)
	if err != nil {
		return api.Record{}, false, err
	}
	rivals, err := r.rivals(ctx, id, t.Droplet.ID, typ)
	if err != nil {
		return api.Record{}, false, err
	}
	rivals = slices.DeleteFunc(rivals, func(v approvals.Intent) bool { // its own was there before our intent
		return slices.ContainsFunc(free, func(rec api.Record) bool { return rec.ID <= t.Baseline && fits(rec, v.Baseline, v.DispatchedAt) })
	})
	var contested []api.Record
	ahead, contenders := 0, 1 // of those who may have made what is contested, us included
	for _, v := range rivals {
		if v.DispatchedAt.Sub(t.DispatchedAt).Abs() <= othersPost {
			contenders++
			if v.DispatchedAt.Before(t.DispatchedAt) || v.DispatchedAt.Equal(t.DispatchedAt) && v.RequestID < id {
				ahead++
			}
		}
	}
	for _, rec := range free {
		if !fits(rec, t.Baseline, t.DispatchedAt) {
			continue
		}
		switch whose(rec, t, rivals) {
		case ours:
			return rec, true, nil
		case open:
			contested = append(contested, rec)
		}
	}
	// As many actions as lost answers: they were taken in the order of the intents,
	// since a Droplet takes one action at a time.
	if len(contested) == contenders {
		return contested[ahead], true, nil
	}
	return api.Record{}, false, nil
}

// free answers the actions of a type that are not known as any request's, the
// oldest first.
func (r *Runner) free(ctx context.Context, history []api.Record, id string, t approvals.Target, typ string) ([]api.Record, error) {
	var out []api.Record
	for _, rec := range history {
		if rec.Type != typ || rec.StartedAt.Before(t.DispatchedAt.Add(-othersPost-clockSkew)) {
			continue // too old for any intent that comes into question
		}
		taken, err := r.Requests.ActionTaken(ctx, rec.ID, t.Droplet.ID, id)
		if err != nil {
			return nil, err
		}
		if !taken {
			out = append(out, rec)
		}
	}
	slices.SortFunc(out, func(a, b api.Record) int { return a.ID - b.ID })
	return out, nil
}

// fits says whether an intent can have made an action: one that was not there
// before, and that started when its POST can have been taken. A later one is
// someone's by hand, while we were away.
func fits(rec api.Record, baseline int, dispatched time.Time) bool {
	return rec.ID > baseline && !rec.StartedAt.Before(dispatched.Add(-clockSkew)) && !rec.StartedAt.After(dispatched.Add(othersPost+clockSkew))
}

// claim is what can be said of whose an action is.
type claim int

const (
	ours claim = iota
	theirs
	open // it can't be told
)

// whose holds an action that fits against the other lost answers. All intents are
// dated by our own clocks, and a POST is taken within othersPost or never.
func whose(rec api.Record, t approvals.Target, rivals []approvals.Intent) claim {
	out := ours
	for _, v := range rivals {
		switch after := v.DispatchedAt.Sub(t.DispatchedAt); {
		case rec.ID <= v.Baseline: // it was there before theirs
		case after > othersPost:
			return theirs // ours could be taken no more by then
		case after >= -othersPost:
			out = open
		}
	}
	return out
}

// rivals are the other requests' intents that may have made an action of a type.
func (r *Runner) rivals(ctx context.Context, id string, droplet int, typ string) ([]approvals.Intent, error) {
	all, err := r.Intents.Intents(ctx, droplet, id)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(v approvals.Intent) bool { return v.Sends != typ }), nil
}
