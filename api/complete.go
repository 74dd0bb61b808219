package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ArgError is what is wrong with one argument, in a sentence for the person who
// typed it. It may hold what they typed, so it is as untrusted as that.
type ArgError struct {
	Param   string // the parameter's name, or the unknown one
	Message string
}

func (e *ArgError) Error() string { return e.Message }

// Verb is what people type: "power-cycle".
func (a *Action) Verb() string { return strings.ReplaceAll(a.Type, "_", "-") }

// Usage is how it is typed: "rebuild <target> <image>".
func (a *Action) Usage() string {
	if a.Make != nil {
		return a.UsageOf("<name>…")
	}
	return a.UsageOf("<target>")
}

// UsageOf is Usage with something else in the place of the target, for a verb
// that takes no target.
func (a *Action) UsageOf(first string) string {
	var b strings.Builder
	b.WriteString(a.Verb() + " " + first)
	for _, p := range a.Params {
		word := "<" + p.Name + ">"
		switch {
		case p.Flag && p.Kind == Switch:
			word = p.Flagged()
		case p.Flag && len(p.Choices) > 0 && !p.Kind.Several():
			word = p.Flagged() + " " + strings.Join(p.Choices, "|")
		case p.Flag:
			word = p.Flagged() + " " + word
		}
		if !p.Required {
			word = "[" + word + "]"
		}
		b.WriteString(" " + word)
	}
	return b.String()
}

// ImageParam answers the parameter that names an image or a backup, if it has one.
func (a *Action) ImageParam() (Param, bool) {
	for _, p := range a.Params {
		if p.Kind == Base || p.Kind == Backup {
			return p, true
		}
	}
	return Param{}, false
}

// Complete answers the arguments in their canonical spelling, with what was left
// out filled in. The error is an [ArgError] that says what was wrong and what
// would be right. What is empty counts as left out. The arguments handed in are
// not changed.
func (a *Action) Complete(args Args, d Droplet, now time.Time) (Args, error) {
	out := Args{}
	for _, name := range sortedNames(args) {
		if !slices.ContainsFunc(a.Params, func(p Param) bool { return p.Name == name }) {
			return nil, &ArgError{name, fmt.Sprintf("%s takes no %s. It is used so: %s", a.Verb(), quoted(name), a.Usage())}
		}
	}
	for _, p := range a.Params {
		value, err := p.canonical(args[p.Name])
		if err != nil {
			return nil, err
		}
		if value == "" && p.Default != nil {
			value = p.Default(d, now)
		}
		if value == "" && p.Required {
			return nil, &ArgError{p.Name, fmt.Sprintf("%s needs %s: %s. For example: %s", a.Verb(), p.typed(), p.Doc, a.example(p))}
		}
		if value != "" {
			out[p.Name] = value
		}
	}
	if a.Fit != nil {
		if err := a.Fit(out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func sortedNames(args Args) []string {
	var names []string
	for name := range args {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Flagged is how it is typed as a flag: "--snapshot-first".
func (p Param) Flagged() string { return "--" + strings.ReplaceAll(p.Name, "_", "-") }

// typed is how a parameter is named to whoever types it.
func (p Param) typed() string {
	if p.Flag {
		return p.Flagged()
	}
	return "the " + p.Name
}

func (a *Action) example(p Param) string {
	if p.Flag {
		return p.Flagged() + " " + p.Example
	}
	return a.Verb() + " web-1 " + p.Example
}

// maxValue is longer than any value DigitalOcean takes here; its own limit of a
// name is 255 characters.
const maxValue = 255

// Limits of what has more than one value or line. DigitalOcean takes 64 KiB of user
// data; a command is shorter than either.
const (
	maxScript = 64 << 10
	maxList   = 4000
)

// list checks each of several values. Each stands there once.
func (p Param) list(v string) (string, error) {
	one := p
	one.Kind = Text
	var out []string
	for v := range strings.SplitSeq(v, ",") {
		v, err := one.canonical(v)
		if err != nil {
			return "", err
		}
		if v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return strings.Join(out, ","), nil
}

// Spelled is a value in its canonical spelling; one that is wrong, as it is.
func (p Param) Spelled(v string) string {
	if c, err := p.canonical(v); err == nil {
		return c
	}
	return v
}

// canonical checks a value by its kind, its choices and its own check, and spells it
// in the one way that is sent.
func (p Param) canonical(v string) (string, error) {
	if p.Kind == Script { // Slack ends its lines with one of the two
		v = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(v)
	}
	v = strings.TrimSpace(v)
	if v == "" {
		return "", nil
	}
	wrong := func(right string) (string, error) {
		if plain := Hyphens(v); plain != v {
			if meant, err := p.canonical(plain); err == nil {
				right += " Did you mean " + quoted(meant) + ", with plain hyphens?"
			}
		}
		return "", &ArgError{p.Name, fmt.Sprintf("%s cannot be %s: %s", strings.Replace(p.typed(), "the ", "The ", 1), quoted(v), right)}
	}
	unprintable := func(r rune) bool { return unicode.IsControl(r) && !(p.Kind == Script && (r == '\n' || r == '\t')) }
	if !utf8.ValidString(v) || strings.ContainsFunc(v, unprintable) {
		return wrong("it holds characters that cannot be printed.")
	}
	most := maxValue
	switch p.Kind {
	case Script:
		most = maxScript
	}
	if p.Kind.Several() {
		most = maxList
	}
	if utf8.RuneCountInString(v) > most {
		return wrong(fmt.Sprintf("it may have %d characters at the most.", most))
	}
	if p.Kind.Several() {
		return p.list(v)
	}
	v, right := p.spelled(v)
	switch {
	case right != "":
		return wrong(right)
	case v == "":
		return "", nil
	}
	if len(p.Choices) > 0 {
		i := slices.IndexFunc(p.Choices, func(c string) bool {
			return strings.EqualFold(c, strings.ReplaceAll(v, "-", "_")) || sameNumber(c, v) || sameDay(c, v)
		})
		if i < 0 {
			return wrong("it is one of " + strings.Join(p.Choices, ", ") + ".")
		}
		v = p.Choices[i]
	}
	if p.Check != nil {
		if why := p.Check(v); why != "" {
			return wrong(why)
		}
	}
	return v, nil
}

// spelled spells a value as its kind is spelled: slugs in small letters, numbers
// without zeros in front, a switch "true" or not at all. Where it is none of that kind,
// right says what would be.
func (p Param) spelled(v string) (_, right string) {
	switch p.Kind {
	case Size, Place:
		v = strings.ToLower(v)
		if !slug(v) {
			return v, fmt.Sprintf("it is a %s's slug, such as %s.", p.Kind, p.Example)
		}
	case Base:
		if !slug(v) {
			return v, "it is an image's slug or ID, such as " + p.Example + "."
		}
		v = strings.ToLower(v)
		if digits(v) {
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 {
				return v, "it is an image's slug or ID, such as " + p.Example + "."
			}
			v = strconv.Itoa(n)
		}
	case Backup, Kernel:
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || !digits(v) {
			return v, fmt.Sprintf("it is the ID of a %s, a number such as %s.", p.Kind, p.Example)
		}
		v = strconv.Itoa(n)
	case Switch:
		switch strings.ToLower(v) {
		case "true", "yes", "on", "1":
			v = "true"
		case "false", "no", "off", "0":
			return "", ""
		default:
			return v, "it stands alone, without a value."
		}
	}
	return v, ""
}

// sameNumber lets 04 be 4.
func sameNumber(a, b string) bool {
	return digits(a) && digits(b) && strings.TrimLeft(a, "0") == strings.TrimLeft(b, "0")
}

// sameDay lets Monday be MON.
func sameDay(short, v string) bool {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.EqualFold(day.String(), v) {
			return strings.EqualFold(day.String()[:len("SUN")], short)
		}
	}
	return false
}

func digits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// slug says whether a text has the characters of DigitalOcean's slugs and IDs.
// It comes into a URL's path, so it must not be able to leave it.
func slug(s string) bool {
	for i, r := range s {
		alnum := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !alnum && (i == 0 || !strings.ContainsRune("-_.", r)) {
			return false
		}
	}
	return s != ""
}

// checkHostname is DigitalOcean's rule for the name of a Droplet, from its
// OpenAPI document: ^[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]$, 255 characters at
// the most.
func checkHostname(s string) string {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-') {
			return "a Droplet's name has letters, digits, . and - only, such as web-2.example.com."
		}
	}
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "-") {
		return "a Droplet's name ends with a letter or a digit."
	}
	return ""
}

// quoted shows what someone typed, cut to what is needed to recognise it.
func quoted(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return strconv.Quote(s)
}
