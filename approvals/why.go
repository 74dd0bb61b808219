package approvals

import (
	"context"
	"errors"
)

// Why is what somebody asks of a request: which rule has a say in it, who may
// decide now, and who is missing.
type Why struct {
	Request *Request
	// Missing is what its approvals still lack; empty unless it waits for some.
	Missing []Need
	// Groups are those that have a say, as the policy knows them now.
	Groups []Group
	// Unknown names those that the policy no longer knows: nobody is in them.
	Unknown []string
	// You is what keeps whoever asks from approving, empty if nothing does.
	You string
}

// Why explains a request to someone. It answers [ErrNotFound] if there is none.
func (s *Service) Why(ctx context.Context, id string, who Who) (Why, error) {
	r, err := s.Store.Request(ctx, id)
	if err != nil {
		return Why{}, err
	}
	w := Why{Request: r}
	if r.State == Pending && r.Verdict.Outcome == Approve {
		w.Missing = r.Missing()
	}
	for _, name := range r.Verdict.Groups() {
		if g, ok := s.Policy.Group(name); ok {
			w.Groups = append(w.Groups, g)
		} else {
			w.Unknown = append(w.Unknown, name)
		}
	}
	if len(w.Missing) == 0 {
		return w, nil
	}
	p, err := s.person(ctx, who, r.Verdict, false)
	if err != nil {
		return Why{}, err
	}
	var no *Refusal
	if errors.As(r.MayDecide(ToApprove, p), &no) {
		w.You = no.Sentence
	}
	return w, nil
}
