package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/slack-go/slack"
)

// options are what a menu that searches is answered with. It is not
// slack.OptionsResponse, since an empty one is sent as {}, which Slack takes for
// a fault; without options it must be {"options":[]}.
type options struct {
	Options []*slack.OptionBlockObject `json:"options"`
}

// Respond answers what has to be answered inside the acknowledgement; ok is
// false where nothing has. It asks DigitalOcean for no more than the cached list
// of Droplets, and where that can't be had it answers an empty list: the menu
// then stays usable, and the next letter typed asks again.
func (h *Handler) Respond(ctx context.Context, e approvals.Envelope) (payload any, ok bool, err error) {
	if e.Type != interactive {
		return nil, false, nil
	}
	in, err := read[interaction](e)
	if err != nil {
		h.Log.Warn("can't read what may want an answer", "envelope", e.Key, "error", err)
		return nil, false, nil
	}
	if in.Type != "block_suggestion" {
		return nil, false, nil
	}
	none := options{Options: []*slack.OptionBlockObject{}}
	if in.ActionID != toPick {
		return none, true, nil
	}
	if _, err := h.Requests.Admit(ctx, in.who()); err != nil {
		h.Log.Warn("no Droplets are suggested", "envelope", e.Key, "user", in.User.ID, "error", err)
		return none, true, nil
	}
	ds, err := h.Droplets.Droplets(ctx)
	if err != nil {
		h.Log.Warn("no Droplets can be suggested", "envelope", e.Key, "error", err)
		return none, true, nil
	}
	return options{Options: fitting(card.Options(matching(ds, in.Value)))}, true, nil
}

// mostBytes of options fit into an acknowledgement, which Slack refuses from
// 20 KB on; what is around them is small.
const mostBytes = 19_000

// fitting answers as many of the options as fit into an acknowledgement.
func fitting(found []*slack.OptionBlockObject) []*slack.OptionBlockObject {
	bytes := 0
	for i, o := range found {
		wire, err := json.Marshal(o)
		if bytes += len(wire) + 1; err != nil || bytes > mostBytes {
			return found[:i]
		}
	}
	return found
}

// mostOptions is how many options Slack shows in a menu.
const mostOptions = 100

// matching answers the Droplets whose name or ID fits what was typed so far,
// first those that begin with it, each kind by name.
func matching(ds []api.Droplet, typed string) []api.Droplet {
	typed = strings.ToLower(strings.TrimSpace(typed))
	type match struct {
		droplet api.Droplet
		inside  int // 0 if the name or the ID begins with what was typed
		name    string
	}
	var found []match
	for _, d := range ds {
		name, id := strings.ToLower(d.Name), strconv.Itoa(d.ID)
		switch {
		case strings.HasPrefix(name, typed), strings.HasPrefix(id, typed):
			found = append(found, match{d, 0, name})
		case strings.Contains(name, typed):
			found = append(found, match{d, 1, name})
		}
	}
	slices.SortFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.inside, b.inside), cmp.Compare(a.name, b.name), cmp.Compare(a.droplet.ID, b.droplet.ID))
	})
	var out []api.Droplet
	for _, m := range found[:min(len(found), mostOptions)] {
		out = append(out, m.droplet)
	}
	return out
}
