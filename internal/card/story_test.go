package card_test

import (
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// completed is a request for one action, asked, decided and done.
func completed(t testing.TB, a *api.Action) *approvals.Request {
	args := map[string]string{}
	d, after := web1, web1
	for _, p := range a.Params {
		if p.Example != "" {
			args[p.Name] = p.Example
		}
	}
	r := ask(t, a.Type, args, d)
	if _, takes := a.ImageParam(); takes {
		r.Image, r.Rescue = &noble, &rescue
	}
	switch a.Type {
	case "restore":
		r.Image = &backup
	case "rebuild":
		after = *rebuilt()
	case "shutdown", "power_off":
		after.Status = "off"
	case "power_on":
		r.Targets[0].Droplet.Status = "off"
	case "resize":
		r.Targets[0].Droplet.Status, after.Status = "off", "off"
		after.Size, after.VCPUs, after.MemoryMB, after.DiskGB = args["size"], 2, 4096, 80
	case "rename":
		after.Name = args["name"]
	case "enable_ipv6":
		after.PublicIP6 = "2604:a880:0:1010::18a:a001"
	case "disable_backups":
		after.Backups = false
	case "enable_backups":
		r.Targets[0].Droplet.Backups = false
	case "change_kernel":
		r.Targets[0].Droplet.KernelID, after.KernelID = 990, 991
	}
	result := ""
	if a.Result != nil {
		result = a.Result(api.Droplet(r.Targets[0].Droplet), api.Droplet(after), args)
	}
	s := story{t, r}
	switch r.Verdict.Outcome {
	case approvals.Approve:
		s.decide(approvals.ToApprove, bob, time.Second)
	case approvals.Confirm:
		s.decide(approvals.ToConfirm, alice, time.Second)
	}
	done := ref(0, "completed", 2*time.Second)
	return s.send(0, 2*time.Second).accept(0, 3*time.Second).end(0, 75*time.Second,
		approvals.Ending{State: approvals.TargetDone, After: &after, Action: &done, Result: result}).r
}

func drifted(t testing.TB) *approvals.Request {
	s := running(t)
	now := web1
	now.Status, now.Size = "off", "s-2vcpu-4gb"
	return s.did(s.r.Drifted(web1.Differences(now), map[int]approvals.Droplet{now.ID: now}, nil, at(3*time.Minute))).r
}

// bulkDrifted is three Droplets of which one is gone and one has changed.
func bulkDrifted(t testing.TB) *approvals.Request {
	ds := fleet(3)
	s := story{t, ask(t, "power_off", nil, ds...)}.decide(approvals.ToApprove, bob, time.Minute)
	renamed := ds[1]
	renamed.Name = "web-2-old"
	return s.did(s.r.Drifted(ds[1].Differences(renamed), map[int]approvals.Droplet{ds[0].ID: ds[0], renamed.ID: renamed}, nil, at(2*time.Minute))).r
}

func failed(t testing.TB) story {
	broken := web1
	broken.Status = "off"
	return following(t).end(0, 3*time.Minute, approvals.Ending{
		State: approvals.TargetErrored, After: &broken,
		Problem: "DigitalOcean reports that the action errored (request ab12)",
	})
}

// mixed is three Droplets with an outcome each.
func mixed(t testing.TB, ended bool) story {
	ds := fleet(3)
	r := ask(t, "power_off", nil, ds...)
	r.Tag = "web"
	s := story{t, r}.decide(approvals.ToApprove, bob, time.Minute)
	off := ds[0]
	off.Status = "off"
	s.send(0, 61*time.Second).accept(0, 62*time.Second).end(0, 80*time.Second, approvals.Ending{State: approvals.TargetDone, After: &off})
	s.send(1, 62*time.Second).accept(1, 63*time.Second).end(1, 90*time.Second, approvals.Ending{
		State: approvals.TargetErrored, Problem: "DigitalOcean reports that the action errored (request cd34)."})
	if !ended {
		return s.did(s.r.PutBack(2, approvals.WaitPendingEvent, at(2*time.Minute)))
	}
	return s.send(2, 2*time.Minute).end(2, 4*time.Minute, approvals.Ending{
		State: approvals.TargetUnknown, Problem: "No power_off that began since 12:02:00 UTC is among the actions of web-3."})
}

// all3 is three Droplets that were all rebooted.
func all3(t testing.TB) *approvals.Request {
	r := ask(t, "reboot", nil, fleet(3)...)
	r.Tag = "web"
	s := story{t, r}.decide(approvals.ToConfirm, alice, time.Second)
	for i := range 3 {
		s.send(i, 2*time.Second).accept(i, 3*time.Second).end(i, 30*time.Second, approvals.Ending{State: approvals.TargetDone, After: &s.r.Targets[i].Droplet})
	}
	return s.r
}

// many is 300 Droplets in the middle of things.
func many(t testing.TB) story {
	r := ask(t, "power_off", nil, fleet(300)...)
	r.Tag = "web"
	s := story{t, r}.decide(approvals.ToApprove, bob, time.Second)
	for i := range 120 {
		s.send(i, 2*time.Second).accept(i, 3*time.Second)
		switch {
		case i%37 == 5:
			s.end(i, 20*time.Second, approvals.Ending{State: approvals.TargetErrored, Problem: "DigitalOcean says: Droplet is locked (request ef56)."})
		case i < 100:
			off := s.r.Targets[i].Droplet
			off.Status = "off"
			s.end(i, 20*time.Second, approvals.Ending{State: approvals.TargetDone, After: &off})
		}
	}
	return s
}

func hostile(t testing.TB) *approvals.Request {
	d := web1
	d.Name = "<!channel> *x* `code` _i_ ~s~ :fire: \u202eevil\nline two"
	d.Tags = []string{"<@U0BOB>", "a:smile:b", "שלום"}
	d.Region, d.Image = "<fra1|x>", "*im*age\x00"
	r := ask(t, "rebuild", map[string]string{"image": "<!here>"}, d)
	img := noble
	img.Slug, img.Name = "", "</> & `x` <!everyone>"
	r.Image, r.Rescue = &img, &rescue
	r.Reason = "because\n> quoted\n*bold* <https://evil.example|click> ```pre``` <!subteam^S1>"
	return r
}
