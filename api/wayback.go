package api

import "context"

// Saved lists what was saved of a Droplet. [Client] does.
type Saved interface {
	Backups(ctx context.Context, droplet int) ([]Image, error)
	Snapshots(ctx context.Context, droplet int) ([]Image, error)
}

// WayBack is what a Droplet could be brought back to; nil where there is none.
type WayBack struct{ Backup, Snapshot *Image }

// FindWayBack looks up the newest backup and the newest snapshot of a Droplet.
func FindWayBack(ctx context.Context, saved Saved, droplet int) (WayBack, error) {
	backups, err := saved.Backups(ctx, droplet)
	if err != nil {
		return WayBack{}, err
	}
	snapshots, err := saved.Snapshots(ctx, droplet)
	if err != nil {
		return WayBack{}, err
	}
	return WayBack{Backup: Newest(backups), Snapshot: Newest(snapshots)}, nil
}
