package bot

import (
	"errors"
	"fmt"
	"net/url"
)

// Away says that Slack did not answer a call, or not as it should: what was asked
// is not known, and the same call may well succeed later. Its Error names the
// method and the cause, and no address or token.
type Away struct {
	Method string // what was tried: auth.test
	Cause  string // what came instead of an answer: connection refused
}

func (a *Away) Error() string { return fmt.Sprintf("Slack does not answer %s: %s", a.Method, a.Cause) }

// away answers the Away behind an error of a method, nil if Slack has answered.
func away(method string, err error) *Away {
	if err == nil || !passes(err) {
		return nil
	}
	cause := err
	var failed *url.Error // says the address before the cause
	if errors.As(err, &failed) {
		if cause = failed.Err; failed.Timeout() {
			cause = errors.New("no answer in time")
		}
	}
	return &Away{Method: method, Cause: safe(cause)}
}
