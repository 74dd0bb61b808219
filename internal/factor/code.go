package factor

import (
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/pquerna/otp/hotp"
)

const (
	digits = 6
	period = 30 // seconds, the one that authenticator apps know
	// skew is how many steps a phone's clock may be off, before or behind; RFC
	// 6238 §5.2 recommends one.
	skew = 1
)

// errNoCode says that what was typed can't be a code.
var errNoCode = errors.New("a code has six digits")

// parseCode reads what a person typed: six digits, with spaces or hyphens
// anywhere, as apps show them, and full-width ones too, as a Japanese keyboard types
// them.
func parseCode(typed string) (string, error) {
	var b strings.Builder
	for _, c := range typed {
		switch {
		case c >= '0' && c <= '9':
			b.WriteRune(c)
		case c >= '０' && c <= '９':
			b.WriteRune(c - '０' + '0')
		case unicode.IsSpace(c), c == '-':
			continue
		default:
			return "", errNoCode
		}
		if b.Len() > digits {
			return "", errNoCode
		}
	}
	if b.Len() != digits {
		return "", errNoCode
	}
	return b.String(), nil
}

var base32s = base32.StdEncoding.WithPadding(base32.NoPadding)

func stepOf(t time.Time) int64 { return t.Unix() / period }

// codeAt is the code of a time step.
func codeAt(secret []byte, step int64) (string, error) {
	return hotp.GenerateCode(base32s.EncodeToString(secret), uint64(step))
}

// matches says whether a code is that of a time step, in constant time.
func matches(secret []byte, step int64, code string) (bool, error) {
	want, err := codeAt(secret, step)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1, nil
}

// findStep answers the newest time step around now whose code this is, and whether
// there is one. All are compared, whichever fits: the time it takes says nothing.
// The newest, since one code can be that of two steps: both are to be spent.
func findStep(secret []byte, now time.Time, code string) (step int64, found bool, err error) {
	for s := stepOf(now) - skew; s <= stepOf(now)+skew; s++ {
		ok, err := matches(secret, s, code)
		if err != nil {
			return 0, false, err
		}
		if ok {
			step, found = s, true
		}
	}
	return step, found, nil
}
