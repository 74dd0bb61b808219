package bot

import (
	"regexp"
	"strings"
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

// safe is an error's text without secrets, fit for a log line.
func safe(err error) string {
	if err == nil {
		return ""
	}
	return redact(err.Error())
}
