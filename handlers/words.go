package handlers

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dropletops/api"
)

// What people type is bounded, in characters: Slack takes 12,000 in one message,
// while a card's section holds 3,000 for all that stands in it.
const (
	longestText   = 2000
	longestReason = 500
)

// words are what someone typed, understood as far as that goes without asking
// DigitalOcean.
type words struct {
	verb   string      // as we spell it; "help" where nothing was typed
	action *api.Action // to be done, or to be explained; nil for the help on all
	look   *look       // the same of a verb that only looks
	target string      // empty if none was given
	args   api.Args
	reason string
	// patience is after how long people are told that it takes too long; 0 if not given.
	patience time.Duration
	// unread says that a list which the arguments are judged by could not be read.
	unread string
}

// parser understands words by a catalogue of actions.
type parser struct {
	catalogue []*api.Action
	call      string // what stands in front of a verb in examples: "/droplet"
}

// parse understands a text. Its errors are refusals: sentences for whoever
// typed it, safe to be shown. With an [incomplete] it answers what there is.
func (p parser) parse(text string) (words, error) {
	if err := fit(text); err != nil {
		return words{}, err
	}
	if n := utf8.RuneCountInString(text); n > longestText {
		return words{}, mistake(fmt.Sprintf("This has %d characters; %d are the most that a command may have.", n, longestText))
	}
	ws, err := split(text)
	if err != nil {
		return words{}, err
	}
	if len(ws) == 0 {
		return words{verb: "help"}, nil
	}
	if asksForHelp(ws[0]) || asksWhat(ws[0]) {
		return words{verb: "help"}, nil
	}
	if ws[0].flag != "" {
		return words{}, mistake("A command begins with its verb, not with a flag: " + p.example("reboot web-1") + ".")
	}
	verb := hyphenated(ws[0].text)
	if verb == "help" {
		return p.parseHelp(ws[1:])
	}
	a, l := p.action(verb), looking(verb)
	switch {
	case l != nil && slices.ContainsFunc(ws, asksForHelp):
		return words{verb: "help", look: l}, nil
	case l != nil:
		return p.parseVerb(words{verb: verb, look: l, args: api.Args{}}, l.grammar(), ws[1:])
	case a == nil && len(ws) > 1 && ws[1].flag == "" && p.knows(hyphenated(ws[1].text)):
		return words{}, mistake("The verb comes first: " + code(p.call+" "+hyphenated(ws[1].text)+" "+ws[0].text) + ".")
	case a == nil:
		return words{}, p.unknownVerb(ws)
	case slices.ContainsFunc(ws, asksForHelp):
		return words{verb: "help", action: a}, nil
	}
	return p.parseVerb(words{verb: a.Verb(), action: a, args: api.Args{}}, grammarOf(a), ws[1:])
}

// grammar is how the words behind a verb are understood: the first word without
// a flag, then the parameters by position or as --name value.
type grammar struct {
	verb    string
	usage   string // "rebuild <target> <image>"
	example string
	first   string // what the first word is, "the Droplet"; empty if there is none
	needed  bool   // it must be there; otherwise it is asked for by a menu, or may be left out
	many    bool   // all words without a flag are the first one
	params  []api.Param
	reasons bool // it takes a --reason
}

func grammarOf(a *api.Action) grammar {
	g := grammar{verb: a.Verb(), usage: a.Usage() + ` [--reason "…"]`, example: exampleOf(a), first: "the Droplet", params: a.Params, reasons: true}
	if a.Make != nil {
		g.first, g.needed, g.many = "the name", true, true
		needed := api.Action{Type: a.Type, Params: slices.DeleteFunc(slices.Clone(a.Params), func(p api.Param) bool { return !p.Required })}
		g.usage = needed.UsageOf("<name>…") + " [options]" // the help has them all
	}
	return g
}

// action finds the action of a verb; nil if it is none's.
func (p parser) action(verb string) *api.Action {
	for _, a := range p.catalogue {
		if a.Verb() == verb {
			return a
		}
	}
	return nil
}

// knows says whether a verb is one that is understood.
func (p parser) knows(verb string) bool { return p.action(verb) != nil || looking(verb) != nil }

// asksForHelp knows the flags by which command lines are asked for help.
func asksForHelp(w word) bool { return w.flag == "help" || w.flag == "h" }

// asksWhat knows a bare question mark.
func asksWhat(w word) bool { return w.flag == "" && w.text == "?" }

// parseHelp understands what is behind "help": nothing, or a verb.
func (p parser) parseHelp(ws []word) (words, error) {
	if len(ws) == 0 {
		return words{verb: "help"}, nil
	}
	if len(ws) > 1 || ws[0].flag != "" {
		return words{}, mistake("`help` takes one verb, or nothing: " + p.example("help reboot") + ".")
	}
	topic := hyphenated(ws[0].text)
	if topic == "help" {
		return words{verb: "help"}, nil
	}
	if l := looking(topic); l != nil {
		return words{verb: "help", look: l}, nil
	}
	a := p.action(topic)
	if a == nil {
		return words{}, p.unknownVerb(ws)
	}
	return words{verb: "help", action: a}, nil
}

// parseVerb understands the words behind a verb.
func (p parser) parseVerb(w words, g grammar, ws []word) (words, error) {
	var plain []word
	for i := 0; i < len(ws); i++ {
		if ws[i].flag == "" {
			plain = append(plain, ws[i])
			continue
		}
		param, err := p.flag(g, ws[i].flag)
		if err != nil {
			return words{}, err
		}
		var value string
		if param.Kind == api.Switch {
			value, err = onOrOff(ws[i])
		} else {
			given, more := flagValue(param, ws[i:])
			i += more
			value, err = given.text, alone(param, given, ws[i+1:])
		}
		if err != nil {
			return words{}, err
		}
		if err := p.set(&w, param, value); err != nil {
			return words{}, err
		}
	}
	err := p.place(&w, g, plain)
	return w, err
}

// flagValue reads the value of a flag, and returns how many words behind the flag it took.
// A comma ties the values of a list together, also with a space beside it; a number and its
// unit are one time.
func flagValue(param api.Param, ws []word) (value word, more int) {
	value = ws[0]
	if !value.valued {
		if len(ws) == 1 || ws[1].flag != "" {
			return word{}, 0
		}
		value, more = ws[1], 1
	}
	value.flag, value.valued = "", false
	for more+1 < len(ws) {
		next := ws[more+1]
		comma := strings.HasSuffix(value.text, ",") || strings.HasPrefix(next.text, ",")
		switch {
		case next.flag != "" || value.quoted || next.quoted:
			return value, more
		case param.Kind.Several() && comma:
		case hyphenated(strings.TrimLeft(param.Name, "-")) == timeout && digits.MatchString(value.text) && units[strings.ToLower(next.text)] != "":
			next.text = units[strings.ToLower(next.text)]
		default:
			return value, more
		}
		value.text += next.text
		more++
	}
	return value, more
}

// units of a time are written apart from its number, and in words.
var units = map[string]string{
	"s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
	"m": "m", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
	"h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
	"d": "d", "day": "d", "days": "d", // which is refused with what would be right
}

// alone answers a refusal of a value that seems to go on in the words behind it: those
// would be taken for something else.
func alone(param api.Param, value word, behind []word) error {
	name := "--" + hyphenated(strings.TrimLeft(param.Name, "-"))
	if value.text == "" || value.quoted || len(behind) == 0 || behind[0].flag != "" {
		return nil
	}
	comma := strings.HasSuffix(value.text, ",") || strings.HasPrefix(behind[0].text, ",")
	switch {
	case param.Name == reason:
		return mistake("A reason of several words belongs in quotes: `--reason \"disk is full\"`.")
	case param.Kind == api.Script:
		return mistake("What `" + name + "` holds belongs in quotes: `" + name + " \"" + param.Example + " …\"`.")
	case comma && param.Kind.Several(): // the next word is in quotes
		return mistake("A list with quotes belongs in them as a whole: `" + name + " \"" + param.Example + "\"`.")
	case comma:
		return mistake("`" + name + "` takes one value, and a comma stands behind it: " + code(value.text) + ".")
	}
	return nil
}

// reason is the flag that every changing verb takes.
const reason = "reason"

// timeout is another: when people are told that it takes longer than it should. Where
// an action has a parameter of that name, as stop has, it is that one.
const timeout = "timeout"

// patienceParam is what --timeout fills in: no action has a parameter of that name.
const patienceParam = "--timeout"

// flag finds the parameter that a flag names.
func (p parser) flag(g grammar, name string) (api.Param, error) {
	for _, param := range g.params {
		if hyphenated(param.Name) == name {
			return param, nil
		}
	}
	if g.reasons && name == reason {
		return api.Param{Name: reason, Kind: api.Text}, nil
	}
	if g.reasons && name == timeout {
		return api.Param{Name: patienceParam, Kind: api.Text, Example: "10m"}, nil
	}
	return api.Param{}, p.unknownFlag(g, name)
}

// onOrOff is the value of a switch: "true", or empty if it is turned off.
func onOrOff(w word) (string, error) {
	if !w.valued {
		return "true", nil
	}
	switch strings.ToLower(w.text) {
	case "true", "yes", "on", "1":
		return "true", nil
	case "false", "no", "off", "0":
		return "false", nil
	}
	return "", mistake("`--" + w.flag + "` is given or left out; it takes no value such as " + code(w.text) + ".")
}

// set takes in the value of a parameter.
func (p parser) set(w *words, param api.Param, value string) error {
	_, twice := w.args[param.Name]
	shown := hyphenated(param.Name)
	if param.Name == patienceParam {
		twice, shown = w.patience != 0, timeout
	}
	switch {
	case twice || param.Name == reason && w.reason != "":
		return mistake("`--" + shown + "` is given twice: once is enough.")
	case cleaned(value) == "", param.Kind.Several() && strings.Trim(value, ", \n") == "":
		return mistake("`--" + shown + "` needs " + valueOf(param) + " behind it.")
	case param.Kind != api.Script && holdsScriptFlag(value):
		return mistake("There is another flag inside the value of `--" + shown + "`: close the quote in front of that flag.")
	case param.Name == patienceParam:
		d, why := api.ParsePatience(value)
		if why != "" {
			return mistake("`--timeout` can't be " + code(value) + ": " + why + ".")
		}
		w.patience = d
	case param.Name == reason:
		if n := utf8.RuneCountInString(value); n > longestReason {
			return mistake(fmt.Sprintf("The reason has %d characters; %d are the most that it may have.", n, longestReason))
		}
		w.reason = cleaned(value)
	default:
		w.args[param.Name] = value
	}
	return nil
}

// place gives the words without a flag their places: the first one, then the
// parameters that go by position and were not given as flags.
func (p parser) place(w *words, g grammar, plain []word) error {
	if g.many {
		for i, typed := range plain {
			if i > 0 {
				w.target += " "
			}
			w.target += typed.text
		}
		plain = nil
	}
	if len(plain) > 0 && g.first != "" {
		w.target, plain = g.targets(plain)
		if strings.TrimSpace(w.target) == "" {
			return mistake("The " + strings.Replace(strings.TrimPrefix(g.first, "the "), "Droplet", "Droplet's name", 1) + " is empty. " + p.usage(g))
		}
	}
	for _, param := range g.params {
		if _, given := w.args[param.Name]; given || param.Flag || param.Kind == api.Switch || len(plain) == 0 {
			continue
		}
		if err := p.set(w, param, plain[0].text); err != nil {
			return err
		}
		plain = plain[1:]
	}
	if len(plain) > 0 {
		return p.tooMany(g, plain)
	}
	for name, value := range w.args {
		if value == "false" && isSwitch(g, name) {
			delete(w.args, name)
		}
	}
	return p.missing(w, g)
}

func isSwitch(g grammar, name string) bool {
	return slices.ContainsFunc(g.params, func(param api.Param) bool { return param.Name == name && param.Kind == api.Switch })
}
