package api_test

import (
	"errors"
	"testing"
	"time"

	"dropletops/api"
)

var errNotFound = &api.Error{Kind: api.NotFound, Status: 404, What: "read Droplet 7"}

// A 404 is absence after so many reads over so long, and any other answer in between
// starts the count again or says nothing.
func TestAbsences(t *testing.T) {
	type read struct {
		at   time.Duration
		err  error
		want api.ErrorKind
	}
	for name, tt := range map[string]struct {
		rule  api.AbsenceRule
		reads []read
	}{
		"three over 15 s":         {api.SeenBefore, []read{{0, errNotFound, api.NotVisible}, {5, errNotFound, api.NotVisible}, {15, errNotFound, api.NotFound}}},
		"many, too soon":          {api.SeenBefore, []read{{0, errNotFound, api.NotVisible}, {1, errNotFound, api.NotVisible}, {2, errNotFound, api.NotVisible}, {14, errNotFound, api.NotVisible}}},
		"long apart, two":         {api.SeenBefore, []read{{0, errNotFound, api.NotVisible}, {16, errNotFound, api.NotVisible}, {17, errNotFound, api.NotFound}}},
		"a 200 resets":            {api.SeenBefore, []read{{0, errNotFound, api.NotVisible}, {10, errNotFound, api.NotVisible}, {14, nil, ""}, {16, errNotFound, api.NotVisible}}},
		"a 500 says nothing":      {api.SeenBefore, []read{{0, errNotFound, api.NotVisible}, {5, errNotFound, api.NotVisible}, {10, &api.Error{Kind: api.Unavailable}, api.Unavailable}, {15, errNotFound, api.NotFound}}},
		"forgotten in between":    {api.SeenBefore, []read{{0, errNotFound, api.NotVisible}, {5, errNotFound, api.NotVisible}, {500, errNotFound, api.NotVisible}}},
		"just created":            {api.JustCreated, []read{{0, errNotFound, api.NotVisible}, {60, errNotFound, api.NotVisible}, {120, errNotFound, api.NotVisible}, {180, errNotFound, api.NotFound}}},
		"destroyed":               {api.Destroying, []read{{0, errNotFound, api.NotVisible}, {3, errNotFound, api.NotVisible}, {6, errNotFound, api.NotFound}}},
		"any other error is kept": {api.SeenBefore, []read{{0, &api.Error{Kind: api.Forbidden}, api.Forbidden}}},
	} {
		t.Run(name, func(t *testing.T) {
			var a api.Absences
			for _, r := range tt.reads {
				err := a.Check("droplet/7", tt.rule, r.err, at.Add(r.at*time.Second))
				var e *api.Error
				if api.KindOf(err) != r.want || errors.As(err, &e) && e.Kind == api.NotVisible && (e.RetryAfter < time.Second || e.RetryAfter > 20*time.Second) {
					t.Fatalf("after %d s: %v, want %q", r.at, err, r.want)
				}
			}
		})
	}
}

// Whoever comes again when told to concludes an absence as soon as its rule allows, with
// few reads.
func TestAbsenceIsConcludedInTime(t *testing.T) {
	for rule, most := range map[api.AbsenceRule]int{api.SeenBefore: 6, api.JustCreated: 14, api.Destroying: 4} {
		var a api.Absences
		now, reads := at, 0
		for {
			reads++
			var e *api.Error
			if err := a.Check("x", rule, errNotFound, now); !errors.As(err, &e) || e.Kind == api.NotFound {
				break
			}
			now = now.Add(e.RetryAfter)
		}
		if took := now.Sub(at); reads > most || reads < rule.Reads || took != rule.Over {
			t.Errorf("%+v: %d reads over %s", rule, reads, took)
		}
	}
}
