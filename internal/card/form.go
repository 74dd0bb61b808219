package card

import (
	"fmt"
	"slices"
	"strings"

	"dropletops/api"

	"github.com/slack-go/slack"
)

// FormModal is the callback_id of the modal in which an action is put together.
const FormModal = "operate"

// The fields of a [Form]: each is the action_id of an input. That of a parameter
// is its name behind Arg.
const (
	VerbField    = "verb"
	TargetField  = "target"
	NamesField   = "names" // in the place of the target, for a verb that makes Droplets
	ConfirmField = "confirm"
	ReasonField  = ReasonInput
	Arg          = "arg."
)

// Picked is what stands in a field: its value, and how a menu showed it.
type Picked struct {
	Value, Label string
	// Each are the values one by one, of a menu that takes several.
	Each []Picked
}

// Together is several values as the one that would be typed, each once.
func Together(each []Picked) Picked {
	var values, labels []string
	var once []Picked
	for _, p := range each {
		if !slices.Contains(values, p.Value) {
			values, labels, once = append(values, p.Value), append(labels, p.Label), append(once, p)
		}
	}
	return Picked{strings.Join(values, ","), strings.Join(labels, ", "), once}
}

// Apart are the values that were typed as one, with commas between them.
func (p Picked) Apart() []Picked {
	if len(p.Each) > 0 || p.Value == "" {
		return p.Each
	}
	var each []Picked
	for v := range strings.SplitSeq(p.Value, ",") {
		if v = strings.TrimSpace(v); v != "" {
			each = append(each, Picked{Value: v, Label: v})
		}
	}
	return each
}

// Form is an action as it is put together in a modal.
type Form struct {
	// ID tells the modal from all others; Meta is given back with what was filled in.
	ID, Meta  string
	Catalogue []*api.Action
	Action    *api.Action  // nil as long as none is chosen
	Target    Picked       // a Droplet's ID, or tag: and a tag; names of new Droplets
	Of        string       // what its lists are of: the target, or the region of what is made
	Droplet   *api.Droplet // the target, if it is one that is known
	Args      map[string]Picked
	Reason    string
	// Lacks are the parameters whose lists the token may not read.
	Lacks []string
	// Confirm is what has to be typed since much would be lost: the name of what was
	// chosen from a list. Empty where nothing has to be.
	Confirm, Confirmed string
	// Note is mrkdwn above the fields.
	Note            string
	Channel, Thread string // where the card will stand
}

// maxOptionValue is the longest value of an option, in characters; Slack's limit.
const maxOptionValue = 150

// maxLong is how long a value of several words or lines can be: together with all
// others it has to be one command.
const maxLong = 1500

// Holds says whether a form can hold what was typed for an action, whole: what it cut
// off would be carried out without.
func Holds(a *api.Action, target string, args map[string]string) bool {
	for _, p := range a.Params {
		if p.Kind.Listed() && p.Kind.Several() {
			if slices.ContainsFunc(Picked{Value: args[p.Name]}.Apart(), func(one Picked) bool { return length(one.Value) > maxOptionValue }) {
				return false
			}
			continue
		}
		most := longest(p)
		if p.Kind.Listed() {
			most = maxOptionValue
		}
		if length(args[p.Name]) > most {
			return false
		}
	}
	return a.Make == nil || length(target) <= maxLong
}

// longest is how long what is typed into a parameter's field can be.
func longest(p api.Param) int {
	if p.Kind == api.List || p.Kind == api.Script {
		return maxLong
	}
	return maxName
}

const formTitle = "Operate a Droplet"

// FormLoading is the modal while what it shows is looked up.
func FormLoading(id string) slack.ModalViewRequest {
	var s sheet
	s.section("Looking up your Droplets …")
	m := s.modal(FormModal, formTitle, "", "Cancel", "")
	m.Submit, m.ExternalID = nil, id
	return m
}

// View draws a form. An input that belongs to another verb or Droplet gets another
// block_id, so that Slack does not carry over what stood in it.
func (f Form) View() slack.ModalViewRequest {
	var s sheet
	s.section(f.Note)
	s.field(VerbField, "What is to be done", "", f.verbs(), false, true)
	if f.Action != nil && f.Action.Make != nil {
		s.input(NamesField, "Name", "Of up to 10 Droplets of one kind, with commas between them.", maxLong, false)
		s.text().InitialValue = cut(f.Target.Value, maxLong)
	} else {
		s.field(TargetField, "Droplet", "", external(TargetField, "Type part of a name, or an ID", f.Target), false, true)
	}
	if f.Droplet != nil {
		s.context(apart(*f.Droplet))
	}
	submit := "Go ahead"
	if f.Action != nil {
		if length(f.Action.Title) <= maxTitle {
			submit = f.Action.Title
		}
		for _, p := range f.Action.Params {
			s.param(f, p)
		}
		s.section(f.loss())
		if f.Confirm != "" {
			s.input(ConfirmField+"@"+f.Target.Value, "Type "+label(f.Confirm)+" to go on", "It was chosen from a list: a slip of the hand must not cost a Droplet.", maxName, false)
			s.text().ActionID, s.text().InitialValue = ConfirmField, f.Confirmed
		}
	}
	s.input(ReasonField, "Reason", "It stands on the card and in the audit log.", maxReason/2, true)
	s.last().Optional = true
	s.text().InitialValue = f.Reason
	s.context(f.where())
	m := s.modal(FormModal, formTitle, submit, "Cancel", f.Meta)
	m.ExternalID = f.ID
	return m
}

// BlockOf is the block_id of a parameter's input, where its list is of something.
func BlockOf(a *api.Action, p api.Param, of string) string {
	id := a.Verb() + "." + p.Name
	if p.Kind.Listed() && p.Kind != api.Place && p.Kind != api.Keys {
		id += "@" + of
	}
	return id
}

func (f Form) where() string {
	switch {
	case f.Channel == "":
		return ""
	case f.Thread != "":
		return "The card will stand in this thread in <#" + Escape(f.Channel) + ">."
	case strings.HasPrefix(f.Channel, "D"):
		return "The card will stand in this direct message."
	}
	return "The card will stand in <#" + Escape(f.Channel) + ">."
}

// loss says what would be lost, which people read before they submit.
func (f Form) loss() string {
	args := api.Args{}
	for name, p := range f.Args {
		args[name] = p.Value
	}
	if f.Droplet == nil || f.Action.Danger(args) != api.Destructive {
		return ""
	}
	return "⚠️ *Would be lost:* " + escaped(f.Action.Loses([]api.Droplet{*f.Droplet}, args, api.Pins{}), maxProse)
}

func (f Form) verbs() slack.BlockElement {
	var options []*slack.OptionBlockObject
	var chosen *slack.OptionBlockObject
	for _, a := range f.Catalogue {
		o := slack.NewOptionBlockObject(a.Verb(), plain(cut(a.Title, maxOption)), plain(cut(capital(a.Summary), maxOption)))
		if f.Action != nil && f.Action.Type == a.Type {
			chosen = o
		}
		options = append(options, o)
	}
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Choose an action"), VerbField, options[:min(maxOptions, len(options))]...)
	menu.InitialOption = chosen
	return menu
}

// param adds the field of a parameter, by its kind.
func (s *sheet) param(f Form, p api.Param) {
	id, has := Arg+p.Name, f.Args[p.Name]
	var e slack.BlockElement
	switch {
	case p.Kind.Listed() && p.Kind.Several():
		e = externals(id, "Type to search", has)
	case p.Kind.Listed():
		e = external(id, "Type to search", has)
	case len(p.Choices) > 0:
		e = static(id, p, has)
	case p.Kind == api.Switch:
		o := slack.NewOptionBlockObject("true", plain(cut(capital(p.Doc), maxOption)), nil)
		box := slack.NewCheckboxGroupsBlockElement(id, o)
		if has.Value == "true" {
			box.InitialOptions = []*slack.OptionBlockObject{o}
		}
		e = box
	default:
		most := longest(p)
		text := slack.NewPlainTextInputBlockElement(nil, id)
		text.Multiline = p.Kind == api.Script
		if p.Example != "" {
			text.Placeholder = plain(cut(p.Example, maxPlaceholder))
		}
		text.MaxLength, text.InitialValue = most, cut(has.Value, most)
		e = text
	}
	hint := capital(p.Doc)
	if p.Kind == api.Switch || p.Kind.Listed() { // it says it itself
		hint = ""
	}
	if slices.Contains(f.Lacks, p.Name) {
		hint = "Nothing can be offered: the bot's token may not list what there is. Whoever runs the bot can mend that."
	}
	// A switch may change how dangerous it is, a region what there is to be had, and
	// several choices what is lost.
	follows := p.Kind == api.Switch || p.Kind == api.Place || p.Kind.Several() && len(p.Choices) > 0
	s.field(BlockOf(f.Action, p, f.Of), capital(spelt.Replace(p.Name)), hint, e, !p.Required, follows)
}

// spelt makes words of a parameter's name.
var spelt = strings.NewReplacer("_", " ", "-", " ", "ssh", "SSH", "vpc", "VPC", "ipv6", "IPv6")

// field adds an input; follows says that other fields depend on it.
func (s *sheet) field(block, words, hint string, e slack.BlockElement, optional, follows bool) {
	in := slack.NewInputBlock(block, plain(words), nil, e)
	if hint != "" {
		in.Hint = plain(hint)
	}
	in.Optional, in.DispatchAction = optional, follows
	s.blocks = append(s.blocks, in)
}

func (s *sheet) text() *slack.PlainTextInputBlockElement {
	return s.last().Element.(*slack.PlainTextInputBlockElement)
}

func (s *sheet) last() *slack.InputBlock { return s.blocks[len(s.blocks)-1].(*slack.InputBlock) }

// static is a menu of a parameter's choices.
func static(id string, p api.Param, has Picked) slack.BlockElement {
	var options, chosen []*slack.OptionBlockObject
	for _, c := range p.Choices {
		o := slack.NewOptionBlockObject(c, plain(cut(label(c), maxOption)), nil)
		options = append(options, o)
		if slices.ContainsFunc(has.Apart(), func(one Picked) bool { return strings.EqualFold(c, one.Value) }) {
			chosen = append(chosen, o)
		}
	}
	if p.Kind.Several() {
		menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeStatic, plain("Choose"), id, options...)
		menu.InitialOptions = chosen
		return menu
	}
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("Choose"), id, options...)
	if len(chosen) > 0 {
		menu.InitialOption = chosen[0]
	}
	return menu
}

// external is a menu that searches while one types.
func external(id, placeholder string, has Picked) *slack.SelectBlockElement {
	menu := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain(placeholder), id)
	none := 0 // the first ones are offered before anything is typed
	menu.MinQueryLength = &none
	if has.Value != "" && length(has.Value) <= maxOptionValue {
		menu.InitialOption = option(has.Value, has.Label, "")
	}
	return menu
}

// externals is a menu that searches while one types, and of which several can be chosen.
func externals(id, placeholder string, has Picked) *slack.MultiSelectBlockElement {
	menu := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeExternal, plain(placeholder), id)
	none := 0
	menu.MinQueryLength = &none
	for _, one := range has.Apart() {
		menu.InitialOptions = append(menu.InitialOptions, option(one.Value, one.Label, ""))
	}
	return menu
}

// apart is what tells a Droplet from others besides what its menu shows.
func apart(d api.Droplet) string {
	var parts []string
	for _, p := range []string{d.Size, d.PublicIP} {
		if p != "" {
			parts = append(parts, escaped(p, 45))
		}
	}
	if d.DiskGB > 0 {
		parts = append(parts, fmt.Sprintf("%d GB disk", d.DiskGB))
	}
	if len(d.Tags) > 0 {
		parts = append(parts, some(d.Tags, 5, 40))
	}
	return strings.Join(parts, dot)
}

// Listed are what an argument can be, as a menu's options.
func Listed(all []api.Option) []*slack.OptionBlockObject {
	out := []*slack.OptionBlockObject{} // never null on the wire
	for _, o := range all[:min(maxOptions, len(all))] {
		out = append(out, option(o.Value, o.Name, o.Note))
	}
	return out
}

func option(value, words, note string) *slack.OptionBlockObject {
	if words = cut(label(words), maxOption); words == "" {
		words = cut(label(value), maxOption)
	}
	o := slack.NewOptionBlockObject(value, plain(words), nil)
	if note = cut(label(note), maxOption); note != "" {
		o.Description = plain(note)
	}
	return o
}

// AtField makes plain text of a sentence of mrkdwn, since Slack formats nothing in
// the error at a field.
func AtField(mrkdwn string) string { return cut(unmarked.Replace(mrkdwn), maxErrorText) }

// maxErrorText is ours: Slack's limit is documented nowhere, and more is not read
// under a field.
const maxErrorText = 300

var unmarked = strings.NewReplacer("`", "", "&lt;", "‹", "&gt;", "›", "&amp;", "&")

// TagOption is a tag as a target.
func TagOption(tag string, n int) *slack.OptionBlockObject {
	what := "Droplets bear"
	if n == 1 {
		what = "Droplet bears"
	}
	return option("tag:"+tag, "tag:"+tag, fmt.Sprintf("%d %s this tag", n, what))
}
