package card

import (
	"fmt"
	"time"
)

// span says how long something takes, as people say it: "42 s", "1 min 12 s",
// "12 min", "1 h 5 min", "2 days 3 h". Beyond ten minutes nobody counts seconds.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Second:
		return "less than 1 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 10*time.Minute:
		return pair(int(d/time.Minute), "min", int(d%time.Minute/time.Second), "s")
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 24*time.Hour:
		return pair(int(d/time.Hour), "h", int(d%time.Hour/time.Minute), "min")
	}
	days := int(d / (24 * time.Hour))
	return pair(days, plural(days, "day", "days"), int(d%(24*time.Hour)/time.Hour), "h")
}

func pair(a int, unit string, b int, small string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, unit)
	}
	return fmt.Sprintf("%d %s %d %s", a, unit, b, small)
}

// age says how old something is that DigitalOcean created at an RFC 3339 time.
func age(created string, now time.Time) string {
	at, err := time.Parse(time.RFC3339, created)
	if err != nil {
		return "age unknown"
	}
	d := now.Sub(at)
	switch days := int(d / (24 * time.Hour)); {
	case d < time.Minute:
		return "made just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min old", d/time.Minute)
	case days < 2:
		return fmt.Sprintf("%d h old", d/time.Hour)
	case days < 60:
		return fmt.Sprintf("%d days old", days)
	case days < 730:
		return fmt.Sprintf("%d months old", days/30)
	default:
		return fmt.Sprintf("%d years old", days/365)
	}
}

// Age says how old a backup or snapshot is.
func Age(created string, now time.Time) string { return age(created, now) }

// clock is a time of day that Slack shows in each reader's own time zone.
// Without Slack's help, in a notification, it reads "14:30 UTC".
func clock(t time.Time) string { return token(t, "{time}", spoken(t)) }

// precise is clock with seconds.
func precise(t time.Time) string {
	return token(t, "{time_secs}", t.UTC().Format("15:04:05 UTC"))
}

// dated is clock with the day, for what may be read much later.
func dated(t time.Time) string {
	return token(t, "{date_short_pretty} at {time}", t.UTC().Format("2 Jan 2006, 15:04 UTC"))
}

// token is Slack's markup for a time: docs.slack.dev/messaging/formatting-message-text#date-formatting.
func token(t time.Time, format, fallback string) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return fmt.Sprintf("<!date^%d^%s|%s>", t.Unix(), format, fallback)
}

func spoken(t time.Time) string { return t.UTC().Format("15:04 UTC") }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
