package api

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Step declares one of the actions that a verb takes.
type Step struct {
	Type string // DigitalOcean's action type
	// Within is how long the Droplet may take, from the step's start, to show what
	// it did. After that, or if it did not work, the next goes ahead all the same;
	// nil if the next must not.
	Within func(Args) time.Duration
	// Back says that if this step does not work, the last one is taken all the same:
	// it puts back what those before it have changed. The whole has failed then.
	Back bool
	// Check is a pre-check of the step besides its action's; may be nil.
	Check func(Droplet, Args, *Image) string
	// Right says of the Droplet, behind its name, how the last step has left it where
	// one before it has failed; Wrong and Doubt, where it has failed itself, or that is
	// not known. Plain text.
	Right, Wrong, Doubt string
}

// Part is one of the actions that are sent to a Droplet.
type Part struct {
	Step
	Action *Action // DigitalOcean's own
	Args   Args
	Within time.Duration // 0 if the next must not go ahead without it
	// Saves says that it saves what the parts behind it may lose: they go ahead only
	// once what it made is there.
	Saves bool
}

// Composite says whether it is a verb of our own, made of several actions.
func (a *Action) Composite() bool { return a.Call == nil && a.Make == nil }

// Parts answers the actions that are sent to a Droplet that is as it is, in order:
// of most there is one, DigitalOcean's own. asked is when it was asked for.
func (a *Action) Parts(d Droplet, args Args, asked time.Time) []Part {
	args = a.ArgsOn(d, args, asked)
	var parts []Part
	if args[SnapshotFirst] == "true" {
		snapshot, ok := Lookup("snapshot")
		if ok {
			parts = append(parts, Part{Step: Step{Type: "snapshot"}, Action: snapshot, Args: Args{"name": d.snapshotBefore(a, asked)}, Saves: true})
		}
	}
	steps := []Step{{Type: a.Type}}
	if a.Steps != nil {
		steps = a.Steps(d)
	}
	for _, s := range steps {
		parts = append(parts, a.part(s, args))
	}
	return parts
}

// ArgsOn are the arguments for one Droplet: of several, what was left out and is another for
// each, such as a snapshot's name, is filled in only now.
func (a *Action) ArgsOn(d Droplet, args Args, asked time.Time) Args {
	out := args
	for _, p := range a.Params {
		if p.Default == nil || args[p.Name] != "" {
			continue
		}
		if v := p.Default(d, asked); v != "" {
			if len(out) == len(args) {
				out = maps.Clone(args)
			}
			if out == nil {
				out = Args{}
			}
			out[p.Name] = v
		}
	}
	return out
}

func (a *Action) part(s Step, args Args) Part {
	p := Part{Step: s, Action: a, Args: args}
	if other, ok := Lookup(s.Type); ok && s.Type != a.Type {
		p.Action = other
	}
	if s.Within != nil {
		p.Within = s.Within(args)
	}
	if s.Check != nil {
		own := *p.Action
		own.PreCheck = first(own.PreCheck, s.Check)
		p.Action = &own
	}
	return p
}

// Shows says whether a Droplet is already what the part would make of it.
func (p Part) Shows(d Droplet, img *Image) bool {
	return p.Action.Already != nil && p.Action.Already(d, p.Args, img) != ""
}

// Rollback reports whether the part puts back what those before it have changed, as a
// resize switches a Droplet on again. It is sent whatever the Droplet shows: a status
// trails by seconds, and one of those before it may still be in progress. DigitalOcean,
// which knows, refuses what is not needed.
func (p Part) Rollback() bool { return p.Right != "" }

// Interrupts says whether it cuts a Droplet off from whom it serves for a while,
// though its danger, which does not know the Droplet, does not say so.
func (a *Action) Interrupts(d Droplet, args Args) bool {
	for _, p := range a.Parts(d, args, time.Time{}) {
		if p.Action.Type != a.Type && p.Action.Danger(p.Args) == Disruptive {
			return true
		}
	}
	return false
}

// DangerOn is its danger to Droplets as they are: what is safe by its arguments alone
// interrupts service where one of them has to be switched off for it.
func (a *Action) DangerOn(on []Droplet, args Args) Danger {
	d := a.Danger(args)
	if d == Safe && slices.ContainsFunc(on, func(x Droplet) bool { return a.Interrupts(x, args) }) {
		return Disruptive
	}
	return d
}

// aMinute is the time that a shutdown gets before the power is cut, as
// DigitalOcean advises.
func aMinute(Args) time.Duration { return time.Minute }

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
		if most := int(maxPatience / time.Second); n > most || n < -most { // which a duration can't hold
			return 0, fmt.Errorf("%d seconds are more than %s", n, span(maxPatience))
		}
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

// Bounds of every other verb's --timeout, after which people are told that it takes
// longer than it should. A disk of 10 TB takes days to copy.
const (
	minPatience = 10 * time.Second
	maxPatience = 7 * 24 * time.Hour
)

// ParsePatience reads --timeout, and answers what is wrong with it; empty if nothing is.
func ParsePatience(v string) (time.Duration, string) {
	d, err := parseTimeout(v)
	if err != nil || d < minPatience || d > maxPatience {
		return 0, "it is a time from 10 seconds to 7 days, in seconds or such as 10m or 2h"
	}
	return d, ""
}

// span says a time as people do, in whole seconds or minutes.
func span(d time.Duration) string {
	if d%time.Minute == 0 && d >= 2*time.Minute {
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}
