package card

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"dropletops/api"
	"dropletops/approvals"
)

// verb is what people type for an action, and what every first line calls it.
func verb(r *approvals.Request) string {
	v := escaped(strings.ReplaceAll(r.Action.Type, "_", "-"), maxShort)
	if v == "" {
		return "do nothing"
	}
	return v
}

// title names the action in plain English.
func title(r *approvals.Request) string {
	if a, ok := api.Lookup(r.Action.Type); ok && a.Title != "" {
		return escaped(a.Title, maxShort)
	}
	return capital(verb(r))
}

// bare is a Droplet's name as it is, cut to n characters; without a name, its ID.
func bare(d approvals.Droplet, n int) string {
	if clean(d.Name) == "" {
		return fmt.Sprintf("Droplet %d", d.ID)
	}
	return cut(clean(d.Name), n)
}

// name is a Droplet's name for mrkdwn.
func name(d approvals.Droplet) string { return Escape(bare(d, maxShort)) }

// subject is what a request is about, in a few words, for plain_text: a
// Droplet's name, or how many and which.
func subject(r *approvals.Request) string {
	switch n := len(r.Targets); {
	case n == 1:
		return bare(r.Targets[0].Droplet, maxShort)
	case r.Tag != "":
		return fmt.Sprintf("%d Droplets tagged %s", n, cut(clean(r.Tag), maxShort))
	case n == 0:
		return "no Droplet"
	default:
		return fmt.Sprintf("%d Droplets: %s", n, firstNames(r))
	}
}

// firstNames lists the first names of several Droplets, and how many more there are.
func firstNames(r *approvals.Request) string {
	const n = 3
	var names []string
	for _, t := range r.Targets[:min(n, len(r.Targets))] {
		names = append(names, bare(t.Droplet, 30))
	}
	out := strings.Join(names, ", ")
	if more := len(r.Targets) - n; more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out
}

// phrase names a request within a sentence: "rebuild web-1 with ubuntu-24-04-x64".
func phrase(r *approvals.Request) string { return phraseTo(r, maxShort) }

// Named names a request within a sentence of mrkdwn.
func Named(r *approvals.Request) string { return phrase(r) }

// phraseTo cuts the name of a single Droplet to n characters.
func phraseTo(r *approvals.Request, n int) string {
	what := Escape(subject(r))
	switch {
	case len(r.Targets) == 1:
		what = Escape(bare(r.Targets[0].Droplet, n))
	case r.Tag != "":
		what += " (" + Escape(firstNames(r)) + ")"
	}
	if r.Image != nil {
		what += " with " + escaped(r.Image.Label(), maxShort)
	}
	return verb(r) + " " + what
}

// fully names a request for the top-level text, with arguments and in full.
func fully(r *approvals.Request) string {
	var args []string
	for _, a := range arguments(r) {
		if a.value == "yes" {
			args = append(args, a.name)
			continue
		}
		args = append(args, a.name+" "+a.value)
	}
	out := phraseTo(r, maxName)
	if len(args) > 0 {
		out += " (" + cut(strings.Join(args, ", "), maxProse) + ")"
	}
	return out
}

// argument is one argument of an action, escaped.
type argument struct {
	name, value string
	head, more  string // on the card: what it is called there, and what else is known of it
}

// arguments lists what the action takes besides its image, in the catalogue's
// order; what the catalogue does not know comes last, in the order of names.
func arguments(r *approvals.Request) []argument {
	left := maps.Clone(r.Action.Args)
	var out []argument
	a, known := api.Lookup(r.Action.Type)
	if known {
		for _, p := range a.Params {
			v, given := left[p.Name]
			delete(left, p.Name)
			switch {
			case !given, r.Image != nil && (p.Kind == api.Base || p.Kind == api.Backup):
			case p.Name == api.SnapshotFirst && r.State.Open():
				out = append(out, argument{"snapshot first", "yes", "Snapshot first", ". " + snapshotFirst(r)})
			case p.Name == api.SnapshotFirst:
				out = append(out, argument{"snapshot first", "yes", "Snapshot first", ""})
			case p.Kind == api.Switch && v == "true":
				out = append(out, argument{Escape(p.Name), "yes", heading(p.Name), ""})
			case p.Kind == api.Size && a.Make != nil:
				out = append(out, argument{Escape(p.Name), escaped(v, maxName), "Size", offer(r.Plan)})
			case p.Kind == api.Size:
				out = append(out, argument{Escape(p.Name), escaped(v, maxName), "New " + Escape(p.Name), offer(r.Plan)})
			case p.Kind.Asset():
				out = append(out, argument{Escape(p.Name), enumerated(v, r.Action.Called), heading(p.Name), ""})
			case p.Kind.Several():
				out = append(out, argument{Escape(p.Name), enumerated(v, nil), heading(p.Name), ""})
			case p.Kind == api.Script:
				out = append(out, argument{Escape(p.Name), fmt.Sprintf("%d characters", utf8.RuneCountInString(v)), heading(p.Name), ", run at its first boot"})
			default:
				out = append(out, argument{Escape(p.Name), escaped(v, maxName), heading(p.Name), ""})
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(left)) {
		if k == "image" && r.Image != nil {
			continue
		}
		out = append(out, argument{escaped(k, maxShort), escaped(left[k], maxName), capital(escaped(k, maxShort)), ""})
	}
	return out
}

// enumerated are the items of a list, escaped, those that are called something with
// their names: shortened where there is no room for all of them, and where there is
// none for the items alone, as many as there is room for and how many more there are.
func enumerated(list string, called map[string]string) string {
	items := strings.Split(list, ",")
	for _, most := range []int{maxName, maxShort, maxShort / 4, 0} {
		if s := strings.Join(calledAll(items, called, most), ", "); length(s) <= maxList {
			return s
		}
	}
	items = calledAll(items, nil, 0)
	size := 0
	for i, item := range items {
		if size += length(item) + len(", "); size > maxList-20 {
			return strings.Join(items[:i], ", ") + fmt.Sprintf(" and %d more", len(items)-i)
		}
	}
	return strings.Join(items, ", ")
}

// calledAll are items with their names, of at most so many characters, escaped. What
// parts items from each other and from their names is in no name.
func calledAll(items []string, called map[string]string, most int) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = Escape(item)
		if name := cut(parting.Replace(called[item]), most); name != "" {
			out[i] = Escape(name) + " (" + out[i] + ")"
		}
	}
	return out
}

var parting = strings.NewReplacer(",", ";", "(", "[", ")", "]")

// offer says what a size holds and costs.
func offer(p *approvals.Plan) string {
	if p == nil {
		return ""
	}
	s := machine(approvals.Droplet{VCPUs: p.VCPUs, MemoryMB: p.MemoryMB, DiskGB: p.DiskGB, GPU: p.GPU})
	if p.Monthly > 0 {
		s += ", " + Money(p.Monthly) + " a month"
	}
	return s
}

// told is what the catalogue says of a request's action on all its Droplets, made
// safe for where it is to stand, with their names cut to n characters.
func told(r *approvals.Request, say saying, n int, safe func(string) string) string {
	a, ok := api.Lookup(r.Action.Type)
	if !ok || say(a) == nil || len(r.Targets) == 0 {
		return ""
	}
	var pins api.Pins
	if r.Image != nil {
		i := api.Image(*r.Image)
		pins.Image = &i
	}
	if r.Plan != nil {
		p := api.Plan(*r.Plan)
		pins.Plan = &p
	}
	on := make([]api.Droplet, len(r.Targets))
	for i, t := range r.Targets {
		on[i] = api.Droplet(t.Droplet)
		on[i].Name = cut(on[i].Name, n)
	}
	return safe(cut(say(a)(on, api.Args(r.Action.Args), pins), maxProse))
}

// saying picks one of the catalogue's sentences.
type saying func(*api.Action) func([]api.Droplet, api.Args, api.Pins) string

func effectOf(a *api.Action) func([]api.Droplet, api.Args, api.Pins) string { return a.Effect }

func losesOf(a *api.Action) func([]api.Droplet, api.Args, api.Pins) string { return a.Loses }

func questionOf(a *api.Action) func([]api.Droplet, api.Args, api.Pins) string { return a.Question }

// userID is what Slack calls a person or a bot.
var userID = regexp.MustCompile(`^[A-Z0-9]{1,32}$`)

// mention names a person so that Slack shows and notifies them.
func mention(id string) string {
	if !userID.MatchString(id) {
		return "someone (" + escaped(id, maxShort) + ")"
	}
	return "<@" + id + ">"
}

// deciders mentions those who made a kind of decision that counts, each once.
func deciders(r *approvals.Request, kind approvals.DecisionKind) string {
	var out []string
	for _, d := range r.Decisions {
		if m := mention(d.By.UserID); d.Kind == kind && d.Round == r.Round && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	if len(out) > 10 {
		out = append(out[:10], fmt.Sprintf("%d more", len(out)-10))
	}
	return enumerate(out)
}

// enumerate joins as people do: "a, b and c".
func enumerate(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " and " + s[len(s)-1]
}

// capital makes text begin as a sentence does.
func capital(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + s[n:]
}

// usually says how long it usually takes, empty if that is not known.
func usually(r *approvals.Request) string {
	if r.Usual <= 0 {
		return ""
	}
	d := r.Usual
	switch { // it is a median, no more exact than this
	case d > 5*time.Minute:
		d = d.Round(time.Minute)
	case d > time.Minute:
		d = d.Round(10 * time.Second)
	}
	return "about " + span(d)
}

// problem is what went wrong with a target. DigitalOcean's Droplets go by ID,
// and people by names: both are told.
func problem(t approvals.Target) string {
	if t.Droplet.ID == 0 {
		return prose(t.Problem)
	}
	id := regexp.MustCompile(fmt.Sprintf(`\bDroplet %d\b`, t.Droplet.ID))
	return prose(id.ReplaceAllLiteralString(t.Problem, fmt.Sprintf("%s (Droplet %d)", bare(t.Droplet, maxShort), t.Droplet.ID)))
}

// prose is a sentence that is not ours, made to end as a sentence does.
func prose(s string) string {
	s = escaped(clean(s), maxProse)
	if s != "" && !strings.ContainsAny(s[len(s)-1:], ".!?") && !strings.HasSuffix(s, "…") {
		s += "."
	}
	return s
}
