package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/digitalocean/godo"
)

// Associated is one thing that belongs to a Droplet and outlives it.
type Associated struct {
	Kind  string // the API's: volumes, volume_snapshots, snapshots or reserved_ips
	ID    string
	Words string // "volume db-1-data, $20.00 a month"
}

// kindsOfAssociated are the API's, in the order in which they are told.
var kindsOfAssociated = []string{"volumes", "volume_snapshots", "snapshots", "reserved_ips"}

// fitAssociated puts the kinds in the API's order.
func fitAssociated(a Args) error {
	if a["with"] == "" {
		return nil
	}
	typed := strings.Split(a["with"], ",")
	var out []string
	for _, k := range kindsOfAssociated {
		if slices.Contains(typed, k) {
			out = append(out, k)
		}
	}
	a["with"] = strings.Join(out, ",")
	return nil
}

// losesAll says what is lost by a destroy, which is more where things go with it.
func losesAll(on []Droplet, a Args, _ Pins) string {
	s := "[The Droplet|The Droplets], everything on [its {disk}disk|their disks{disk}], "
	if with := kindsIn(a["with"]); len(with) > 0 {
		for _, kind := range append([]string{"backups"}, with[:len(with)-1]...) {
			s += "[its|their] " + kind + ", "
		}
		return tell(on, s+"and [its|their] "+with[len(with)-1]+". What else is attached or was saved apart from [it|them] stays, and goes on costing.")
	}
	return tell(on, s+"and [its|their] backups. What is attached or was saved apart from [it|them] stays, and goes on costing.")
}

// kindsIn are the kinds that a --with names, in words: "volume snapshots".
func kindsIn(with string) []string {
	var out []string
	for _, k := range kindsOfAssociated {
		if slices.Contains(strings.Split(with, ","), k) {
			out = append(out, strings.Replace(strings.ReplaceAll(k, "_", " "), "ips", "IPs", 1))
		}
	}
	return out
}

// MostGoing is how many things go with a Droplet at the most: the card names each.
const MostGoing = 20

// Divide tells what of a Droplet's goes with it, by the kinds that destroy's --with
// names, from what stays, each once in words.
func Divide(all []Associated, with string) (goes []Associated, stays []string) {
	for _, x := range all {
		switch {
		case with != "" && slices.Contains(strings.Split(with, ","), x.Kind):
			goes = append(goes, x)
		case !slices.Contains(stays, x.Words):
			stays = append(stays, x.Words)
		}
	}
	return goes, stays
}

// Taking is the argument of a destroy that names what goes with the Droplet, as
// [Take] writes it. Nobody types it: it is made of what was shown and decided on.
const Taking = "taking"

// Take names things by their kinds and IDs.
func Take(goes []Associated) string {
	var out []string
	for _, x := range goes {
		out = append(out, x.Kind+":"+x.ID)
	}
	return strings.Join(out, " ")
}

// withScopes are the token's scopes that a destroy takes besides its own where things
// go with it, from the OpenAPI document.
var withScopes = []string{"block_storage:delete", "block_storage_snapshot:delete", "image:delete", "reserved_ip:delete"}

// destroyWith destroys a Droplet and what is named with it. godo lacks it.
func destroyWith(ctx context.Context, c *godo.Client, id int, taking string) (*godo.Response, error) {
	body := map[string][]string{}
	for _, x := range strings.Fields(taking) {
		kind, of, ok := strings.Cut(x, ":")
		if !ok || of == "" || !slices.Contains(kindsOfAssociated, kind) {
			return nil, godo.NewArgError(Taking, "names nothing that can go with a Droplet: "+quoted(x))
		}
		body[kind] = append(body[kind], of)
	}
	req, err := c.NewRequest(ctx, http.MethodDelete, associatedPath(id)+"/selective", body)
	if err != nil {
		return nil, err
	}
	return c.Do(ctx, req, nil)
}

func associatedPath(droplet int) string {
	return fmt.Sprintf("v2/droplets/%d/destroy_with_associated_resources", droplet)
}

// Destruction is how far DigitalOcean is with destroying a Droplet and what goes
// with it.
type Destruction struct {
	Done   bool
	Failed []string // what could not be destroyed, and why, in plain text
	Told   []string // the IDs of what goes with it, whatever became of each
}

// Destruction reads how far it is, fresh.
func (c *Client) Destruction(ctx context.Context, droplet int) (Destruction, error) {
	type destroyed struct {
		Name  string `json:"name"`
		ID    string `json:"id"`
		Error string `json:"error_message"`
	}
	var root struct {
		Droplet     *destroyed             `json:"droplet"`
		Resources   map[string][]destroyed `json:"resources"`
		CompletedAt *time.Time             `json:"completed_at"`
		Failures    int                    `json:"failures"`
	}
	what := fmt.Sprintf("tell how far the destruction of Droplet %d is", droplet)
	_, resp, err := read(ctx, c, what, watching, []string{"droplet:delete"}, func(ctx context.Context) (struct{}, *godo.Response, error) {
		root.Droplet, root.Resources, root.CompletedAt, root.Failures = nil, nil, nil, 0
		resp, err := c.get(ctx, associatedPath(droplet)+"/status", &root)
		return struct{}{}, resp, err
	})
	if err != nil {
		return Destruction{}, err
	}
	if root.Droplet == nil {
		return Destruction{}, empty(what, resp)
	}
	out := Destruction{Done: root.CompletedAt != nil && !root.CompletedAt.IsZero()}
	if why := oneLine(root.Droplet.Error); why != "" { // it is none of the failures that are counted
		out.Failed = append(out.Failed, "the Droplet itself: "+why)
	}
	for _, kind := range append(slices.Clone(kindsOfAssociated), "floating_ips") { // reserved ones by their former name
		for _, x := range root.Resources[kind] {
			told := slices.Contains(out.Told, x.ID)
			out.Told = append(out.Told, x.ID)
			if told {
				continue
			}
			if why := oneLine(x.Error); why != "" {
				out.Failed = append(out.Failed, strings.ReplaceAll(strings.TrimSuffix(kind, "s"), "_", " ")+" "+oneLine(x.Name)+" ("+oneLine(x.ID)+"): "+why)
			}
		}
	}
	if len(out.Failed) == 0 && root.Failures > 0 {
		out.Failed = []string{fmt.Sprintf("%d of them, without a reason given", root.Failures)}
	}
	return out, nil
}
