package bot

import (
	"errors"
	"net/http"
	"time"

	"github.com/slack-go/slack"
)

// code is Slack's error string of an answer, empty if there was no such answer.
func code(err error) string {
	var no slack.SlackErrorResponse
	if errors.As(err, &no) {
		return no.Err
	}
	return ""
}

// limited answers how long Slack wants a method left alone, 0 if it does not.
func limited(err error) time.Duration {
	var slow *slack.RateLimitedError
	if errors.As(err, &slow) {
		return min(max(slow.RetryAfter, time.Second), pauseMost)
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) && status.Code == http.StatusTooManyRequests {
		return defaultRetryAfter
	}
	switch code(err) {
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return defaultRetryAfter
	}
	return 0
}

// passing are the error strings with which Slack says that it is unwell itself.
var passing = map[string]bool{
	"internal_error": true, "fatal_error": true, "service_unavailable": true,
	"request_timeout": true, "team_added_to_org": true, "accesslimited": true,
	"external_channel_migrating": true,
}

// passes says whether the same call may well succeed later: no answer came, or
// one that is about Slack and not about the call.
func passes(err error) bool {
	c := code(err)
	return c == "" || passing[c] || limited(err) > 0
}
