package handlers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// mostMade is how many Droplets one command makes: DigitalOcean's own limit for one
// of its requests.
const mostMade = 10

// create makes a request to make Droplets of the names that were typed.
func (h *Handler) create(ctx context.Context, a asked, w words) (Reply, error) {
	d, err := h.planCreate(ctx, a, w)
	if err != nil {
		return Reply{}, err
	}
	d.Reason, d.Patience, d.Who, d.Origin = h.withNames(ctx, w.reason), w.patience, a.who, a.origin
	_, err = h.Requests.Submit(ctx, d)
	return Reply{}, err // the card is the answer
}

// planCreate drafts what was typed, or says what is wrong with it.
func (h *Handler) planCreate(ctx context.Context, a asked, w words) (approvals.Draft, error) {
	if err := h.fits(w); err != nil {
		return approvals.Draft{}, err
	}
	names, err := namesOf(w.target)
	if err != nil {
		return approvals.Draft{}, at(card.NamesField, err)
	}
	return h.draftCreate(ctx, plan{action: w.action, args: w.args, call: a.call, unread: w.unread}, names)
}

// namesOf are the names of new Droplets, each once.
func namesOf(typed string) ([]string, error) {
	var names []string
	for _, n := range strings.FieldsFunc(typed, func(r rune) bool { return r == ' ' || r == ',' }) {
		if why := api.WrongName(n); why != "" {
			said := "No Droplet can be called " + code(n) + ": " + plain(why)
			if meant := api.Hyphens(n); meant != n && api.WrongName(meant) == "" {
				said += " Did you mean " + code(meant) + ", with plain hyphens?"
			}
			return nil, mistake(said)
		}
		if slices.ContainsFunc(names, func(had string) bool { return strings.EqualFold(had, n) }) {
			return nil, mistake("The name " + code(n) + " is given twice: each makes one Droplet.")
		}
		names = append(names, n)
	}
	switch {
	case len(names) == 0:
		return nil, mistake("`create` needs the name of the new Droplet.")
	case len(names) > mostMade:
		return nil, mistake(fmt.Sprintf("These are %d names; %d are the most that one command creates.", len(names), mostMade))
	}
	return names, nil
}

// draftCreate checks what is to be made against what can be had, and against what is
// there already.
func (h *Handler) draftCreate(ctx context.Context, p plan, names []string) (approvals.Draft, error) {
	args, err := p.action.Complete(p.args, api.Droplet{}, h.Now())
	if err != nil {
		return approvals.Draft{}, badArgument(err)
	}
	if len(names) > 1 && args["volumes"] != "" {
		return approvals.Draft{}, mistake("A volume is attached to one Droplet: leave `--volumes` out, or create the Droplets one by one.")
	}
	for _, name := range scripts(p.action) {
		if !card.ShowsScript(args[name]) {
			return approvals.Draft{}, at(card.Arg+name, mistake("The "+code("--"+name)+" holds so many `&`, `<` and `>` that no card could show all of it to whoever approves: make it shorter."))
		}
	}
	called, err := h.byID(ctx, p.action, args)
	if err != nil {
		return approvals.Draft{}, err
	}
	if err := h.spellTags(ctx, args); err != nil {
		return approvals.Draft{}, at(card.Arg+"tags", err)
	}
	img, err := h.pin(ctx, p, args)
	if err != nil {
		return approvals.Draft{}, at(p.arg(api.Base), err)
	}
	d := approvals.Draft{
		Action: approvals.Action{Type: p.action.Type, Args: args, Danger: approvals.Danger(p.action.Danger(args)), Withheld: scripts(p.action), Called: called},
		Plan:   h.size(ctx, p, args), Usual: p.action.Usual,
	}
	if img != nil {
		pinned := approvals.Image(*img)
		d.Image = &pinned
	}
	left, heed, err := h.present(ctx, names, args["unless-present"] == "true")
	if err != nil {
		return approvals.Draft{}, err
	}
	for _, name := range left.free {
		d.Targets = append(d.Targets, toBe(name, args, d.Plan))
	}
	if len(d.Targets) == 0 {
		return approvals.Draft{}, mistake("Nothing is to be created." + bullets(left.taken))
	}
	d.LeftOut, d.Heed = left.taken, strings.TrimSpace(heed+" "+p.unread)
	// They are all of one kind: what is in the way of one is in the way of all.
	why, err := h.Actions.PreCheck(ctx, p.action, api.Droplet(d.Targets[0]), args, img)
	switch {
	case err != nil:
		return approvals.Draft{}, lookedUp(err)
	case why != "":
		return approvals.Draft{}, at(p.arg(api.Place), mistake(plain(why)))
	}
	return d, nil
}

// spellTags spells tags as the account does: DigitalOcean has a tag once, whatever its
// capitals, and the policy is to judge by the one that the Droplet will bear. Where the
// token may not list them, they are taken as they were typed.
func (h *Handler) spellTags(ctx context.Context, args api.Args) error {
	if args["tags"] == "" {
		return nil
	}
	all, err := h.Life.Tags(ctx)
	if api.KindOf(err) == api.Forbidden {
		h.Log.Warn("the tags can't be listed, so they are taken as they were typed", "error", err)
		return nil
	}
	if err != nil {
		return lookedUp(err)
	}
	var spelled []string
	for tag := range strings.SplitSeq(args["tags"], ",") {
		same := func(had string) bool { return strings.EqualFold(had, tag) }
		if i := slices.IndexFunc(all, same); i >= 0 {
			tag = all[i]
		}
		if !slices.ContainsFunc(spelled, same) {
			spelled = append(spelled, tag)
		}
	}
	args["tags"] = strings.Join(spelled, ",")
	return nil
}

// toBe is a Droplet that is not there yet.
func toBe(name string, args api.Args, size *approvals.Plan) approvals.Droplet {
	d := approvals.Droplet{Name: name, Region: args["region"], Size: args["size"]}
	if tags := args["tags"]; tags != "" {
		d.Tags = strings.Split(tags, ",")
	}
	if size != nil {
		d.VCPUs, d.MemoryMB, d.DiskGB, d.Monthly, d.GPU = size.VCPUs, size.MemoryMB, size.DiskGB, size.Monthly, size.GPU
	}
	return d
}

// claimed are names by whether a Droplet bears them.
type claimed struct {
	free  []string
	taken []string // a sentence on each
}

// present tells names that are borne from those that are not; where that is no
// reason to leave them out, heed is a sentence on it.
func (h *Handler) present(ctx context.Context, names []string, leaveOut bool) (out claimed, heed string, err error) {
	var borne []string
	for _, name := range names {
		ds, err := h.Lookup.Existing(ctx, name)
		if err != nil {
			return claimed{}, "", lookedUp(err)
		}
		if len(ds) > 0 {
			ids := make([]string, len(ds))
			for i, d := range ds {
				ids[i] = fmt.Sprint(d.ID)
				if d.Region != "" { // not visible yet, if there is none
					ids[i] += " in " + d.Region
				}
			}
			borne = append(borne, fmt.Sprintf("%s is there already (Droplet %s)", name, strings.Join(ids, ", ")))
		}
		if len(ds) > 0 && leaveOut {
			out.taken = append(out.taken, borne[len(borne)-1]+".")
			continue
		}
		out.free = append(out.free, name)
	}
	if len(borne) > 0 && !leaveOut {
		heed = strings.Join(borne, "; ") + ". DigitalOcean makes another of the name, and a command by it will ask which one is meant."
	}
	return out, heed, nil
}

// makeAgain drafts what of a create failed.
func (h *Handler) makeAgain(ctx context.Context, p plan, old *approvals.Request) (approvals.Draft, error) {
	var names []string
	for _, t := range old.Targets {
		switch {
		case t.State != approvals.TargetUnknown && t.State != approvals.TargetErrored:
			continue
		case t.Made != 0:
			if err := h.ensureGone(ctx, t); err != nil {
				return approvals.Draft{}, err
			}
		case t.State == approvals.TargetUnknown:
			if err := h.lookForIt(ctx, old, t); err != nil {
				return approvals.Draft{}, err
			}
		}
		names = append(names, t.Droplet.Name)
	}
	if len(names) == 0 {
		return approvals.Draft{}, mistake("There is nothing to retry: no Droplet of this request failed.")
	}
	return h.draftCreate(ctx, p, names)
}

// ensureGone refuses to create again what the first attempt has created and is still
// there, or may be.
func (h *Handler) ensureGone(ctx context.Context, t approvals.Target) error {
	d, err := h.Lookup.Created(ctx, t.Made, t.DispatchedAt)
	switch {
	case api.KindOf(err) == api.NotFound:
		return nil
	case err != nil:
		return lookedUp(err)
	}
	return mistake(fmt.Sprintf("Nothing was sent again: the first attempt created %s (ID `%d`), which is %s. "+
		"Destroy it first, or type the command again if another is wanted.", code(d.Name), d.ID, d.Status))
}

// lookForIt looks for a Droplet that may be the one whose answer was lost: creating
// another would make two.
func (h *Handler) lookForIt(ctx context.Context, r *approvals.Request, t approvals.Target) error {
	named, err := h.Lookup.Existing(ctx, t.Droplet.Name)
	if err != nil {
		return lookedUp(err)
	}
	sent := t.DispatchedAt
	if sent.IsZero() { // nothing is known to have been sent, but it may have been
		sent = r.CreatedAt
	}
	for _, d := range named {
		born, err := time.Parse(time.RFC3339, d.Created)
		if slices.Contains(t.Bore, d.ID) || err == nil && born.Before(sent.Add(-clockSlack)) {
			continue
		}
		return mistake(fmt.Sprintf("Nothing was sent again: a Droplet called %s (ID `%d`) was created at %s. "+
			"If that was not this request's, type the command again.", code(d.Name), d.ID, code(d.Created)))
	}
	return nil
}
