package api

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Everything that the built-in DigitalOcean refuses in DigitalOcean's words and
// that a person can do something about comes with what that is.
func TestAdvice(t *testing.T) {
	for message, want := range map[string]string{
		"creating this/these droplet(s) will exceed your droplet limit":                       "ask DigitalOcean for a higher limit",
		"Size can not decrease size of Droplet's disk image":                                  "A disk can't be made smaller",
		"Size is too large to fit on your droplet's server":                                   "has no room for that size",
		"Size This size is currently restricted please send an additional payment to unlock.": "may not use that size yet",
		"12345 are invalid key identifiers for Droplet creation.":                             "fingerprint",
		"Droplet is currently on. Please power it off to run this event.":                     "Switch it off first: stop.",
		"something that nobody has met":                                                       "",
	} {
		e := &Error{Kind: Invalid, What: "resize Droplet 7", Status: 422, Message: message, RequestID: "ab12"}
		s := e.Sentence()
		if !strings.Contains(s, want) || !strings.Contains(s, strings.TrimRight(message, ".")) || !strings.HasSuffix(s, "request_id is ab12.") {
			t.Errorf("%q: %q", message, s)
		}
	}
	if s := (&Error{Kind: Invalid, What: "x", Status: http.StatusConflict, Message: "conflict"}).Sentence(); !strings.Contains(s, "try again when that has ended") {
		t.Errorf("409: %q", s)
	}
}

func TestAdviceOnWhatTheBuiltInOneRefuses(t *testing.T) {
	files, err := filepath.Glob("../internal/sim/digitalocean/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	about := regexp.MustCompile(`"((?:Droplet is|You specified an invalid|Backups |Image is|The image|Size is not|Size can not|Region is|The droplet is)[^"]*)"`)
	seen := 0
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range about.FindAllStringSubmatch(string(src), -1) {
			seen++
			if e := (&Error{Message: m[1]}); e.advises() == "" {
				t.Errorf("%s: nothing is said on what to do about %q", f, m[1])
			}
		}
	}
	if seen < 10 {
		t.Fatalf("only %d refusals were found", seen)
	}
}
