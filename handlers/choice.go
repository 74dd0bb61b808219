package handlers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"dropletops/api"
	"dropletops/internal/card"
)

// Some arguments are IDs of what one Droplet alone has: a backup, a kernel. Nobody
// knows those by heart, so whoever leaves one out or takes a wrong one is told
// which there are, with what to type for each.

// unchosen answers such a parameter of an action if what was typed can't be one.
func unchosen(w words) (api.Param, bool) {
	for _, param := range w.action.Params {
		if param.Required && choosable(param) && !digits.MatchString(w.args[param.Name]) {
			return param, true
		}
	}
	return api.Param{}, false
}

func choosable(param api.Param) bool { return param.Kind == api.Backup || param.Kind == api.Kernel }

// offer is the refusal that lists what there is to choose from.
func (h *Handler) offer(ctx context.Context, p plan, param api.Param, typed string) error {
	if len(p.droplets) > 1 {
		return mistake(fmt.Sprintf("A %s belongs to one Droplet: `%s` takes one at a time.", param.Kind, p.action.Verb()))
	}
	d := p.droplets[0]
	head := fmt.Sprintf("`%s` needs the ID of a %s of %s", p.action.Verb(), param.Kind, code(d.Name))
	if typed != "" {
		head = fmt.Sprintf("%s is no %s of %s", code(typed), param.Kind, code(d.Name))
	}
	if param.Kind == api.Backup {
		backups, err := h.Images.Backups(ctx, d.ID)
		if err != nil {
			return lookedUp(err)
		}
		return mistake(head + theseBackups(p.command(d), backups, h.Now()))
	}
	kernels, err := h.Details.Kernels(ctx, d.ID)
	if err != nil {
		return lookedUp(err)
	}
	return mistake(head + theseKernels(p.command(d), kernels, p.called()+" kernels "+p.inCommand(d)))
}

// listed is how many are listed: more backups than DigitalOcean keeps of a Droplet
// by either plan.
const listed = 10

func theseBackups(command string, backups []api.Image, now time.Time) string {
	if len(backups) == 0 {
		return ", which has none."
	}
	s := ". It has these:"
	for _, b := range backups[:min(len(backups), listed)] {
		s += "\n• " + card.Age(b.Created, now) + ": " + card.Typed(command+" "+strconv.Itoa(b.ID))
	}
	return s
}

func theseKernels(command string, kernels []api.KernelVersion, all string) string {
	if len(kernels) == 0 {
		return ", which has its kernel inside its operating system: DigitalOcean has none to give it."
	}
	s := ". It has these:"
	for _, k := range kernels[:min(len(kernels), listed)] {
		s += "\n• " + plain(k.Name) + ": " + card.Typed(command+" "+strconv.Itoa(k.ID))
	}
	if more := len(kernels) - listed; more > 0 {
		s += fmt.Sprintf("\n• and %d more: ", more) + card.Typed(all)
	}
	return s
}

// chosen answers a refusal that lists a Droplet's kernels if the one that was
// chosen is not among them. That there are none is the pre-check's to say.
func (h *Handler) chosen(ctx context.Context, p plan, args api.Args) error {
	i := slices.IndexFunc(p.action.Params, func(param api.Param) bool { return param.Kind == api.Kernel })
	if i < 0 || len(p.droplets) > 1 {
		return nil
	}
	typed, d := args[p.action.Params[i].Name], p.droplets[0]
	kernels, err := h.Details.Kernels(ctx, d.ID)
	if err != nil {
		return lookedUp(err)
	}
	if len(kernels) == 0 || slices.ContainsFunc(kernels, func(k api.KernelVersion) bool { return strconv.Itoa(k.ID) == typed }) {
		return nil
	}
	return mistake(code(typed) + " is no kernel of " + code(d.Name) + theseKernels(p.command(d), kernels, p.called()+" kernels "+p.inCommand(d)))
}
