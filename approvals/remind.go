package approvals

import (
	"context"
	"slices"
	"time"
)

// wait has a request wait for its decision from now on, and answers when it is
// to be looked at next.
func (r *Request) wait(now time.Time) time.Time {
	r.State, r.StartedAt, r.RemindAt = Pending, time.Time{}, time.Time{}
	r.ExpiresAt = now.Add(r.Verdict.Within)
	if r.Verdict.Remind && r.Verdict.Outcome == Approve {
		r.RemindAt = now.Add(r.Verdict.Within / 2)
	}
	return r.NextLook()
}

// NextLook is when a pending request is to be looked at next: for its reminder,
// else for its expiry.
func (r *Request) NextLook() time.Time {
	if !r.RemindAt.IsZero() {
		return r.RemindAt
	}
	return r.ExpiresAt
}

// Remind has those who can approve reminded, once: voters are the groups of those
// who are missing. ErrNoChange if it is not due.
func (r *Request) Remind(voters []Group, now time.Time) (Change, error) {
	if r.State != Pending || r.RemindAt.IsZero() || now.Before(r.RemindAt) || !now.Before(r.ExpiresAt) {
		return Change{}, ErrNoChange
	}
	r.RemindAt = time.Time{}
	return Change{Notes: []Note{{At: now, Kind: NoteReminder, Ordinal: -1, Whom: voters}}, Advance: r.ExpiresAt}, nil
}

// Remind has those reminded who can approve a request, if that is due.
func (s *Service) Remind(ctx context.Context, id string) error {
	_, err := s.Store.Update(ctx, id, func(r *Request) (Change, error) { return r.Remind(s.voters(r), s.Now()) })
	return err
}

// voters are the groups whose members are missing.
func (s *Service) voters(r *Request) []Group {
	var names []string
	for _, n := range r.Missing() {
		names = append(names, n.From...)
	}
	slices.Sort(names)
	var out []Group
	for _, name := range slices.Compact(names) {
		if g, ok := s.Policy.Group(name); ok {
			out = append(out, g)
		}
	}
	return out
}
