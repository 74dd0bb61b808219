package handlers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/task"
)

// mostNamed is how many Droplets one command may name. Each is looked up, out of
// the 240 requests a minute that everyone shares; more than these have a tag.
const mostNamed = 40

// atOnce is how many of them are looked up at the same time.
const atOnce = 4

// targets takes the words that name Droplets from the front of those without a
// flag, joined by commas: one, and those that a comma ties to it. Behind a verb
// that takes nothing else they are all of them.
func (g grammar) targets(plain []word) (target string, rest []word) {
	n := 1
	if g.reasons && !slices.ContainsFunc(g.params, func(p api.Param) bool { return !p.Flag && p.Kind != api.Switch }) {
		n = len(plain)
	}
	target = plain[0].text
	for i, w := range plain[1:] {
		tied := !w.quoted && (strings.HasSuffix(target, ",") || strings.HasPrefix(w.text, ","))
		if !tied && i+1 >= n {
			return target, plain[i+1:]
		}
		if !tied {
			target += ","
		}
		target += w.text
	}
	return target, nil
}

// targets understands what names one Droplet or several, with commas between.
func (p parser) targets(s string) ([]target, error) {
	if !strings.Contains(s, ",") {
		t, err := p.target(s)
		return []target{t}, err
	}
	var out []target
	for name := range strings.SplitSeq(s, ",") {
		if name == "" {
			continue
		}
		t, err := p.target(name)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	switch {
	case len(out) == 0:
		return nil, mistake("There is no name between the commas: " + p.example("reboot web-1,web-2") + ".")
	case len(out) > mostNamed:
		return nil, mistake(fmt.Sprintf("This names %d Droplets; %d are the most that a command may name. Those with a tag go by it: ", len(out), mostNamed) + p.example("reboot tag:web") + ".")
	case len(out) == 1:
		return nil, mistake("A comma stands between names, and there is only one: " + p.example("reboot web-1,web-2") + ".")
	}
	return out, nil
}

// findAll answers the Droplets that were named, each once, in the order of the
// names. A name that several bear is not guessed; whatever is not found is said
// of all at once. Of a single one it answers all that bear its name.
func (h *Handler) findAll(ctx context.Context, ts []target) ([]api.Droplet, error) {
	if len(ts) == 1 {
		return h.find(ctx, ts[0])
	}
	found := make([][]api.Droplet, len(ts))
	wrong := make([]string, len(ts))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, t := range ts {
		g.Go(task.Err(func() error {
			ds, err := h.find(ctx, t)
			var no *approvals.Refusal
			switch {
			case errors.As(err, &no):
				wrong[i] = no.Sentence
				return nil
			case err == nil && len(ds) > 1 && t.tag == "":
				wrong[i] = sharedName(t.text, len(ds)) + " Name it by its ID: " + identities(ds) + "."
			}
			found[i] = ds
			return err
		}))
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if wrong = slices.DeleteFunc(wrong, func(s string) bool { return s == "" }); len(wrong) > 0 {
		return nil, mistake("Nothing was done, since not all of these words name a Droplet. A reason goes behind `--reason`.\n• " + strings.Join(wrong, "\n• "))
	}
	var out []api.Droplet
	for _, ds := range found {
		for _, d := range ds {
			if !slices.ContainsFunc(out, func(had api.Droplet) bool { return had.ID == d.ID }) {
				out = append(out, d)
			}
		}
	}
	return out, nil
}

// identities tells Droplets of one name apart.
func identities(ds []api.Droplet) string {
	const shown = 5
	var out []string
	for _, d := range ds[:min(shown, len(ds))] {
		out = append(out, fmt.Sprintf("`%d` (%s, %s)", d.ID, plain(d.Region), plain(d.Status)))
	}
	if more := len(ds) - shown; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}
