package factor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"dropletops/approvals"
)

const (
	// maxWrong wrong codes within the window lock a person out for a while. Three
	// of a million codes are right at a time, so whoever guesses without a pause
	// gets at most 480 tries a day, and once in 480 days a right one is as likely as
	// not; the audit log has a line for each lock.
	maxWrong = 5
	window   = 15 * time.Minute
	lockFor  = 15 * time.Minute
	// maxUses is how many accepted codes are remembered for an envelope that is
	// handled again after a crash. A person gives one every 30 s at most.
	maxUses = 10
)

// Store keeps enrolments. [approvals.ErrNoChange] is for a function to say that
// nothing is to be written.
type Store interface {
	// Enrolment answers nil if there is none.
	Enrolment(ctx context.Context, userID string) (*approvals.Enrolment, error)
	Enrolments(ctx context.Context) ([]approvals.Enrolment, error)
	// ChangeEnrolment lets f change a person's enrolment, one at a time, in one
	// transaction with its audit lines; nil is none.
	ChangeEnrolment(ctx context.Context, userID string, f func(*approvals.Enrolment) (*approvals.Enrolment, []approvals.Line, error)) error
}

// Keeper keeps the second factors of a team; for codes it is an [approvals.Factors].
type Keeper struct {
	Store Store
	Keys  Keys
}

var _ approvals.Factors = (*Keeper)(nil)

// Enrolled says whether a person has a second factor.
func (k *Keeper) Enrolled(ctx context.Context, userID string) (bool, error) {
	e, err := k.Store.Enrolment(ctx, userID)
	return e != nil, err
}

// Precheck returns the refusals that count as no try; see [approvals.Factors].
func (k *Keeper) Precheck(ctx context.Context, userID, code, use string, now time.Time) error {
	typed, err := parseCode(code)
	if err != nil {
		return errMalformed
	}
	e, err := k.Store.Enrolment(ctx, userID)
	switch {
	case err != nil:
		return fmt.Errorf("look up the second factor of %s: %w", userID, err)
	case e == nil, slices.ContainsFunc(e.Uses, func(u approvals.CodeUse) bool { return u.Use == use }):
		return nil
	case now.Before(e.LockedUntil):
		return locked(e.LockedUntil, now)
	}
	secret, err := k.Keys.open(userID, e.KeyID, e.Sealed)
	if err != nil {
		return err
	}
	step, found, err := findStep(secret, now, typed)
	if err == nil && found && step <= e.Step {
		return errSpent
	}
	return err
}

var (
	errMalformed = approvals.Refuse("That is not a code: it is the six digits that your authenticator app shows for Dropletops.")
	errSpent     = approvals.Refuse("This code was used already. Wait until your authenticator app shows the next one, at most 30 seconds, and use that.")
)

// Verify says whether a code is a person's, and spends it; see [approvals.Factors].
//
// The try is counted, the code compared and spent in one transaction that holds
// the person's row, so of any number at once each sees what the one before left,
// and nobody learns what became of a try before it is on disk.
func (k *Keeper) Verify(ctx context.Context, userID, code, use string, now time.Time) error {
	if use == "" {
		return errors.New("a code has to be for something: no use was named")
	}
	typed, err := parseCode(code)
	if err != nil {
		return errMalformed
	}
	var verdict error
	err = k.Store.ChangeEnrolment(ctx, userID, func(e *approvals.Enrolment) (*approvals.Enrolment, []approvals.Line, error) {
		if e == nil {
			return nil, nil, notEnrolled()
		}
		secret, err := k.Keys.open(userID, e.KeyID, e.Sealed)
		if err != nil {
			return nil, nil, err
		}
		var lines []approvals.Line
		verdict, lines, err = try(e, secret, typed, use, now)
		return e, lines, err
	})
	var no *approvals.Refusal
	var wrong *SetupError
	switch {
	case err == nil:
		return verdict
	case errors.As(err, &no), errors.As(err, &wrong):
		return err
	}
	return fmt.Errorf("check the second factor of %s: %w", userID, err)
}

// try compares a code, and changes e by what came of it. The verdict is for the
// person, nil if the code is right; the error is a fault, or ErrNoChange.
func try(e *approvals.Enrolment, secret []byte, code, use string, now time.Time) (verdict error, lines []approvals.Line, err error) {
	if i := slices.IndexFunc(e.Uses, func(u approvals.CodeUse) bool { return u.Use == use }); i >= 0 {
		if same, err := matches(secret, e.Uses[i].Step, code); err != nil || same {
			return nil, nil, errors.Join(err, approvals.ErrNoChange)
		}
	}
	if now.Before(e.LockedUntil) {
		return locked(e.LockedUntil, now), nil, approvals.ErrNoChange
	}
	e.Wrong = slices.DeleteFunc(e.Wrong, func(t time.Time) bool { return !t.After(now.Add(-window)) })
	e.Wrong = append(e.Wrong, now) // counted before it is compared
	step, found, err := findStep(secret, now, code)
	switch {
	case err != nil:
		return nil, nil, err
	case found && step <= e.Step:
		// No try at guessing: a spent code opens nothing, and whoever clicks twice
		// is not to lock themselves out.
		return errSpent, nil, approvals.ErrNoChange
	case found:
		e.Step, e.Wrong, e.LockedUntil = step, nil, time.Time{}
		e.Uses = append(e.Uses, approvals.CodeUse{Use: use, Step: step})
		e.Uses = e.Uses[max(0, len(e.Uses)-maxUses):]
		return nil, nil, nil
	case len(e.Wrong) >= maxWrong:
		e.Wrong, e.LockedUntil = nil, now.Add(lockFor)
		return locked(e.LockedUntil, now), []approvals.Line{{At: now, What: "factor locked", Who: e.UserID,
			Why: fmt.Sprintf("%d wrong codes in %v", maxWrong, window), Detail: map[string]string{"until": e.LockedUntil.UTC().Format(time.RFC3339)}}}, nil
	}
	left := maxWrong - len(e.Wrong)
	tries := "tries"
	if left == 1 {
		tries = "try"
	}
	return approvals.Refuse("That code is not right. Give the one that your authenticator app shows for Dropletops now, and see that your phone's clock is set by the network. %d %s left.", left, tries), nil, nil
}

func locked(until, now time.Time) error {
	minutes := int(math.Ceil(until.Sub(now).Minutes()))
	unit := "minutes"
	if minutes == 1 {
		unit = "minute"
	}
	// A moment later, so that nobody who comes at the minute it says is too early.
	at := until.UTC().Add(time.Minute - time.Nanosecond).Truncate(time.Minute)
	return approvals.Refuse("Too many wrong codes: yours are refused until %s UTC (%d %s). If it was not you who gave them, tell an operator: somebody is using your Slack account.",
		at.Format("15:04"), minutes, unit)
}

func notEnrolled() error {
	return approvals.Refuse("This needs a second factor, and you have none yet. An operator can enroll you with `dropletops factor enroll`.")
}

// Ready says whether the keys fit those who are enrolled. asked is whether the
// policy asks for a second factor at all; without it, and with nobody enrolled, no
// key is needed. It answers a [SetupError] where something is to be set otherwise,
// and else how many are enrolled.
func (k *Keeper) Ready(ctx context.Context, asked bool) (enrolled int, err error) {
	all, err := k.Store.Enrolments(ctx)
	if err != nil {
		return 0, err
	}
	switch {
	case k.Keys.Current == nil && len(all) > 0:
		return 0, missingKey("there are people with a second factor (%d)", len(all))
	case k.Keys.Current == nil && asked:
		return 0, missingKey("the policy asks for a second factor")
	}
	for _, e := range all {
		if k.Keys.byID(e.KeyID) == nil {
			return 0, otherKey(e.UserID, e.KeyID, k.Keys.Current)
		}
	}
	return len(all), nil
}
