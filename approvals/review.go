package approvals

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// Review is what someone owes who went ahead alone: another person looks at it.
type Review struct {
	By       string    `json:"by"`     // who went ahead, a Slack user ID
	Reason   string    `json:"reason"` // why
	At       time.Time `json:"at"`
	ClosedBy string    `json:"closed_by,omitempty"`
	ClosedAt time.Time `json:"closed_at,omitzero"`
}

// Open says whether nobody has looked at it yet.
func (v *Review) Open() bool { return v != nil && v.ClosedAt.IsZero() }

// mayBreakGlass answers a refusal for whoever may not go ahead alone.
func (r *Request) mayBreakGlass(by Person) error {
	switch {
	case r.State != Pending:
		return r.tooLate()
	case r.Verdict.Outcome != Approve:
		return Refuse("This needs no approval, so there is no glass to break.")
	case len(r.Verdict.BreakGlass) == 0:
		return Refuse("The policy lets nobody go ahead with this alone. It waits for approval by %s.", Whom(r.Missing()))
	case !by.among(r.Verdict.BreakGlass):
		return Refuse("Only members of %s may go ahead with this alone.", strings.Join(r.Verdict.BreakGlass, " or "))
	}
	return nil
}

// glassTaken says whether the policy lets fewer go ahead alone by now, and that
// matters still: it waits, or was let go like that.
func (r *Request) glassTaken(now Verdict) bool {
	if now.Outcome != Approve || r.State != Pending && r.Review == nil {
		return false
	}
	return slices.ContainsFunc(r.Verdict.BreakGlass, func(g string) bool { return !slices.Contains(now.BreakGlass, g) })
}

// BreakGlass lets one person go ahead alone, whom the policy names, with a
// reason. It is said loudly, and stays open until another person has looked at it.
func (r *Request) BreakGlass(by Person, reason string, now time.Time) (Change, error) {
	if err := r.MayDecide(ToBreakGlass, by); err != nil {
		return Change{}, err
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return Change{}, Refuse("Going ahead alone takes a reason.")
	}
	if r.Verdict.Factor && !by.Proved {
		return Change{}, Refuse("Going ahead with this takes a second factor.")
	}
	r.Decisions = append(r.Decisions, Decision{Kind: ToBreakGlass, By: by, At: now, Digest: r.Digest(), Round: r.Round, Reason: reason})
	r.Review = &Review{By: by.UserID, Reason: reason, At: now}
	c := Change{
		Advance: r.start(now),
		Audit:   []Line{{At: now, RequestID: r.ID, What: "broke glass", Who: by.UserID, Why: reason, Detail: r.decided(by)}},
		Notes:   []Note{{At: now, Kind: NoteBroke, Ordinal: -1, Who: by.UserID, Detail: reason}},
	}
	c.Notes = append(c.Notes, r.announced(c.Notes[0])...)
	return c, nil
}

// announced is a note for the channel that the policy names, where that is
// another than the request's own.
func (r *Request) announced(n Note) []Note {
	if r.Verdict.Announce == "" {
		return nil
	}
	n.Channel = r.Verdict.Announce
	return []Note{n}
}

// mayReview answers a refusal for whoever may not close the review.
func (r *Request) mayReview(by Person) error {
	switch {
	case r.Review == nil:
		return Refuse("There is nothing to review: nobody went ahead with this alone.")
	case !r.Review.Open():
		return Refuse("This was reviewed already, by <@%s>.", r.Review.ClosedBy)
	case by.UserID == r.Review.By:
		return Refuse("You went ahead with this alone, so another person must review it.")
	case by.UserID == r.Requester.UserID:
		return Refuse("You asked for this, so another person must review it.")
	case !r.approver(by):
		return Refuse("A review is for those who could have approved this: %s.", Whom(r.Verdict.Needs))
	}
	return nil
}

// OpenReview is a request that someone went ahead with alone and that nobody has
// looked at yet.
type OpenReview struct {
	Request *Request
	// From are the groups of which someone may close it; none means every full member.
	From []string
	// You is what keeps whoever asks from closing it, empty if nothing does.
	You string
}

// Reviews lists the open reviews to someone, oldest first.
func (s *Service) Reviews(ctx context.Context, who Who) ([]OpenReview, error) {
	all, err := s.Store.Unreviewed(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]OpenReview, len(all))
	for i, r := range all {
		out[i] = OpenReview{Request: r, From: r.Verdict.from()}
		p, err := s.person(ctx, who, r.Verdict, false)
		if err != nil {
			return nil, err
		}
		var no *Refusal
		if errors.As(r.MayDecide(ToReview, p), &no) {
			out[i].You = no.Sentence
		}
	}
	return out, nil
}

// close records that another person has looked at what was done alone.
func (r *Request) close(by Person, now time.Time) Change {
	r.Review.ClosedBy, r.Review.ClosedAt = by.UserID, now
	n := Note{At: now, Kind: NoteReviewed, Ordinal: -1, Who: by.UserID}
	return Change{
		Audit: []Line{{At: now, RequestID: r.ID, What: "reviewed", Who: by.UserID, Detail: r.decided(by)}},
		Notes: append([]Note{n}, r.announced(n)...),
	}
}
