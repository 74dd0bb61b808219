package handlers

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// purpose is what a modal carries about what it was opened for, and what its
// lists are of. Slack keeps it and gives it back; it does not say who filled the
// modal in, which stands in the payload alone.
type purpose struct {
	ID          string `json:"id"` // of the envelope that it was opened for
	Call        string `json:"call"`
	TeamID      string `json:"team"`
	Channel     string `json:"channel"`
	Thread      string `json:"thread,omitempty"`
	Unthreaded  bool   `json:"unthreaded,omitempty"` // see approvals.Origin
	Group       bool   `json:"group,omitempty"`
	ResponseURL string `json:"response_url,omitempty"`
	// Patience is a --timeout that was typed: the modal has no field for it.
	Patience time.Duration `json:"patience,omitempty"`
	// Typed is the target that was typed, and not chosen from a list.
	Typed string `json:"typed,omitempty"`
	// Verb and Target are what the fields were drawn for: a search in one of them
	// comes without what stands in the others (slackapi/java-slack-sdk#1292).
	Verb   string `json:"verb,omitempty"`
	Target string `json:"target,omitempty"`
	Region string `json:"region,omitempty"` // of what is made
}

// form is a modal as it was filled in.
type form struct {
	purpose
	action    *api.Action // nil as long as none is chosen
	target    card.Picked // a Droplet's ID, or tag: and a tag; names of new Droplets
	args      map[string]card.Picked
	reason    string
	confirmed string
	blocks    map[string]string // the block_id by the field, of what is on it
	left      []string          // the parameters that were chosen for another region
}

// gone says what a newly chosen region has taken away; empty if nothing.
func (f *form) gone() string {
	if len(f.left) == 0 {
		return ""
	}
	return "⚠️ No longer chosen, since it was for " + code(f.Region) + ": " + codes(f.left) + "."
}

// purpose reads back what a modal was opened for.
func (in interaction) purpose() (purpose, bool) {
	var p purpose
	if in.View.CallbackID != card.FormModal {
		return p, false
	}
	err := json.Unmarshal([]byte(in.View.PrivateMetadata), &p)
	return p, err == nil && p.Channel != ""
}

// form reads what was filled in. What belongs to another verb or to another
// Droplet than those that are chosen is left out: it is on its way out.
func (in interaction) form() (form, bool) {
	p, ok := in.purpose()
	f := form{purpose: p, args: map[string]card.Picked{}, blocks: map[string]string{}}
	if !ok {
		return f, false
	}
	var names card.Picked
	for block, fields := range in.View.State.Values {
		for field, v := range fields {
			f.blocks[field] = block
			switch field {
			case card.VerbField:
				f.action, _ = api.Lookup(v.picked().Value)
			case card.TargetField:
				f.target = v.picked()
			case card.NamesField:
				names = v.picked()
			case card.ReasonField:
				f.reason = reasonTyped(v.Value)
			case card.ConfirmField:
				f.confirmed = cleaned(v.Value)
			}
		}
	}
	if block := f.blocks[card.ConfirmField]; block != "" && block != card.ConfirmField+"@"+f.target.Value {
		delete(f.blocks, card.ConfirmField)
		f.confirmed = ""
	}
	if f.action == nil {
		return f, true
	}
	if f.makes() {
		f.target = names
	}
	for _, param := range f.action.Params {
		field := card.Arg + param.Name
		block := card.BlockOf(f.action, param, f.of())
		if before := card.BlockOf(f.action, param, f.Region); f.makes() && before != block {
			if f.Region == "" { // drawn before a region was chosen, of all of them
				block = before
			} else if in.View.State.Values[before][field].picked().Value != "" {
				f.left = append(f.left, param.Name)
			}
		}
		v := in.View.State.Values[block][field].picked()
		if param.Kind == api.Script { // it is kept as it was written
			v.Value = in.View.State.Values[block][field].Value
		}
		if v.Value != "" {
			f.args[param.Name] = v
		}
		f.blocks[field] = block
		if _, there := in.View.State.Values[block]; !there {
			delete(f.blocks, field)
		}
	}
	return f, true
}

// makes says whether it is for Droplets that are not there yet.
func (f *form) makes() bool { return f.action != nil && f.action.Make != nil }

// of is what its lists are of.
func (f *form) of() string {
	if !f.makes() {
		return f.target.Value
	}
	for _, param := range f.action.Params {
		if param.Kind == api.Place {
			return f.args[param.Name].Value
		}
	}
	return ""
}

// chosen is the ID of the Droplet that is chosen; 0 if none is.
func (f *form) chosen() int {
	if f.makes() {
		return 0
	}
	return dropletIn(f.target.Value)
}

// targetField is where what it is for stands.
func (f *form) targetField() string {
	if f.makes() {
		return card.NamesField
	}
	return card.TargetField
}

// picked is what stands in a field of any kind.
func (v value) picked() card.Picked {
	switch {
	case len(v.Options) > 0:
		each := make([]card.Picked, len(v.Options))
		for i, o := range v.Options {
			each[i] = card.Picked{Value: o.Value, Label: o.Text.Text}
		}
		return card.Together(each)
	case v.Option.Value != "":
		return card.Picked{Value: v.Option.Value, Label: v.Option.Text.Text}
	}
	text := cleaned(v.Value)
	return card.Picked{Value: text, Label: text}
}

// text is what would have been typed for it. This is the one place where fields
// become words: whatever is checked, shown and decided comes of those alone.
func (f form) text() string {
	if f.action == nil {
		return ""
	}
	words := []string{f.action.Verb()}
	if f.target.Value != "" {
		words = append(words, asWord(f.target.Value))
	}
	byPlace := f.target.Value != ""
	for _, param := range f.action.Params {
		value := f.args[param.Name].Value
		switch {
		case value == "":
			byPlace = byPlace && (param.Flag || param.Kind == api.Switch) // the next one would be taken for it
		case param.Kind == api.Switch:
			words = append(words, "--"+hyphenated(param.Name))
		case param.Flag || !byPlace:
			words = append(words, "--"+hyphenated(param.Name), asWord(value))
		default:
			words = append(words, asWord(value))
		}
	}
	if f.Patience > 0 && !slices.ContainsFunc(f.action.Params, func(p api.Param) bool { return p.Name == timeout }) {
		words = append(words, "--"+timeout, f.Patience.String())
	}
	if why := cleaned(f.reason); why != "" {
		words = append(words, "--"+reason, inQuotes(why))
	}
	return strings.Join(words, " ")
}

// asWord writes a value so that it is read back as one word.
func asWord(value string) string {
	if names.MatchString(value) || tags.MatchString(value) && !strings.ContainsAny(value[:1], dashes) {
		return value
	}
	return inQuotes(value)
}

// inQuotes is what split undoes.
func inQuotes(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\\' || kindOfQuote(r) != "" {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return `"` + b.String() + `"`
}

// droplet is the ID of the Droplet that is chosen; 0 if none is.
func (p purpose) droplet() int { return dropletIn(p.Target) }

func dropletIn(target string) int {
	id, err := strconv.Atoi(target)
	if err != nil || id < 0 {
		return 0
	}
	return id
}

// asked is what was filled in, as if it had been typed where the modal was opened.
func (f form) asked(e approvals.Envelope, in interaction) asked {
	text := f.text()
	return asked{
		who: in.who(),
		origin: approvals.Origin{
			TeamID: f.TeamID, ChannelID: f.Channel, ThreadTS: f.Thread, Unthreaded: f.Unthreaded, Group: f.Group, Private: direct(f.Channel), ResponseURL: f.ResponseURL,
			Envelope: e.Key, AskedAt: e.ReceivedAt, Words: strings.TrimSpace(f.Call + " " + redact(text)),
		},
		to: in.address(), text: text, call: f.Call, words: e.Key, attempt: e.Attempt, chosen: f.chosen(), form: &f,
	}
}

// surely answers a refusal where much would be lost and the target was chosen from
// a list, unless its name was typed on top.
func (f *form) surely(p plan, args api.Args) error {
	if f == nil || !f.confirms(p.action, args) {
		return nil
	}
	want := f.target.Value
	if len(p.droplets) == 1 && dropletIn(want) != 0 {
		want = p.droplets[0].Name
	}
	switch got := f.confirmed; {
	case got == want:
		return nil
	case got == "":
		return at(card.ConfirmField, mistake("Much would be lost: type "+code(want)+" to go on."))
	default:
		return at(card.ConfirmField, mistake(fmt.Sprintf("That is not what it is called: %s.", code(want))))
	}
}

// confirms says whether the name has to be typed.
func (f *form) confirms(a *api.Action, args api.Args) bool {
	return a != nil && f.target.Value != "" && a.Danger(args) == api.Destructive && (a.Destroys || f.target.Value != f.Typed)
}

// values are the arguments as they stand in the fields.
func (f *form) values() api.Args {
	args := api.Args{}
	for name, p := range f.args {
		args[name] = p.Value
	}
	return args
}

// misfit is what is wrong with what stands in one field.
type misfit struct {
	field string
	error // a refusal
}

func (m *misfit) Unwrap() error { return m.error }

// at says of a refusal at which field it belongs; other errors pass through.
func at(field string, err error) error {
	if !refused(err) || fieldOf(err) != "" {
		return err
	}
	return &misfit{field, err}
}

// arg is the field of the first parameter of some kinds.
func (p plan) arg(kinds ...api.Kind) string {
	for _, param := range p.action.Params {
		if slices.Contains(kinds, param.Kind) {
			return card.Arg + param.Name
		}
	}
	return card.TargetField
}
