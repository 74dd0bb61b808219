package digitalocean_test

import (
	"context"
	"testing"
	"time"

	"github.com/digitalocean/godo"

	simdo "dropletops/internal/sim/digitalocean"
)

// Each action type by godo: what it does to the Droplet once it is completed.
func TestActionsDoWhatTheySay(t *testing.T) {
	type doing func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error)
	hour := 8
	for _, tt := range []struct {
		kind, on string
		prepare  func(t *testing.T, s *simdo.Server, d simdo.Droplet)
		do       doing
		want     func(before, after simdo.Droplet, s *simdo.Server) bool
	}{
		{kind: "reboot", on: "web-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.Reboot(ctx, d.ID)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return after.Status == "active" }},
		{kind: "power_cycle", on: "web-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.PowerCycle(ctx, d.ID)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return after.Status == "active" }},
		{kind: "shutdown", on: "web-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.Shutdown(ctx, d.ID)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return after.Status == "off" }},
		{kind: "shutdown", on: "bastion", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.Shutdown(ctx, d.ID)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return after.Status == "active" }},
		{kind: "power_off", on: "gpu-train-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.PowerOff(ctx, d.ID)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return after.Status == "off" }},
		{kind: "power_on", on: "staging-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.PowerOn(ctx, d.ID)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return after.Status == "active" }},
		{kind: "password_reset", on: "web-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.PasswordReset(ctx, d.ID)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return after.Status == "active" }},
		{kind: "rename", on: "web-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.Rename(ctx, d.ID, "web-one.example.com")
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return after.Name == "web-one.example.com" }},
		{kind: "resize", on: "staging-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.Resize(ctx, d.ID, "s-2vcpu-4gb", false)
		}, want: func(before, after simdo.Droplet, _ *simdo.Server) bool {
			return after.SizeSlug == "s-2vcpu-4gb" && after.Memory == 4096 && after.Vcpus == 2 && after.Disk == before.Disk && after.Status == "off"
		}},
		{kind: "resize", on: "staging-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.Resize(ctx, d.ID, "s-2vcpu-4gb", true)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool {
			return after.SizeSlug == "s-2vcpu-4gb" && after.Disk == 80
		}},
		{kind: "rebuild", on: "web-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.RebuildByImageSlug(ctx, d.ID, "debian-12-x64")
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return *after.Image.Slug == "debian-12-x64" }},
		{kind: "rebuild", on: "web-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.RebuildByImageID(ctx, d.ID, d.SnapshotIDs[0])
		}, want: func(before, after simdo.Droplet, _ *simdo.Server) bool {
			return after.Image.ID == before.SnapshotIDs[0]
		}},
		{kind: "restore", on: "db-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.Restore(ctx, d.ID, d.BackupIDs[0])
		}, want: func(before, after simdo.Droplet, _ *simdo.Server) bool { return after.Image.ID == before.BackupIDs[0] }},
		{kind: "snapshot", on: "web-2", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.Snapshot(ctx, d.ID, "before lunch")
		}, want: func(_, after simdo.Droplet, s *simdo.Server) bool {
			snaps := s.Snapshots(after.ID)
			return len(snaps) == 1 && snaps[0].Name == "before lunch" && len(after.SnapshotIDs) == 1 && after.SnapshotIDs[0] == snaps[0].ID
		}},
		{kind: "change_kernel", on: "legacy-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.ChangeKernel(ctx, d.ID, 3324)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return after.Kernel.ID == 3324 }},
		{kind: "enable_ipv6", on: "staging-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.EnableIPv6(ctx, d.ID)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return len(after.Networks.V6) == 1 }},
		{kind: "enable_private_networking", on: "legacy-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.EnablePrivateNetworking(ctx, d.ID)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return len(after.Networks.V4) == 2 }},
		{kind: "enable_backups", on: "web-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.EnableBackups(ctx, d.ID)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return after.NextBackupWindow != nil }},
		{kind: "enable_backups", on: "web-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.EnableBackupsWithPolicy(ctx, d.ID, &godo.DropletBackupPolicyRequest{Plan: "weekly", Weekday: "MON", Hour: &hour})
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool {
			return after.NextBackupWindow.Start.Equal(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))
		}},
		{kind: "change_backup_policy", on: "db-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.ChangeBackupPolicy(ctx, d.ID, &godo.DropletBackupPolicyRequest{Plan: "daily", Hour: &hour})
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return after.NextBackupWindow.Start.Hour() == 8 }},
		{kind: "disable_backups", on: "db-1", do: func(ctx context.Context, a godo.DropletActionsService, d simdo.Droplet) (*godo.Action, *godo.Response, error) {
			return a.DisableBackups(ctx, d.ID)
		}, want: func(_, after simdo.Droplet, _ *simdo.Server) bool { return after.NextBackupWindow == nil }},
	} {
		t.Run(tt.kind+" "+tt.on, func(t *testing.T) {
			s, client, clk := start(t, simdo.Options{})
			before := s.DropletNamed(tt.on)
			a := must[*godo.Action](t)(tt.do(ctx(t), client.DropletActions, before))
			if a.Status != "in-progress" || a.Type != tt.kind || a.ResourceID != before.ID || a.CompletedAt != nil || a.RegionSlug != before.Region.Slug {
				t.Fatalf("started as %v", a)
			}
			clk.advance(simdo.UsualDuration(tt.kind) - time.Second)
			if a = must[*godo.Action](t)(client.Actions.Get(ctx(t), a.ID)); a.Status != "in-progress" {
				t.Errorf("a second before the end: %s", a.Status)
			}
			clk.advance(time.Second)
			a = must[*godo.Action](t)(client.DropletActions.Get(ctx(t), before.ID, a.ID))
			if a.Status != "completed" || a.CompletedAt.Sub(a.StartedAt.Time) != simdo.UsualDuration(tt.kind) {
				t.Errorf("ended as %v", a)
			}
			after, _ := s.Droplet(before.ID)
			if !tt.want(before, after, s) {
				t.Errorf("afterwards: %+v", after)
			}
			if posts := s.Posts(before.ID); len(posts) != 1 || posts[0].Type != tt.kind || posts[0].ActionID != a.ID {
				t.Errorf("accepted: %+v", posts)
			}
		})
	}
}
