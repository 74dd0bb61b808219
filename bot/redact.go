package bot

import (
	"errors"
	"regexp"
	"strings"

	"dropletops/internal/task"
)

// secrets are what an error text of the net/http, url or websocket packages can
// carry: tokens, the ticket in a socket's URL (it opens our socket for 30 s) and
// the secret path of a response_url.
var secrets = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`x(app|ox[a-z.]+)-[0-9A-Za-z.-]+`), "x$1-…"},
	{regexp.MustCompile(`(wss?://[^/\s"?]*)[^\s"]*`), "$1/…"},
	{regexp.MustCompile(`(?i)(ticket|token|app_id)=[^&\s"]+`), "$1=…"},
	{regexp.MustCompile(`(https?://[^/\s"?]*)/(commands|actions|services|workflows|app|response)/[^\s"]*`), "$1/$2/…"},
}

// redact makes a text fit for the log.
func redact(s string) string {
	for _, r := range secrets {
		s = r.find.ReplaceAllString(s, r.put)
	}
	return strings.ToValidUTF8(s, "�")
}

// crashed logs a panic in a goroutine of ours, which goes on or is started again.
func (c *Client) crashed(err error) {
	line := c.log().With("reference", reference())
	var crash *task.PanicError
	if errors.As(err, &crash) {
		line = line.With("stack", redact(crash.Stack))
	}
	line.Error("a panic in the background", "panic", safe(err))
}

// safe is an error's text without secrets, fit for a log line.
func safe(err error) string {
	if err == nil {
		return ""
	}
	return redact(err.Error())
}
