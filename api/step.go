package api

import (
	"fmt"
	"strconv"
	"time"
)

// Step is one of the actions that a verb of our own is made of.
type Step struct {
	Type string // DigitalOcean's action type
	// Within is how long the Droplet may take, from the step's start, to show what
	// it did before the next step goes ahead all the same; nil for the last step.
	Within func(Args) time.Duration
}

// Composite says whether it is a verb of our own, made of several actions.
func (a *Action) Composite() bool { return len(a.Steps) > 0 }

// Part answers the action that is sent at a step, counted from 0, and how long
// the Droplet may take before the next goes ahead; 0 if there is no next one. Of
// an action that is DigitalOcean's own, the one part is the action itself.
func (a *Action) Part(step int, args Args) (part *Action, patience time.Duration) {
	if step >= len(a.Steps) {
		return a, 0
	}
	s := a.Steps[step]
	part, ok := Lookup(s.Type)
	if !ok {
		return a, 0
	}
	if s.Within != nil {
		patience = s.Within(args)
	}
	return part, patience
}

// Bounds of stop's --timeout. DigitalOcean advises a reasonable time between a
// shutdown and a power-off; a longer one than this nobody waits for.
const (
	minTimeout = 5 * time.Second
	maxTimeout = 30 * time.Minute
)

// timeout is stop's --timeout.
func timeout(a Args) time.Duration {
	d, err := parseTimeout(a["timeout"])
	if err != nil {
		return time.Minute
	}
	return d
}

// parseTimeout takes seconds, or a duration such as 2m.
func parseTimeout(v string) (time.Duration, error) {
	if n, err := strconv.Atoi(v); err == nil {
		return time.Duration(n) * time.Second, nil
	}
	return time.ParseDuration(v)
}

func checkTimeout(v string) string {
	d, err := parseTimeout(v)
	if err != nil || d < minTimeout || d > maxTimeout {
		return fmt.Sprintf("it is a time from %s to %s, in seconds or such as 2m", span(minTimeout), span(maxTimeout))
	}
	return ""
}

// span says a time as people do, in whole seconds or minutes.
func span(d time.Duration) string {
	if d%time.Minute == 0 && d >= 2*time.Minute {
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}
