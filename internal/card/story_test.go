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
		if p.Example != "" && p.Name != api.SnapshotFirst {
			args[p.Name] = p.Example
		}
	}
	if a.Make != nil {
		return createdOne(t)
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
	case "destroy":
		after.Status, r.Rescue, r.Leaves = "gone", &approvals.Rescue{Known: true}, &leftBehind
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
	if a.Destroys {
		return s.vanish(0, 2*time.Second).end(0, 75*time.Second, approvals.Ending{State: approvals.TargetDone, After: &after}).r
	}
	return s.send(0, 2*time.Second).accept(0, 3*time.Second).end(0, 75*time.Second,
		approvals.Ending{State: approvals.TargetDone, After: &after, Action: &done, Result: result}).r
}

// leftBehind is what stays of a Droplet with a volume.
var leftBehind = approvals.Leaves{Known: true, Items: []string{"volume web-1-data, $20.00 a month", "volume snapshot web-1-data-weekly, $3.69 a month",
	"snapshot before-upgrade, $0.72 a month"}}

// vanish sends a destroy that DigitalOcean accepts: it makes no action of it.
func (s story) vanish(i int, after time.Duration) story {
	s.t.Helper()
	s.send(i, after)
	return s.did(s.r.Accepted(i, approvals.ActionRef{Status: "in-progress", StartedAt: at(after), RequestID: "ab12"}, false, at(after+time.Second)))
}

// destroy is one that waits for its approval.
func destroy(t testing.TB) *approvals.Request {
	r := ask(t, "destroy", nil, web1)
	r.Rescue, r.Leaves, r.Usual = &rescue, &leftBehind, 15*time.Second
	return r
}

// toBe are Droplets that are not there yet.
func toBe(names ...string) []approvals.Droplet {
	var out []approvals.Droplet
	for _, n := range names {
		out = append(out, approvals.Droplet{Name: n, Region: "fra1", Size: "s-2vcpu-4gb", VCPUs: 2, MemoryMB: 4096, DiskGB: 80, Monthly: 24})
	}
	return out
}

func create(t testing.TB, more map[string]string, names ...string) *approvals.Request {
	args := map[string]string{"region": "fra1", "size": "s-2vcpu-4gb", "image": "ubuntu-24-04-x64", "ssh-keys": "512189,512190"}
	for k, v := range more {
		args[k] = v
	}
	r := ask(t, "create", args, toBe(names...)...)
	r.Action.Called = map[string]string{"512189": "ana@laptop", "512190": "ben"}
	r.Image, r.Plan, r.Usual = &noble, &larger, time.Minute
	return r
}

// make has DigitalOcean accept the create of a target.
func (s story) make(i int, after time.Duration) story {
	s.t.Helper()
	s.did(s.r.Creating(i, "host", []int{7}, at(after)))
	return s.did(s.r.Created(i, 3165000+i, ref(i, "in-progress", after), false, at(after+time.Second)))
}

// made is how a target ends whose Droplet is there.
func (s story) made(i int, after time.Duration) story {
	s.t.Helper()
	a, _ := api.Lookup("create")
	d := web1
	d.ID, d.Name, d.Size, d.PublicIP6 = 3165000+i, s.r.Targets[i].Droplet.Name, "s-2vcpu-4gb", "2604:a880:0:1010::18a:a001"
	done := ref(i, "completed", after)
	return s.end(i, after, approvals.Ending{State: approvals.TargetDone, After: &d, Action: &done, Result: a.Result(api.Droplet{}, api.Droplet(d), nil)})
}

// createdOne is a create of one Droplet to its end.
func createdOne(t testing.TB) *approvals.Request {
	return story{t, create(t, map[string]string{"ipv6": "true"}, "web-9")}.make(0, time.Second).made(0, 55*time.Second).r
}

func drifted(t testing.TB) *approvals.Request {
	s := running(t)
	now := web1
	now.Status, now.Size = "off", "s-2vcpu-4gb"
	return s.did(s.r.Drifted(web1.Differences(now), map[int]approvals.Droplet{now.ID: now}, nil, at(3*time.Minute))).r
}

// askedMore is a reboot that nobody had to decide, until the policy was changed.
func askedMore(t testing.TB) *approvals.Request {
	s := story{t, ask(t, "reboot", nil, web1)}
	v := approvals.Verdict{Outcome: approvals.Approve, Count: 1, Within: 30 * time.Minute, Rule: "reboots"}
	return s.did(s.r.Reconsidered(approvals.Reconsidered{Verdict: &v, Differences: []approvals.Difference{
		{What: approvals.OfPolicy, Was: "allow (built-in: one Droplet)", Is: "approve by 1 full member of this workspace (reboots)"}}}, at(30*time.Second))).r
}

// tooOld is a rebuild that was approved and could not be sent for four hours.
func tooOld(t testing.TB) *approvals.Request {
	s := running(t)
	return s.did(s.r.Reconsidered(approvals.Reconsidered{Differences: []approvals.Difference{
		{What: approvals.OfAge, Was: "2026-11-21T12:02:00Z", Is: "4 hours"}}}, at(4*time.Hour))).r
}

// stoppedRest is a reboot of three whose policy was changed after the first was sent.
func stoppedRest(t testing.TB) (*approvals.Request, string) {
	r := ask(t, "reboot", nil, fleet(3)...)
	s := story{t, r}
	if r.State == approvals.Pending {
		s = s.decide(approvals.ToConfirm, alice, time.Minute)
	}
	s = s.send(0, 2*time.Minute).accept(0, 2*time.Minute+time.Second)
	c := approvals.Reconsidered{Refused: "The policy does not allow this any more (rule freeze). Changes are frozen until Monday."}
	return s.did(s.r.StopUnsent(c, at(3*time.Minute))).r, c.Why()
}

// allowedDrift is a reboot that nobody had to decide, of a Droplet that was switched
// off while it waited.
func allowedDrift(t testing.TB) *approvals.Request {
	s := story{t, ask(t, "reboot", nil, web1)}
	off := web1
	off.Status = "off"
	c, err := s.r.Dispatch(0, "p", "reboot", 0, at(20*time.Second))
	s.r.Seen(0, off, &c)
	return s.did(c, err).r
}

// guarded is a rebuild that a policy file has 2 people of two groups approve.
func guarded(t testing.TB) *approvals.Request {
	r := rebuild(t)
	r.Verdict = approvals.Verdict{Outcome: approvals.Approve, Count: 2, Within: 20 * time.Minute, Rule: "production data", Policy: "3f9a1c",
		Needs:  []approvals.Need{{Rule: "production data", Count: 2, From: []string{"dba", "sre"}}},
		Factor: true, BreakGlass: []string{"oncall"}, Announce: "C0LOUD"}
	r.ExpiresAt = at(20 * time.Minute)
	return r
}

// twofold is a shutdown of three Droplets that fall under two rules of a policy file.
func twofold(t testing.TB) *approvals.Request {
	r := ask(t, "shutdown", nil, fleet(3)...)
	r.Verdict = approvals.Verdict{Outcome: approvals.Approve, Count: 2, Within: 20 * time.Minute, Rule: "data, front", Policy: "3f9a1c",
		Needs: []approvals.Need{{Rule: "data", Count: 2, From: []string{"dba"}}, {Rule: "front", Count: 1, From: []string{"sre"}}}}
	return r
}

func dba(p approvals.Person) approvals.Person {
	p.Groups, p.Proved = []string{"dba"}, true
	return p
}

func glassBroken(t testing.TB) story {
	r, oncall := guarded(t), carol
	oncall.Groups, oncall.Proved = []string{"oncall"}, true
	return story{t, r}.did(r.BreakGlass(oncall, "nobody of dba answers, the shop is down", at(2*time.Minute)))
}

// overtaken is one whose policy and whose approver changed after it was approved.
func overtaken(t testing.TB) *approvals.Request {
	r, stricter := rebuild(t), guarded(t).Verdict
	return story{t, r}.did(r.Reconsidered(approvals.Reconsidered{Verdict: &stricter, Differences: []approvals.Difference{
		{What: approvals.OfPolicy, Was: "approve by 1 full member of this workspace (built-in: destructive)", Is: "approve by 2 members of dba or sre (production data)"},
		{What: approvals.OfApproval, Was: "U0BOB", Is: "no longer in a group that may decide"},
	}}, at(3*time.Minute))).r
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
		return s.did(s.r.PutBack(2, approvals.WaitPendingEvent, approvals.Answer{}, at(2*time.Minute)))
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
