package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/digitalocean/godo"
)

// History lists a Droplet's actions, newest first, fresh. It reads one page of
// 200, the newest as DigitalOcean orders them: enough to find an action of the
// last minutes and to tell what is usual.
func (c *Client) History(ctx context.Context, droplet int) ([]Record, error) {
	what := fmt.Sprintf("list the actions of Droplet %d", droplet)
	actions, resp, err := read(ctx, c, what, command, readScopes, func(ctx context.Context) ([]godo.Action, *godo.Response, error) {
		return c.godo.Droplets.Actions(ctx, droplet, &godo.ListOptions{PerPage: perPage})
	})
	if err != nil {
		return nil, err
	}
	if actions == nil && resp.Meta == nil {
		return nil, empty(what, resp)
	}
	return newestFirst(actions), nil
}

// newestFirst takes what this program needs of actions, the newest first.
func newestFirst(actions []godo.Action) []Record {
	out := []Record{}
	for _, a := range actions {
		out = append(out, recordOf(a))
	}
	slices.SortStableFunc(out, func(a, b Record) int {
		if by := b.StartedAt.Compare(a.StartedAt); by != 0 {
			return by
		}
		return b.ID - a.ID
	})
	return out
}

// Usual is how long actions of a type take: the median of those that were completed
// on this Droplet, else of the account's newest, else a.Usual. Of droplet 0 it is the
// account's. It is kept as long as lists are.
func (c *Client) Usual(ctx context.Context, droplet int, a *Action) time.Duration {
	if droplet != 0 {
		key := fmt.Sprintf("usual/%d/%s", droplet, a.Type)
		usual, err := cached(ctx, c, key, "tell how long it takes", c.cacheFor, func(ctx context.Context) (time.Duration, error) {
			history, err := c.History(ctx, droplet)
			return median(history, a.Type), err
		})
		if err == nil && usual != 0 {
			return usual
		}
	}
	newest, err := cached(ctx, c, "usual", "tell how long actions take", c.cacheFor, func(ctx context.Context) ([]Record, error) {
		page, err := c.newestActions(ctx)
		return slices.Collect(maps.Values(page)), err
	})
	if usual := median(newest, a.Type); err == nil && usual != 0 {
		return usual
	}
	return a.Usual
}

func median(history []Record, typ string) time.Duration {
	var took []time.Duration
	for _, r := range history {
		if d := r.CompletedAt.Sub(r.StartedAt); r.Type == typ && r.Status == "completed" && !r.CompletedAt.IsZero() && !r.StartedAt.IsZero() && d > 0 {
			took = append(took, d)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	mid := len(took) / 2
	if len(took)%2 == 0 {
		return (took[mid-1] + took[mid]) / 2
	}
	return took[mid]
}

// Ended says whether DigitalOcean is through with the action. It judges by the
// status alone: completed_at may stay null.
func (r Record) Ended() bool { return r.Status == "completed" || r.Status == "errored" }

func recordOf(a godo.Action) Record {
	r := Record{ID: a.ID, Status: a.Status, Type: a.Type, ResourceID: a.ResourceID, ResourceType: a.ResourceType, Region: a.RegionSlug}
	if a.StartedAt != nil {
		r.StartedAt = a.StartedAt.Time
	}
	if a.CompletedAt != nil {
		r.CompletedAt = a.CompletedAt.Time
	}
	if r.Region == "" && a.Region != nil {
		r.Region = a.Region.Slug
	}
	return r
}
