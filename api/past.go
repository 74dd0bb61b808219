package api

import (
	"context"
	"fmt"
	"slices"

	"github.com/digitalocean/godo"
)

// Past lists all actions of a Droplet, newest first, fresh, however many pages
// they take. [Client.History] is for what only needs the newest.
func (c *Client) Past(ctx context.Context, droplet int) ([]Record, error) {
	actions, err := pages(ctx, c, fmt.Sprintf("list the actions of Droplet %d", droplet), readScopes,
		func(ctx context.Context, o *godo.ListOptions) ([]godo.Action, *godo.Response, error) {
			return c.godo.Droplets.Actions(ctx, droplet, o)
		})
	if err != nil {
		return nil, err
	}
	// One that slid to the next page while they were read stands there once.
	return slices.CompactFunc(newestFirst(actions), func(a, b Record) bool { return a.ID == b.ID }), nil
}

// Newest lists the newest actions of the account, of Droplets and of all else, fresh:
// one page of 200 of the tens of thousands that there may be, newest first.
// DigitalOcean says nowhere in which order it lists them; the page it gives is taken
// to be the newest, as the control panel takes it.
func (c *Client) Newest(ctx context.Context) ([]Record, error) {
	const what = "list the newest actions"
	actions, resp, err := read(ctx, c, what, command, readScopes, func(ctx context.Context) ([]godo.Action, *godo.Response, error) {
		return c.godo.Actions.List(ctx, &godo.ListOptions{PerPage: perPage})
	})
	if err != nil {
		return nil, err
	}
	if actions == nil && resp.Meta == nil {
		return nil, empty(what, resp)
	}
	return newestFirst(actions), nil
}

// Action reads one action of any kind, fresh, as a command: a person waits for it.
// [Client.Look] is for following one.
func (c *Client) Action(ctx context.Context, id int) (Record, error) {
	what := fmt.Sprintf("read action %d", id)
	a, resp, err := read(ctx, c, what, command, readScopes, func(ctx context.Context) (*godo.Action, *godo.Response, error) {
		return c.godo.Actions.Get(ctx, id)
	})
	if err != nil {
		return Record{}, err
	}
	if a == nil || a.ID != id {
		return Record{}, empty(what, resp)
	}
	r := recordOf(*a)
	r.RequestID = oneLine(resp.Header.Get("X-Request-Id"))
	return r, nil
}
