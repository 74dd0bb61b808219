package api

import (
	"context"
	"fmt"
	"time"
)

// Outcome says what came of an action that is done: from the Droplet as it was
// and is, and where that does not tell, from what DigitalOcean made of it (the
// ID of a new snapshot, which its action does not name). Plain text; empty if
// there is nothing to add.
func (c *Client) Outcome(ctx context.Context, a *Action, before, after Droplet, args Args, r Record) string {
	if a.Made != nil {
		made, err := a.Made(ctx, c, before, args, r)
		if err == nil {
			return made
		}
		c.log.WarnContext(ctx, "what an action made could not be looked up", "type", a.Type, "droplet_id", before.ID, "error", err)
	}
	if a.Result != nil {
		return a.Result(before, after, args)
	}
	return ""
}

// Made says what an action that is done has made, where the Droplet itself does not
// show it. An error says that it can't be seen. Plain text.
func (c *Client) Made(ctx context.Context, a *Action, before Droplet, args Args, r Record) (string, error) {
	if a.Made == nil {
		return "", fmt.Errorf("%s makes nothing", a.Type)
	}
	return a.Made(ctx, c, before, args, r)
}

// madeSnapshot finds the snapshot that an action took, by its name and age.
func madeSnapshot(ctx context.Context, c *Client, d Droplet, a Args, r Record) (string, error) {
	all, err := c.Snapshots(ctx, d.ID)
	if err != nil {
		return "", err
	}
	for _, s := range all { // newest first
		created, err := time.Parse(time.RFC3339, s.Created)
		if s.Name == a["name"] && err == nil && !created.Before(r.StartedAt.Add(-time.Minute)) {
			return fmt.Sprintf("The new snapshot is %s, ID %d.", s.Name, s.ID), nil
		}
	}
	return "", fmt.Errorf("no snapshot %q among the %d of Droplet %d", a["name"], len(all), d.ID)
}
