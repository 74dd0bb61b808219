package approvals

import (
	"errors"
	"testing"
	"time"
)

// An action that is completed when it is accepted settles like any other.
func TestSettlingBeginsWhateverTheStatusWas(t *testing.T) {
	r := running()
	now := t0
	if _, err := r.Dispatch(0, "p", r.Action.Type, 0, now); err != nil {
		t.Fatal(err)
	}
	a := ActionRef{ID: 9, Status: "completed"}
	if _, err := r.Accepted(0, a, true, now); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Settling(0, a, now); err != nil || r.Targets[0].SettlingAt.IsZero() {
		t.Errorf("%v, settling since %v", err, r.Targets[0].SettlingAt)
	}
	if _, err := r.Settling(0, a, now.Add(time.Second)); !errors.Is(err, ErrNoChange) {
		t.Errorf("said twice: %v", err)
	}
}

// A caller that looked before a drift left Droplets out is told, and nothing else.
func TestATargetThatWasLeftOut(t *testing.T) {
	r := running()
	for what, do := range map[string]func() (Change, error){
		"dispatch": func() (Change, error) { return r.Dispatch(3, "p", r.Action.Type, 0, t0) },
		"accepted": func() (Change, error) { return r.Accepted(3, ActionRef{ID: 1}, false, t0) },
		"put back": func() (Change, error) { return r.PutBack(3, WaitRateLimit, Answer{}, t0) },
		"end":      func() (Change, error) { return r.End(3, Ending{State: TargetErrored}, t0) },
	} {
		if _, err := do(); !errors.Is(err, ErrConflict) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
