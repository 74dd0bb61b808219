package factor

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"dropletops/approvals"
)

// Errors of enrolling and removing, each for the operator.
var (
	ErrEnrolled    = errors.New("they have a second factor already")
	ErrNotEnrolled = errors.New("they have no second factor")
	ErrWrongCode   = errors.New("that is not the code that belongs to this secret now")
)

// userID is what Slack's user IDs look like; on Enterprise Grid some begin with W.
var userID = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)

// IsUserID says whether something can be the ID of a Slack user.
func IsUserID(s string) bool { return userID.MatchString(s) }

// Secret is a new one that is nobody's yet: it becomes a person's second factor
// when a code shows that it has arrived in their app.
type Secret struct {
	userID string
	key    *otp.Key
}

// NewSecret makes a secret of 160 bits, as RFC 4226 §4 recommends.
func NewSecret(userID string) (*Secret, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Dropletops", AccountName: userID, Period: period, SecretSize: 20,
		Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return nil, fmt.Errorf("make a secret: %w", err)
	}
	return &Secret{userID: userID, key: key}, nil
}

// URL is the otpauth:// address that apps read from a QR code.
func (s *Secret) URL() string { return s.key.URL() }

// Groups is the secret in base32, in groups of four, for typing it in.
func (s *Secret) Groups() string {
	var groups []string
	for g := range slices.Chunk([]byte(s.key.Secret()), 4) {
		groups = append(groups, string(g))
	}
	return strings.Join(groups, " ")
}

// String does not tell it: it is for whoever asks by name.
func (s *Secret) String() string { return "a secret of " + s.userID }

// MayEnroll says whether a person can be enrolled with these keys; replace allows
// that they are already.
func (k *Keeper) MayEnroll(ctx context.Context, userID string, replace bool) error {
	if k.Keys.Current == nil {
		return missingKey("secrets are kept under it alone")
	}
	if _, err := k.Ready(ctx, true); err != nil {
		return err
	}
	e, err := k.Store.Enrolment(ctx, userID)
	if err == nil && e != nil && !replace {
		return ErrEnrolled
	}
	return err
}

// Enroll makes a secret its person's second factor, if the code shows that they
// have it. That code is spent by it. by is who enrolls them, for the audit log.
func (k *Keeper) Enroll(ctx context.Context, s *Secret, code, by string, now time.Time, replace bool) error {
	typed, err := parseCode(code)
	if err != nil {
		return ErrWrongCode
	}
	secret, err := base32s.DecodeString(s.key.Secret())
	if err != nil {
		return err
	}
	step, found, err := findStep(secret, now, typed)
	if err != nil {
		return err
	}
	if !found {
		return ErrWrongCode
	}
	return k.Store.ChangeEnrolment(ctx, s.userID, func(old *approvals.Enrolment) (*approvals.Enrolment, []approvals.Line, error) {
		line := approvals.Line{At: now, What: "factor enrolled", Who: by, Detail: map[string]string{"user": s.userID, "key": k.Keys.Current.id}}
		if old != nil {
			if !replace {
				return nil, nil, ErrEnrolled
			}
			line.What = "factor replaced"
		}
		return &approvals.Enrolment{UserID: s.userID, At: now, By: by, Step: step,
			Sealed: k.Keys.Current.seal(s.userID, secret), KeyID: k.Keys.Current.id}, []approvals.Line{line}, nil
	})
}

// Remove takes a person's second factor away. It needs no key.
func (k *Keeper) Remove(ctx context.Context, userID, by string, now time.Time) error {
	return k.Store.ChangeEnrolment(ctx, userID, func(old *approvals.Enrolment) (*approvals.Enrolment, []approvals.Line, error) {
		if old == nil {
			return nil, nil, ErrNotEnrolled
		}
		return nil, []approvals.Line{{At: now, What: "factor removed", Who: by, Detail: map[string]string{"user": userID}}}, nil
	})
}

// Rotate seals every secret under the current key, and answers how many were not
// yet. One at a time: stopped in between, it is run again.
func (k *Keeper) Rotate(ctx context.Context, by string, now time.Time) (resealed int, err error) {
	if _, err := k.Ready(ctx, true); err != nil {
		return 0, err
	}
	all, err := k.Store.Enrolments(ctx)
	if err != nil {
		return 0, err
	}
	for _, one := range all {
		changed, err := k.reseal(ctx, one.UserID, by, now)
		if err != nil {
			return resealed, err
		}
		if changed {
			resealed++
		}
	}
	return resealed, nil
}

func (k *Keeper) reseal(ctx context.Context, userID, by string, now time.Time) (changed bool, err error) {
	err = k.Store.ChangeEnrolment(ctx, userID, func(e *approvals.Enrolment) (*approvals.Enrolment, []approvals.Line, error) {
		changed = false
		if e == nil || e.KeyID == k.Keys.Current.id { // removed or enrolled anew in the meantime
			return nil, nil, approvals.ErrNoChange
		}
		secret, err := k.Keys.open(userID, e.KeyID, e.Sealed)
		if err != nil {
			return nil, nil, err
		}
		line := approvals.Line{At: now, What: "factor resealed", Who: by, Detail: map[string]string{"user": userID, "key": k.Keys.Current.id, "old_key": e.KeyID}}
		e.Sealed, e.KeyID = k.Keys.Current.seal(userID, secret), k.Keys.Current.id
		changed = true
		return e, []approvals.Line{line}, nil
	})
	return changed, err
}
