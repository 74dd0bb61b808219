package handlers

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"dropletops/api"
)

// scripts returns the names of an action's parameters that hold a script: a script may
// hold secrets.
func scripts(a *api.Action) (names []string) {
	for _, p := range a.Params {
		if p.Kind == api.Script {
			names = append(names, p.Name)
		}
	}
	return names
}

// scriptNames are what flags for a script are called here and elsewhere, letters only.
var scriptNames = func() []string {
	names := []string{"cloudinit", "cloudconfig", "startupscript", "initscript", "bootscript", "script"}
	for _, a := range api.Catalogue() {
		for _, name := range scripts(a) {
			names = append(names, lettersOf(name))
		}
	}
	return names
}()

// namesScript reports whether a word is the name of a flag for a script.
func namesScript(word string) bool { return slices.Contains(scriptNames, lettersOf(word)) }

// startsScript reports whether a word without dashes in front begins like such a flag: they
// may have been forgotten, and the script may follow without a space.
func startsScript(word string) bool {
	return slices.ContainsFunc(scriptNames, func(name string) bool {
		return lettersOf(word) == name || len(name) > len("script") && strings.HasPrefix(lettersOf(word), name)
	})
}

func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// holdsScriptFlag reports whether a flag for a script stands inside a value: then a
// quote in front of it was not closed, and the value is not what it seems.
func holdsScriptFlag(value string) bool {
	return slices.ContainsFunc(strings.Fields(value), func(word string) bool {
		name, n := flagName([]rune(strings.TrimLeft(word, doubles+singles)))
		return n > 0 && namesScript(name)
	})
}

// allFlags are the parameters of every verb by the flag that names them. A flag counts
// also behind a verb that does not take it.
var allFlags = func() map[string]api.Param {
	all := map[string]api.Param{
		reason:  {Name: reason, Kind: api.Text},
		timeout: {Name: timeout, Kind: api.Text},
		"help":  {Name: "help", Kind: api.Switch},
		"h":     {Name: "h", Kind: api.Switch},
	}
	add := func(params []api.Param) {
		for _, p := range params {
			if had, ok := all[hyphenated(p.Name)]; !ok || had.Kind != api.Script {
				all[hyphenated(p.Name)] = p
			}
		}
	}
	for _, l := range looks() {
		add(l.params)
	}
	for _, a := range api.Catalogue() {
		add(a.Params)
	}
	return all
}()

// redactor decides word by word what of a command may be stored.
type redactor struct {
	verb  string  // exactly or nearly typed
	spell int     // how many words the verb takes
	g     grammar // of the verb
	out   []string
	// understood says that the parser accepted the command, so that what each word is
	// is certain.
	understood bool
	// skip says that words without a flag are withheld until the next known flag.
	skip bool
	// strict says that nobody can tell where a script ends: of what follows only flags
	// whose values are of a closed set are kept.
	strict bool
	plain  []word // the words without a flag that were kept, behind the verb
	// changed says that something was withheld.
	changed bool
}

// redact returns what was typed as it may be stored: the audit log is kept for ever, and
// what a script holds is not for all who read it. It reads the text with the parser's own
// tokenizer. Verb, targets and known flags are kept; a script, and whatever stands behind
// a flag that is not known, is replaced by its length, and so is all of a text that is no
// command.
func redact(text string) string {
	ws := tokenize(text)
	r := redactor{}
	if !r.begins(ws) {
		return withheld(strings.TrimSpace(labels(text)))
	}
	stray := slices.ContainsFunc(ws, func(w word) bool {
		return w.open || !w.quoted && w.text != strings.Trim(w.text, doubles+singles) || w.flag == "" && (w.quoted && w.text == "" || r.g.many && startsScript(w.text))
	})
	if w, err := (parser{catalogue: api.Catalogue()}).parse(text); !stray && w.verb != "help" {
		var l *incomplete
		r.understood = err == nil || errors.As(err, &l)
	}
	verb := 0 // words of it that were seen
	for i := 0; i < len(ws); i++ {
		switch w := ws[i]; {
		case w.flag != "":
			i += r.flag(ws[i:], stray)
		case verb < r.spell && (verb > 0 || r.isVerb(ws[i:])):
			verb++
			r.out = append(r.out, w.written())
		default:
			r.word(w)
		}
	}
	if !r.changed {
		return withTargets(text)
	}
	return strings.Join(r.out, " ")
}

// begins finds the verb, and reports whether words are a command at all. Flags alone
// are: a refusal says that the verb comes first.
func (r *redactor) begins(ws []word) bool {
	var plain []word
	for _, w := range ws {
		if w.flag == "" && !w.quoted {
			plain = append(plain, w)
		}
	}
	switch {
	case len(ws) == 0 || asksForHelp(ws[0]) || asksWhat(ws[0]):
		return true
	case len(plain) == 0:
		return ws[0].flag != ""
	}
	p := parser{catalogue: api.Catalogue()}
	for i, w := range plain[:min(2, len(plain))] { // "web-1 reboot" is refused, and is a command
		if verb := hyphenated(w.text); verb == "help" || p.knows(verb) {
			r.learn(p, verb, 1)
			return i == 0 || isIdentifier(plain[0].text)
		}
	}
	if ws[0].flag != "" { // what follows a script is not looked at for a verb that is mistyped
		return true
	}
	verb, rest := hyphenated(plain[0].text), plain[1:]
	var near []string
	n := 1
	if len(rest) > 0 { // "power cycle", "turn off"
		both := verb + "-" + hyphenated(rest[0].text)
		if p.knows(both) {
			near = []string{both}
		} else {
			near = p.means(both)
		}
		if len(near) > 0 {
			rest, n = rest[1:], 2
		}
	}
	if len(near) == 0 {
		near = p.means(verb)
	}
	if len(near) == 0 {
		near = slices.DeleteFunc(api.Nearest(verb, verbs(p.catalogue)), func(v string) bool { return v[0] != verb[0] })
	}
	if len(near) == 0 {
		return false
	}
	r.learn(p, near[0], n)
	flagged := slices.ContainsFunc(ws, func(w word) bool { return w.flag != "" })
	return flagged || !slices.ContainsFunc(rest, func(w word) bool { return !isIdentifier(w.text) })
}

// learn notes the verb that words begin with, or nearly.
func (r *redactor) learn(p parser, verb string, words int) {
	r.verb, r.spell = verb, words
	switch a, l := p.action(verb), looking(verb); {
	case a != nil:
		r.g = grammarOf(a)
	case l != nil:
		r.g = l.grammar()
	default: // help
		r.g = grammar{verb: verb, first: "the verb"}
	}
}

// isVerb reports whether words begin with the verb that begins found.
func (r *redactor) isVerb(ws []word) bool {
	if ws[0].quoted || len(r.out) == 0 {
		return !ws[0].quoted
	}
	return hyphenated(ws[0].text) == r.verb
}

// isIdentifier reports whether a word looks like the name of something rather than like
// one of a sentence.
func isIdentifier(s string) bool {
	return isTarget(s) && strings.ContainsFunc(s, func(r rune) bool { return unicode.IsDigit(r) || strings.ContainsRune("-_.:,*", r) })
}

// isTarget reports whether a word can name Droplets, or be a pattern for some.
func isTarget(s string) bool {
	for part := range strings.SplitSeq(s, ",") {
		kind, tag, has := strings.Cut(part, ":")
		switch {
		case part == "", has && strings.EqualFold(kind, "tag") && tags.MatchString(tag):
		case !names.MatchString(strings.NewReplacer("*", "x", "?", "x").Replace(part)):
			return false
		}
	}
	return true
}

// flag takes in a flag with its value, and returns how many words more than one that
// took.
func (r *redactor) flag(ws []word, stray bool) int {
	w := ws[0]
	p, known := allFlags[w.flag]
	value, more, valued := w, 0, w.valued
	if !known || p.Kind != api.Switch {
		value, more = flagValue(p, ws)
		valued = w.valued || more > 0
	}
	if !known || p.Kind == api.Script {
		r.changed = true
		r.out = append(r.out, "--"+shownFlag(w.flag, known))
		if !valued {
			r.skip = !r.understood
			return 0
		}
		r.out = append(r.out, withheld(value.text))
		if r.understood || known && value.quoted && !stray {
			return more
		}
		r.skip = true
		r.strict = r.strict || stray || len(ws) > more+1 && ws[more+1].flag == ""
		return more
	}
	r.skip = r.strict
	r.out = append(r.out, "--"+w.flag)
	if !valued {
		return 0
	}
	if value.open || holdsScriptFlag(value.text) || p.Kind == api.Switch && !isSwitchValue(value.text) || r.strict && !inClosedSet(p, value.text) {
		r.strict, r.skip = r.strict || value.open || stray, true
		r.changed = true
		r.out = append(r.out, withheld(value.text))
		return more
	}
	value.flag, value.valued = "", false
	r.out = append(r.out, value.written())
	return more
}

// word takes in a word without a flag.
func (r *redactor) word(w word) {
	keep := !r.skip && !w.open && !holdsScriptFlag(w.text) && (r.understood || !startsScript(w.text))
	if keep {
		// The words that were kept so far and this one are given their places as the
		// parser does: the first ones name Droplets, then the parameters follow.
		all := append(slices.Clone(r.plain), w)
		var rest []word
		if !r.g.many && r.g.first != "" {
			_, rest = r.g.targets(all)
		}
		switch params := r.positional(); {
		case r.g.first == "" && len(all) > 0, len(rest) > params:
			keep = false
		case len(rest) == 0:
			keep = isTarget(w.text)
		}
	}
	if !keep {
		r.changed = true
		r.skip = r.skip || !r.understood
		first, _ := utf8.DecodeRuneInString(w.text)
		r.strict = r.strict || !r.understood && !unicode.IsLetter(first) && !unicode.IsDigit(first)
		r.out = append(r.out, withheld(w.text))
		return
	}
	r.plain = append(r.plain, w)
	r.out = append(r.out, w.written())
}

// positional returns how many words the verb takes behind its targets.
func (r *redactor) positional() (n int) {
	for _, p := range r.g.params {
		if !p.Flag && p.Kind != api.Switch {
			n++
		}
	}
	return n
}

func isSwitchValue(s string) bool {
	return slices.Contains([]string{"true", "yes", "on", "1", "false", "no", "off", "0"}, strings.ToLower(s))
}

// inClosedSet reports whether a value is one of few that there can be, so that it tells
// nothing of what stands around it.
func inClosedSet(p api.Param, value string) bool {
	switch {
	case p.Kind == api.Switch:
		return isSwitchValue(value)
	case len(p.Choices) > 0:
		return p.Kind != api.List && slices.ContainsFunc(p.Choices, func(c string) bool { return strings.EqualFold(c, value) })
	case hyphenated(p.Name) == "region":
		return regionShape(value)
	case p.Kind == api.Size:
		return sizeShape(value)
	}
	return false
}

// regionShape reports whether a value looks like nyc3.
func regionShape(s string) bool {
	return len(s) == 4 && lettersOf(s[:3]) == s[:3] && s[3] >= '0' && s[3] <= '9'
}

// sizeShape reports whether a value looks like s-2vcpu-4gb: short parts, one of which
// counts CPUs and one memory.
func sizeShape(s string) bool {
	cpus, memory := false, false
	for part := range strings.SplitSeq(strings.ToLower(s), "-") {
		n := strings.TrimLeft(part, "0123456789")
		cpus, memory = cpus || n != part && n == "vcpu", memory || n != part && n == "gb"
		if len(n) > 5 {
			return false
		}
	}
	return cpus && memory && len(s) < 40 && names.MatchString(s)
}

// shownFlag is the name of a flag as it may be stored: what is not close to a name that
// there is may have a secret right behind it.
func shownFlag(name string, known bool) string {
	if known || namesScript(name) && names.MatchString(name) {
		return name
	}
	var all []string
	for flag := range allFlags {
		all = append(all, flag)
	}
	slices.Sort(all)
	if near := api.Nearest(name, all); len(near) > 0 && len(name) < len(near[0])+3 && lettersOf(name) == strings.ReplaceAll(name, "-", "") && names.MatchString(name) {
		return name
	}
	return "unknown-flag"
}

// withheld is what is stored in the place of a text: one word for the parser.
func withheld(text string) string {
	n := utf8.RuneCountInString(text)
	if n == 1 {
		return `"(1 character withheld)"`
	}
	return fmt.Sprintf(`"(%d characters withheld)"`, n)
}

// written is a word as it can be typed again.
func (w word) written() string {
	text := w.text
	if w.quoted || slices.ContainsFunc([]rune(text), func(r rune) bool { return kindOfQuote(r) != "" }) {
		text = inQuotes(text)
	}
	switch {
	case w.flag != "" && w.valued:
		return "--" + w.flag + "=" + text
	case w.flag != "":
		return "--" + w.flag
	}
	return text
}
