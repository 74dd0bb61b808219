package card

import (
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Minute:                      "less than 1 s",
		0:                                 "less than 1 s",
		1400 * time.Millisecond:           "1 s",
		42 * time.Second:                  "42 s",
		59600 * time.Millisecond:          "1 min",
		72 * time.Second:                  "1 min 12 s",
		3 * time.Minute:                   "3 min",
		30*time.Minute + 29*time.Second:   "30 min",
		65 * time.Minute:                  "1 h 5 min",
		2 * time.Hour:                     "2 h",
		24 * time.Hour:                    "1 day",
		51 * time.Hour:                    "2 days 3 h",
		100*24*time.Hour + 59*time.Minute: "100 days",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestAge(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for created, want := range map[string]string{
		"2026-11-21T11:59:30Z":      "made just now",
		"2026-11-22T00:00:00Z":      "made just now", // DigitalOcean's clock is not ours
		"2026-11-21T11:15:00Z":      "45 min old",
		"2026-11-20T02:00:00Z":      "34 h old",
		"2026-11-19T11:00:00Z":      "2 days old",
		"2026-08-21T12:00:00+02:00": "3 months old",
		"2023-11-21T12:00:00Z":      "3 years old",
		"":                          "age unknown",
		"yesterday":                 "age unknown",
	} {
		if got := age(created, now); got != want {
			t.Errorf("age(%q) = %q, want %q", created, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{
		{"short", 5, "short"},
		{"longer", 5, "long…"},
		{"one two", 5, "one…"},
		{"äöüß€x", 5, "äöüß…"},
		{"🔥🔥🔥", 5, "🔥🔥…"},
		{"a &amp; b", 6, "a…"},
		{"hi <@U0BOB> there", 8, "hi…"},
		{"hi <@U0BOB> there", 13, "hi <@U0BOB>…"},
		{"x", 0, ""},
		{"a\xffb", 9, "a\ufffdb"},
	} {
		got := cut(c.s, c.n)
		if got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.s, c.n, got, c.want)
		}
		if length(got) > c.n {
			t.Errorf("cut(%q, %d) has %d characters", c.s, c.n, length(got))
		}
	}
}
