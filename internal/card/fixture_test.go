package card_test

import (
	"fmt"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
)

// noon is when everything in these tests was asked for.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return noon.Add(d) }

func person(id string) approvals.Person {
	return approvals.Person{Who: approvals.Who{UserID: id, TeamID: "T1"}, Standing: approvals.Member, Name: id}
}

var (
	alice, bob, carol = person("U0ALICE"), person("U0BOB"), person("U0CAROL")

	web1 = approvals.Droplet{
		ID: 3164494, Name: "web-1", Status: "active", Region: "fra1", Size: "s-1vcpu-1gb",
		ImageID: 112929454, Image: "ubuntu-22-04-x64", PublicIP: "203.0.113.17", PrivateIP: "10.114.0.2",
		Tags: []string{"production", "web"}, VCPUs: 1, MemoryMB: 1024, DiskGB: 25, Monthly: 6, Backups: true,
		Created: "2026-01-02T03:04:05Z",
	}
	noble    = approvals.Image{ID: 155133621, Slug: "ubuntu-24-04-x64", Name: "24.04 (LTS) x64", Distro: "Ubuntu", Kind: "base"}
	backup   = approvals.Image{ID: 9901, Name: "web-1 backup 2026-11-19", Kind: "backup", Created: "2026-11-19T04:00:00Z"}
	snapshot = approvals.Image{ID: 8802, Name: "before-upgrade", Kind: "snapshot", Created: "2026-09-01T12:00:00Z"}
	larger   = approvals.Plan{Slug: "s-2vcpu-4gb", Description: "Basic", VCPUs: 2, MemoryMB: 4096, DiskGB: 80, Monthly: 24, Available: true}
	rescue   = approvals.Rescue{Known: true, Backup: &backup, Snapshot: &snapshot}
)

// ask makes a request as the service makes it, judged by the built-in policy.
func ask(t testing.TB, typ string, args map[string]string, ds ...approvals.Droplet) *approvals.Request {
	t.Helper()
	danger := approvals.Safe
	if a, ok := api.Lookup(typ); ok {
		danger = approvals.Danger(a.Danger(args))
	}
	r := &approvals.Request{
		ID: "r-0h7k2mzq9x4c", Version: 1, Requester: alice, CreatedAt: noon, Usual: 72 * time.Second,
		Action: approvals.Action{Type: typ, Args: args, Danger: danger},
		Card:   approvals.MessageRef{ChannelID: "C0OPS", TS: "1700000000.000100"},
		Origin: approvals.Origin{ChannelID: "C0OPS"},
	}
	for i, d := range ds {
		r.Targets = append(r.Targets, approvals.Target{Ordinal: i, Droplet: d, State: approvals.Queued})
	}
	r.Verdict = approvals.BuiltIn{}.Verdict(approvals.Case{Action: r.Action, Targets: ds, Requester: alice, Now: noon})
	if r.Verdict.Outcome == approvals.Allow {
		r.State, r.StartedAt = approvals.Running, noon
		return r
	}
	r.State, r.ExpiresAt = approvals.Pending, noon.Add(r.Verdict.Within)
	return r
}

func rebuild(t testing.TB) *approvals.Request {
	r := ask(t, "rebuild", map[string]string{"image": "ubuntu-24-04-x64"}, web1)
	r.Image, r.Rescue = &noble, &rescue
	r.Reason = "disk is corrupt since the power cut, see incident 42"
	return r
}

// story drives a request through what the runner and people do with it.
type story struct {
	t testing.TB
	r *approvals.Request
}

func (s story) did(_ approvals.Change, err error) story {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	return s
}

func (s story) decide(k approvals.DecisionKind, by approvals.Person, after time.Duration) story {
	s.t.Helper()
	return s.did(s.r.Decide(k, by, at(after)))
}

func (s story) send(i int, after time.Duration) story {
	s.t.Helper()
	return s.did(s.r.Dispatch(i, "host", s.r.Action.Type, 7, at(after)))
}

// sendAs sends one of several actions.
func (s story) sendAs(typ string, after time.Duration) story {
	s.t.Helper()
	return s.did(s.r.Dispatch(0, "host", typ, 7, at(after)))
}

func (s story) onward(after time.Duration, o approvals.Onward) story {
	s.t.Helper()
	return s.did(s.r.Next(0, o, at(after)))
}

func (s story) accept(i int, after time.Duration) story {
	s.t.Helper()
	return s.did(s.r.Accepted(i, ref(i, "in-progress", after), false, at(after)))
}

func (s story) end(i int, after time.Duration, e approvals.Ending) story {
	s.t.Helper()
	return s.did(s.r.End(i, e, at(after)))
}

func ref(i int, status string, after time.Duration) approvals.ActionRef {
	return approvals.ActionRef{ID: 36804636 + i, Status: status, StartedAt: at(after), RequestID: "ab12"}
}

// running is the rebuild, approved after two minutes and sent at once.
func running(t testing.TB) story {
	return story{t, rebuild(t)}.decide(approvals.ToApprove, bob, 2*time.Minute)
}

func following(t testing.TB) story {
	return running(t).send(0, 121*time.Second).accept(0, 122*time.Second)
}

func rebuilt() *approvals.Droplet {
	d := web1
	d.ImageID, d.Image = noble.ID, noble.Slug
	return &d
}

// fleet is n Droplets of a kind.
func fleet(n int) []approvals.Droplet {
	out := make([]approvals.Droplet, n)
	for i := range out {
		d := web1
		d.ID, d.Name, d.PublicIP = 3164000+i, fmt.Sprintf("web-%d", i+1), fmt.Sprintf("203.0.113.%d", i%250+1)
		out[i] = d
	}
	return out
}
