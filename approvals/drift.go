package approvals

import (
	"fmt"
	"time"
)

// Drifted sends a request of which nothing was sent back for a fresh decision,
// since what would be acted on is not what the card showed. fresh holds the
// Droplets as they are; one that is gone is missing from it.
func (r *Request) Drifted(diffs []Difference, fresh map[int]Droplet, image *Image, now time.Time) (Change, error) {
	if r.State != Running || r.Sent() {
		return Change{}, fmt.Errorf("%w: request %s is %s", ErrConflict, r.ID, r.State)
	}
	c := Change{}
	var kept []Target
	for i := range r.Targets {
		t := &r.Targets[i]
		d, there := fresh[t.Droplet.ID]
		if t.Droplet.ID == 0 {
			d, there = t.Droplet, true // it is to be made
		}
		switch {
		case !there && len(r.Targets) == 1:
			return r.Fail("The Droplet is gone: DigitalOcean says there is no such Droplet any more.", now)
		case !there:
			diffs = append(diffs, Difference{DropletID: t.Droplet.ID, What: t.Droplet.Name, Was: "there", Is: "gone"})
			c.Audit = append(c.Audit, r.line(t, "left out", now, "why", "the Droplet is gone"))
			continue
		}
		t.Droplet, t.State, t.Wait, t.EndedAt = d, Queued, "", time.Time{}
		kept = append(kept, *t)
	}
	if len(kept) == 0 {
		return r.Fail("All of the Droplets are gone.", now)
	}
	for i := range kept {
		kept[i].Ordinal = i
	}
	r.Targets = kept
	if image != nil {
		r.Image = image
	}
	restarted := r.restart(diffs, now)
	restarted.Audit = append(c.Audit, restarted.Audit...)
	return restarted, nil
}

// GoesOn is the detail of a NoteDrifted after which nobody has to decide.
const GoesOn = "goes on"

// restart begins the decision anew, with what the request holds now. Where
// nobody has to decide, it goes on.
func (r *Request) restart(diffs []Difference, now time.Time) Change {
	c := Change{Advance: now}
	r.bindRestorePoints()
	r.Round, r.Drift, r.Review = r.Round+1, diffs, nil // what someone let go alone was not done
	note := Note{At: now, Kind: NoteDrifted, Ordinal: -1}
	if r.Verdict.Outcome == Allow {
		note.Detail = GoesOn
	} else {
		c.Advance = r.wait(now)
	}
	detail := map[string]string{"digest": r.Digest(), "outcome": string(r.Verdict.Outcome), "rule": r.Verdict.Rule}
	if r.Verdict.Policy != "" {
		detail["policy"] = r.Verdict.Policy
	}
	for i, d := range diffs {
		detail[fmt.Sprintf("change_%d", i+1)] = d.String()
	}
	c.Audit = []Line{{At: now, RequestID: r.ID, What: "drifted", Who: Self, Detail: detail}}
	c.Notes = []Note{note}
	return c
}

// Fail ends a running request of which nothing was sent.
func (r *Request) Fail(why string, now time.Time) (Change, error) {
	if r.State != Running || r.Sent() {
		return Change{}, fmt.Errorf("%w: request %s is %s", ErrConflict, r.ID, r.State)
	}
	for i := range r.Targets {
		if t := &r.Targets[i]; t.State == Queued {
			t.State, t.EndedAt, t.Problem = TargetErrored, now, why
		}
	}
	r.Note = why
	r.end(Failed, now)
	return Change{
		Audit: []Line{{At: now, RequestID: r.ID, What: "request failed", Who: Self, Why: why}},
		Notes: []Note{{At: now, Kind: NoteFailed, Ordinal: -1, Detail: why}},
	}, nil
}
