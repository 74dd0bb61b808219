package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// quiet is the part of the day in which nobody is reminded.
type quiet struct {
	from, to int // minutes since midnight; to is the first that is not quiet
	zone     *time.Location
}

// holds says whether a moment is in it. From 22:00 to 07:00 goes over midnight.
func (q *quiet) holds(t time.Time) bool {
	if q == nil {
		return false
	}
	t = t.In(q.zone)
	m := t.Hour()*60 + t.Minute()
	if q.from <= q.to {
		return q.from <= m && m < q.to
	}
	return m >= q.from || m < q.to
}

var clocks = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])$`)

func (r *reader) quiet(e entry, zone *time.Location) *quiet {
	keys := r.mapping(e.value, "quiet", e.at, "from", "to", "timezone")
	if keys == nil {
		return nil
	}
	q := &quiet{zone: zone}
	if k, ok := keys["timezone"]; ok {
		q.zone = r.timezone(k)
	}
	q.from, q.to = r.clock(e.at, keys, "from"), r.clock(e.at, keys, "to")
	if q.from == q.to && q.from >= 0 {
		r.wrong(e.at, "quiet begins when it ends, so it is either never or always.", `remind: false in a rule turns its reminders off`)
	}
	return q
}

// clock reads a time of day; below 0 if it is none.
func (r *reader) clock(at place, keys map[string]entry, name string) int {
	e, ok := keys[name]
	if !ok {
		r.wrong(at, "quiet has no "+name+".", `such as {from: "22:00", to: "07:00"}`)
		return -1
	}
	s, _ := scalar(e.value)
	m := clocks.FindStringSubmatch(s)
	if m == nil {
		r.wrong(e.at, name+" must be a time of day, not "+kindOf(e.value)+".", `in quotes, such as "07:00"`)
		return -2
	}
	hour, _ := strconv.Atoi(m[1]) // digits, by the pattern
	minute, _ := strconv.Atoi(m[2])
	return hour*60 + minute
}

// How long a request may wait for its decision.
const (
	shortest = time.Minute
	longest  = 7 * 24 * time.Hour
)

// duration reads how long a request waits.
func (r *reader) duration(e entry) time.Duration {
	s, _ := scalar(e.value)
	d, err := parseDuration(s)
	if err != nil {
		r.wrong(e.at, e.name+" must be a duration, not "+kindOf(e.value)+".", "such as 30m, 2h or 1d")
		return 0
	}
	if d < shortest || d > longest {
		r.wrong(e.at, fmt.Sprintf("%s must be from 1m to 7d, not %s.", e.name, s), "")
		return 0
	}
	return d
}

// parseDuration knows days too.
func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 365 {
			return 0, fmt.Errorf("%q is no number of days", days)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(s)
}

// isEmptyList answers where a list without items stands.
func (r *reader) isEmptyList(e entry) (place, bool) {
	s, ok := e.value.(*ast.SequenceNode)
	return e.at, ok && len(s.Values) == 0
}
