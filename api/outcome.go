package api

import (
	"context"
	"fmt"
	"time"
)

// Outcome describes what came of an action that is done, from the Droplet as it was and
// is. Plain text; empty if there is nothing to add.
func Outcome(a *Action, before, after Droplet, args Args) string {
	if a.Result != nil {
		return a.Result(before, after, args)
	}
	return ""
}

// Made reads what a completed action made where the Droplet itself does not show it; see
// [Action.Made].
func (c *Client) Made(ctx context.Context, a *Action, before, after Droplet, args Args, r Record) (string, error) {
	if a.Made == nil {
		return "", nil
	}
	return a.Made(ctx, c, before, after, args, r)
}

// snapshotSlack is by how much a snapshot's creation time may be before the start of the
// action that takes it: both are DigitalOcean's own, cut to the second.
const snapshotSlack = 5 * time.Second

// madeSnapshot finds the snapshot that an action took, by its name and age.
func madeSnapshot(ctx context.Context, c *Client, before, _ Droplet, a Args, r Record) (string, error) {
	all, err := c.Snapshots(ctx, before.ID)
	if err != nil {
		return "", err
	}
	for _, s := range all { // newest first
		created, err := time.Parse(time.RFC3339, s.Created)
		if s.Name == a["name"] && err == nil && !created.Before(r.StartedAt.Add(-snapshotSlack)) {
			return fmt.Sprintf("The new snapshot is %s, ID %d.", s.Name, s.ID), nil
		}
	}
	return "", fmt.Errorf("no snapshot %q is listed among the %d of %s", a["name"], len(all), before.label())
}

// grownDisk compares the disk of a Droplet that was resized with its disk.
func grownDisk(ctx context.Context, c *Client, _, after Droplet, a Args, _ Record) (string, error) {
	if a["disk"] != "true" {
		return "", nil
	}
	plan, ok, err := c.Plan(ctx, a["size"])
	if err != nil {
		return "", err
	}
	if ok && after.DiskGB < plan.DiskGB {
		return "", fmt.Errorf("the disk of %s has %d GB, and the size %s has %d GB", after.label(), after.DiskGB, plan.Slug, plan.DiskGB)
	}
	return "", nil
}
