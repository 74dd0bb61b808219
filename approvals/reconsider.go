package approvals

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Reconsidered is what a second look at who asked, who decided and what the
// policy says has found. The zero one says that all stands.
type Reconsidered struct {
	// Refused ends the request: a sentence on why it may not go ahead at all.
	Refused string
	// Verdict is the policy's, where what was decided is not enough for it.
	Verdict *Verdict
	// Differences are what makes the decision begin anew.
	Differences []Difference
}

// by names the rule and the policy that refused it, for the audit log.
func (c Reconsidered) by() map[string]string {
	if c.Verdict == nil {
		return nil
	}
	out := map[string]string{"rule": c.Verdict.Rule}
	if c.Verdict.Policy != "" {
		out["policy"] = c.Verdict.Policy
	}
	return out
}

// Stands says whether nothing has changed that matters.
func (c Reconsidered) Stands() bool { return c.Refused == "" && len(c.Differences) == 0 }

// What a [Difference] can be about besides a Droplet.
const (
	OfPolicy   = "policy"   // Was and Is are outcomes and rules
	OfApproval = "approval" // Was is who approved, Is why that no longer counts
	OfLeaves   = "what would be left behind"
	OfGoes     = "what would go with it"
	OfBackup   = "latest backup"
	OfSnapshot = "latest snapshot"
	OfAge      = "age of the decision" // Was is when it was decided, Is how long that decision counts
)

// maxDecisionAge is for how long a decision counts while the action could not be sent,
// as behind another one on the same Droplet. After it those who decided may not even
// know that it is still open.
const maxDecisionAge = 4 * time.Hour

// tooOld returns the difference of a running request whose decision is too old to act
// on; nil if it is not, or if nobody had to decide.
func (r *Request) tooOld(now time.Time) []Difference {
	if r.State != Running || r.Verdict.Outcome == Allow || now.Sub(r.StartedAt) <= maxDecisionAge {
		return nil
	}
	return []Difference{{What: OfAge, Was: r.StartedAt.UTC().Format(time.RFC3339), Is: fmt.Sprintf("%d hours", int(maxDecisionAge/time.Hour))}}
}

// Reconsider looks again at who asked, at who let it go ahead, and at what the
// policy says now of these Droplets: a policy may have been changed, a freeze may
// have begun, and people leave. It fails closed: without an answer from Slack it
// returns an error. fresh looks the people up in Slack again; otherwise what Slack said
// within the last minute counts, as it always does for groups.
func (s *Service) Reconsider(ctx context.Context, r *Request, droplets []Droplet, fresh bool) (Reconsidered, error) {
	asker, err := s.Directory.Person(ctx, r.Requester.Who, fresh)
	if err != nil {
		return Reconsidered{}, fmt.Errorf("look up %s: %w", r.Requester.UserID, err)
	}
	if Admit(asker) != nil {
		return Reconsidered{Refused: fmt.Sprintf("Whoever asked for this is no longer a full member of this workspace (%s).", asker.Standing)}, nil
	}
	shared, err := s.shared(ctx, r.Origin)
	if err != nil {
		return Reconsidered{}, err
	}
	now, err := s.Policy.Judge(ctx, Case{Action: r.Action, Targets: droplets, Requester: asker,
		Channel: r.Origin.ChannelID, Shared: shared, Now: s.Now()})
	if err != nil {
		return Reconsidered{}, fmt.Errorf("ask the policy about request %s again: %w", r.ID, err)
	}
	var c Reconsidered
	switch {
	case now.Outcome == Deny:
		return Reconsidered{Refused: "The policy does not allow this any more (rule " + now.Rule + "). " + now.Message, Verdict: &now}, nil
	case now.Outcome == Approve && r.Origin.Private:
		return Reconsidered{Refused: "By now this needs another person's approval, and nobody else sees this conversation. Ask in a channel."}, nil
	case !r.Verdict.Covers(now), r.glassTaken(now):
		c.Verdict = &now
		c.Differences = append(c.Differences, Difference{What: OfPolicy, Was: r.Verdict.says(), Is: now.says()})
	}
	c.Differences = append(c.Differences, r.tooOld(s.Now())...)
	void, err := s.void(ctx, r, fresh)
	c.Differences = append(c.Differences, void...)
	return c, err
}

// says is a verdict in a few words.
func (v Verdict) says() string {
	out := string(v.Outcome)
	if v.Outcome == Approve {
		out += " by " + Whom(v.Requires())
	}
	if v.Factor {
		out += ", with a second factor"
	}
	if len(v.BreakGlass) > 0 {
		out += ", in an emergency by " + strings.Join(v.BreakGlass, " or ") + " alone"
	}
	return out + " (" + v.Rule + ")"
}

// void are the approvals of the current round that no longer count.
func (s *Service) void(ctx context.Context, r *Request, fresh bool) ([]Difference, error) {
	var out []Difference
	for _, d := range r.Decisions {
		letGo := d.Kind == ToBreakGlass || d.Kind == ToApprove && r.approved(d.By)
		if d.Round != r.Round || !letGo {
			continue
		}
		p, err := s.Directory.Person(ctx, d.By.Who, fresh)
		if err == nil {
			p, err = s.grouped(ctx, p, r.Verdict, false)
		}
		if err != nil {
			return nil, fmt.Errorf("look up %s: %w", d.By.UserID, err)
		}
		gone := func(is string) { out = append(out, Difference{What: OfApproval, Was: d.By.UserID, Is: is}) }
		switch {
		case Admit(p) != nil:
			gone("no longer a full member of this workspace")
		case d.Kind == ToApprove && r.lost(d.By, p), d.Kind == ToBreakGlass && !p.among(r.Verdict.BreakGlass):
			gone("no longer in a group that may decide")
		}
	}
	return out, nil
}

// lost says whether someone's approval met a need that it would not meet now.
func (r *Request) lost(then, now Person) bool {
	return slices.ContainsFunc(r.Verdict.Needs, func(n Need) bool { return then.among(n.From) && !now.among(n.From) })
}

// person looks someone up, with those of a verdict's groups they are in.
func (s *Service) person(ctx context.Context, who Who, v Verdict, fresh bool) (Person, error) {
	p, err := s.Directory.Person(ctx, who, fresh)
	if err != nil {
		return Person{}, fmt.Errorf("look up %s: %w", who.UserID, err)
	}
	return s.grouped(ctx, p, v, fresh)
}

// grouped adds those of a verdict's groups that someone is in.
func (s *Service) grouped(ctx context.Context, p Person, v Verdict, fresh bool) (Person, error) {
	groups := v.Groups()
	if len(groups) == 0 || p.Standing != Member {
		return p, nil
	}
	in, seen, err := s.Policy.In(ctx, p.Who, groups, fresh)
	if err != nil {
		return Person{}, fmt.Errorf("look up the groups of %s: %w", p.UserID, err)
	}
	p.Groups, p.Seen = in, p.Seen.And(seen)
	return p, nil
}

// shared says whether people of other workspaces are where a request came from.
func (s *Service) shared(ctx context.Context, o Origin) (bool, error) {
	if o.Private {
		return false, nil // nobody else is there, and the bot may not ask
	}
	shared, err := s.Directory.Shared(ctx, o.ChannelID)
	if err != nil {
		return false, fmt.Errorf("look up channel %s: %w", o.ChannelID, err)
	}
	return shared, nil
}

// Why returns a sentence on why a Droplet of which nothing was sent yet, or nothing but
// a snapshot, is left alone, where others of the request were acted on already.
func (c Reconsidered) Why() string {
	if c.Refused != "" {
		return c.Refused
	}
	said := make([]string, len(c.Differences))
	for i, d := range c.Differences {
		switch d.What {
		case OfAge:
			said[i] = "it could not be sent within " + d.Is + " of the decision"
		case OfApproval:
			said[i] = "an approval no longer counts: " + d.Is
		default:
			said[i] = d.String()
		}
	}
	return "This needs a fresh decision by now (" + strings.Join(said, "; ") + "). Ask again if it is still wanted."
}

// StopUnsent ends the Droplets of a running request of which nothing was sent, since a
// second look after others had been acted on has found that they may not be. What has
// begun goes on to its end.
func (r *Request) StopUnsent(c Reconsidered, now time.Time) (Change, error) {
	if r.State != Running || c.Stands() {
		return Change{}, fmt.Errorf("%w: request %s is %s", ErrConflict, r.ID, r.State)
	}
	var out Change
	why := c.Why()
	for i := range r.Targets {
		t := &r.Targets[i]
		if !t.untouched() {
			continue
		}
		t.State, t.Problem, t.EndedAt = TargetErrored, why+" Nothing was done to it.", now
		t.Wait, t.WaitSince = "", time.Time{}
		line := r.line(t, string(TargetErrored), now, "problem", why)
		for k, v := range c.by() {
			line.Detail[k] = v
		}
		out.Audit = append(out.Audit, line)
	}
	if len(out.Audit) == 0 {
		return Change{}, ErrNoChange
	}
	out.Notes = []Note{{At: now, Kind: NoteStopped, Ordinal: -1, Detail: why}}
	if r.settle(now) {
		out.Audit = append(out.Audit, Line{At: now, RequestID: r.ID, What: "request " + string(r.State), Who: Self})
	}
	return out, nil
}

// Reconsidered has a request of which nothing was sent follow what a second look
// has found: it ends, or its decision begins anew.
func (r *Request) Reconsidered(c Reconsidered, now time.Time) (Change, error) {
	switch {
	case r.State == Running && r.Sent(), !r.State.Open():
		return Change{}, fmt.Errorf("%w: request %s is %s", ErrConflict, r.ID, r.State)
	case c.Stands():
		return Change{}, ErrNoChange
	case c.Refused != "" && r.State == Running:
		failed, err := r.Fail(c.Refused, now)
		if err == nil {
			failed.Audit[0].Detail = c.by()
		}
		return failed, err
	case c.Refused != "":
		r.Note = c.Refused
		r.end(Denied, now)
		return Change{
			Audit: []Line{{At: now, RequestID: r.ID, What: "denied", Who: Self, Why: c.Refused, Detail: c.by()}},
			Notes: []Note{{At: now, Kind: NoteDenied, Ordinal: -1, Who: Self, Detail: c.Refused}},
		}, nil
	}
	if c.Verdict != nil {
		r.Verdict = *c.Verdict
	}
	return r.restart(c.Differences, now), nil
}
