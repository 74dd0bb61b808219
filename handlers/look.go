package handlers

import (
	"context"
	"fmt"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// look is a verb that only looks: what it is called, what it takes, and how it
// finds its answer. Parsing, help and suggestions derive from it.
type look struct {
	verb    string
	args    string // how the words behind it are typed: "<target>"
	summary string
	example string // of those words; {name}, {tag} and {region} are filled in
	first   string // what the first word is: "the Droplet"; empty if there is none
	of      need   // whether it looks at one Droplet
	needed  bool   // the first word must be there
	many    bool   // several words are one filter
	params  []api.Param
	read    func(h *Handler, ctx context.Context, q query) (card.Answer, error)
}

// need says whether a verb looks at one Droplet.
type need int

const (
	never need = iota
	may
	must
)

// query is one look, understood.
type query struct {
	words
	droplet *api.Droplet // nil where it is not of one
	name    string       // by which the Droplet is named in a command to go on with
	call    string       // what stands in front of a verb: "/droplet"
	turned  bool         // it goes on in an answer that was given a moment ago
	quiet   bool         // it is for a channel: nobody is notified
	who     approvals.Who
}

func looks() []*look {
	return []*look{
		{verb: "list", args: "[pattern]", example: "*{name}*", first: "the pattern", params: []api.Param{
			{Name: "tag", Kind: api.Text, Flag: true, Doc: "those that bear this tag", Example: "web", Check: notATag},
			{Name: "region", Kind: api.Text, Flag: true, Doc: "those in this region", Example: "nyc3"},
			{Name: "status", Kind: api.Choice, Flag: true, Doc: "those with this status", Example: "off", Choices: []string{"active", "off", "new", "archive"}},
			{Name: "gpu", Kind: api.Switch, Flag: true, Doc: "those with a GPU"},
		}, summary: "the Droplets whose name fits: `*` is any letters, `?` one; without either, a part of the name is enough", read: (*Handler).list},
		{verb: "info", args: "<target>", example: "{name}", first: "the Droplet", of: must, summary: "everything there is to know of a Droplet", read: (*Handler).info},
		{verb: "actions", args: "[target]", example: "{name}", first: "the Droplet", of: may, summary: "what was done, newest first, and by whom: to this Droplet, or lately in the whole account", read: (*Handler).actions},
		{verb: "action", args: "<id>", example: "36804636", first: "the action's ID", needed: true, summary: "one action, by its ID", read: (*Handler).action},
		{verb: "backups", args: "<target>", example: "{name}", first: "the Droplet", of: must, summary: "its backups, with what to type to go back to one", read: (*Handler).backups},
		{verb: "backup-policy", args: "[target]", example: "{name}", first: "the Droplet", of: may, summary: "when backups are taken: of this one, or of the whole account", read: (*Handler).backupPolicy},
		{verb: "snapshots", args: "<target>", example: "{name}", first: "the Droplet", of: must, summary: "its snapshots, with what to type to make it anew from one", read: (*Handler).snapshots},
		{verb: "kernels", args: "<target>", example: "{name}", first: "the Droplet", of: must, summary: "the kernels that it can be given", read: (*Handler).kernels},
		{verb: "neighbors", args: "[target]", example: "{name}", first: "the Droplet", of: may, summary: "which Droplets share hardware: with this one, or in the whole account", read: (*Handler).neighbors},
		{verb: "sizes", args: "[filter]", example: "c- --region {region}", first: "the filter", many: true, params: []api.Param{
			{Name: "region", Kind: api.Text, Flag: true, Doc: "those to be had in this region", Example: "nyc3"},
			{Name: "gpu", Kind: api.Switch, Flag: true, Doc: "those with a GPU"},
		}, summary: "the sizes, by slug or description, with their price", read: (*Handler).sizes},
		{verb: "images", args: "[filter]", example: "ubuntu --region {region}", first: "the filter", many: true, params: []api.Param{
			{Name: "region", Kind: api.Text, Flag: true, Doc: "those in this region", Example: "nyc3"},
		}, summary: "the images, public and your own, by slug, ID, name, distribution or kind", read: (*Handler).images},
		{verb: "why", args: "<request>", example: "r-0h7k2mzq9x4c", first: "the request's ID", needed: true, summary: "which rule has a say in a request, who may approve it, and who is missing", read: (*Handler).why},
		{verb: "reviews", args: "", summary: "what someone went ahead with alone and nobody has looked at yet: who, why, since when, and who may close the review", read: (*Handler).reviews},
		{verb: "regions", args: "[filter]", example: "new york", first: "the filter", many: true, summary: "the regions, by slug or name", read: (*Handler).regions},
	}
}

// Verbs are all that can be typed.
func Verbs() []string { return verbs(api.Catalogue()) }

func verbs(catalogue []*api.Action) []string {
	out := []string{"help"}
	for _, a := range catalogue {
		out = append(out, a.Verb())
	}
	for _, l := range looks() {
		out = append(out, l.verb)
	}
	return out
}

// looking finds a verb that only looks; nil if it is none.
func looking(verb string) *look {
	for _, l := range looks() {
		if l.verb == verb {
			return l
		}
	}
	return nil
}

func notATag(tag string) string {
	if api.ValidTag(tag) {
		return ""
	}
	return "a tag has letters, digits, :, _ and - only."
}

// usage is how it is typed.
func (l *look) usage() string {
	return strings.TrimSpace((&api.Action{Type: l.verb, Params: l.params}).UsageOf(l.args))
}

func (l *look) grammar() grammar {
	return grammar{verb: l.verb, usage: l.usage(), example: strings.TrimSpace(l.verb + " " + fill(l.example, nil)), first: l.first,
		needed: l.needed, many: l.many, params: l.params}
}

// flags checks the flags, and spells them canonically.
func (h *Handler) flags(l *look, args api.Args) (api.Args, error) {
	done, err := (&api.Action{Type: l.verb, Params: l.params}).Complete(args, api.Droplet{}, h.Now())
	if err != nil {
		return nil, badArgument(err)
	}
	return done, nil
}

// answers is what the block ID of an answer's buttons begins with; the key of
// the envelope that brought the words follows.
const answers = "answer:"

// look answers a verb that only looks, for the asker alone; where it is to be
// shared it is shown to the channel first.
func (h *Handler) look(ctx context.Context, a asked, p parser, w words) (Reply, error) {
	var err error
	if w.args, err = h.flags(w.look, w.args); err != nil {
		return Reply{}, err
	}
	q := query{words: w, call: a.call, turned: a.page > 0, quiet: a.share, who: a.who}
	if w.look.of == must || w.look.of == may && (w.target != "" || a.chosen != 0) {
		d, menu, err := h.subject(ctx, a, p, w)
		if err != nil || menu != nil {
			return Reply{To: a.to, Message: orEmpty(menu)}, err
		}
		q.droplet, q.name = &d, d.Name
		if a.chosen != 0 || w.target == fmt.Sprint(d.ID) || !names.MatchString(d.Name) {
			q.name = fmt.Sprint(d.ID)
		}
	}
	found, err := w.look.read(h, ctx, q)
	if err != nil {
		return Reply{}, lookedUp(err)
	}
	showing := card.Showing{BlockID: answers + a.words, Place: card.Place{Page: max(a.page, 1), Droplet: a.chosen}}
	if a.share {
		public := showing
		public.By, public.Words = a.who.UserID, a.origin.Words
		if err := h.Channel.Show(ctx, a.origin, card.Draw(found, public)); err != nil {
			return Reply{}, err
		}
		showing.Shown = true
	}
	return Reply{To: a.to, Message: card.Draw(found, showing)}, nil
}

func orEmpty(m *card.Message) card.Message {
	if m == nil {
		return card.Message{}
	}
	return *m
}

// subject answers the one Droplet that is to be looked at, or a menu to choose
// it from.
func (h *Handler) subject(ctx context.Context, a asked, p parser, w words) (api.Droplet, *card.Message, error) {
	if first, _, several := strings.Cut(w.target, ","); several {
		return api.Droplet{}, nil, mistake("`" + w.verb + "` looks at one Droplet at a time: " + p.example(w.verb+" "+first) + ".")
	}
	t, err := p.target(w.target)
	if err != nil {
		return api.Droplet{}, nil, err
	}
	if a.chosen != 0 {
		t = target{id: a.chosen}
	}
	switch {
	case t.tag != "":
		return api.Droplet{}, nil, mistake("`" + w.verb + "` looks at one Droplet. Those that bear the tag: " + p.example("list tag:"+t.tag) + ".")
	case t == (target{}):
		return api.Droplet{}, a.search(w), nil
	}
	ds, err := h.find(ctx, t)
	if err != nil {
		return api.Droplet{}, nil, err
	}
	if len(ds) > 1 {
		return api.Droplet{}, a.menu(w, t, ds), nil
	}
	return ds[0], nil, nil
}
