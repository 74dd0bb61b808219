package card_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// cards are the variants that people see, each drawn at a time of its own.
func cards(t testing.TB) map[string]card.Message {
	out := map[string]card.Message{}
	draw := func(name string, r *approvals.Request, after time.Duration) {
		out["card_"+name] = card.Request(r, at(after))
	}

	draw("pending_approve", rebuild(t), time.Second)
	r := rebuild(t)
	r.Reason, r.Rescue = "", &approvals.Rescue{Known: true}
	draw("pending_no_way_back", r, time.Second)
	r = rebuild(t)
	r.Rescue, r.RetryOf = &approvals.Rescue{}, "r-5y8w1n3t6v0b"
	draw("pending_rescue_unknown_retry", r, time.Second)
	draw("pending_confirm", ask(t, "enable_ipv6", nil, web1), time.Second)
	r = rebuild(t)
	r.Verdict.Count = 3
	draw("pending_2_of_3", story{t, r}.decide(approvals.ToApprove, bob, time.Minute).decide(approvals.ToApprove, carol, 2*time.Minute).r, 2*time.Minute)
	draw("pending_drifted", drifted(t), 4*time.Minute)

	draw("running_queued", running(t).r, 2*time.Minute)
	for _, w := range []approvals.Wait{approvals.WaitPendingEvent, approvals.WaitRateLimit, approvals.WaitUnreachable} {
		s := running(t).send(0, 121*time.Second)
		draw("running_waits_"+string(w), s.did(s.r.PutBack(0, w, at(122*time.Second))).r, 165*time.Second)
	}
	draw("running_dispatching", running(t).send(0, 121*time.Second).r, 122*time.Second)
	s := running(t).send(0, 121*time.Second)
	draw("running_lost", s.did(s.r.Lost(0, "connection reset", at(123*time.Second))).r, 124*time.Second)
	draw("running_following", following(t).r, 164*time.Second)
	s = following(t)
	draw("running_slow", s.did(s.r.Slow(0, at(6*time.Minute))).r, 6*time.Minute)
	s = following(t)
	draw("running_settling", s.did(s.r.Settling(0, ref(0, "completed", 3*time.Minute), at(3*time.Minute))).r, 185*time.Second)
	draw("running_allowed", story{t, ask(t, "reboot", nil, web1)}.send(0, time.Second).accept(0, 2*time.Second).r, 20*time.Second)

	draw("failed", failed(t).r, 4*time.Minute)
	s = running(t)
	draw("failed_gone", s.did(s.r.Fail("The Droplet is gone: DigitalOcean says there is no such Droplet any more.", at(121*time.Second))).r, 4*time.Minute)
	r = failed(t).r
	r.RetriedBy = "r-5y8w1n3t6v0b"
	draw("failed_retried", r, 9*time.Minute)
	draw("denied", story{t, rebuild(t)}.decide(approvals.ToDeny, bob, 3*time.Minute).r, 3*time.Minute)
	r = rebuild(t)
	draw("expired", story{t, r}.did(r.Expire(at(30*time.Minute))).r, 30*time.Minute)
	draw("canceled", story{t, rebuild(t)}.decide(approvals.ToCancel, alice, time.Minute).r, time.Minute)
	r = rebuild(t)
	draw("canceled_abandoned", story{t, r}.did(r.Abandon("The card could not be posted: the channel is archived.", at(time.Minute))).r, time.Minute)
	s = running(t).send(0, 121*time.Second)
	draw("unknown", s.did(s.r.Lost(0, "connection reset", at(123*time.Second))).end(0, 184*time.Second, approvals.Ending{
		State:   approvals.TargetUnknown,
		Problem: "No rebuild that began since 12:02:01 UTC is among the actions of web-1.",
	}).r, 4*time.Minute)

	draw("bulk_pending_confirm", ask(t, "reboot", nil, fleet(3)...), time.Second)
	r = ask(t, "power_off", nil, fleet(3)...)
	r.Tag = "web"
	draw("bulk_pending_tag", r, time.Second)
	draw("bulk_mixed_running", mixed(t, false).r, 3*time.Minute)
	draw("bulk_mixed_ended", mixed(t, true).r, 5*time.Minute)
	r = ask(t, "power_off", nil, fleet(300)...)
	r.Tag = "web"
	draw("bulk_300_pending", r, time.Second)
	draw("bulk_300_running", many(t).r, 2*time.Minute)

	draw("hostile", hostile(t), time.Second)
	for _, a := range api.Catalogue() {
		draw("completed_"+a.Type, completed(t, a), 10*time.Minute)
	}
	return out
}

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

func notes(t testing.TB) map[string]card.Message {
	out := map[string]card.Message{}
	draw := func(name string, r *approvals.Request, n approvals.Note) {
		out["note_"+name] = card.Note(r, n, at(time.Hour))
	}
	all := -1
	r := running(t).r
	draw("approved", r, approvals.Note{Kind: approvals.NoteApproved, Ordinal: all, Who: "U0BOB", At: at(time.Minute)})
	draw("approved_1_of_2", r, approvals.Note{Kind: approvals.NoteApproved, Ordinal: all, Who: "U0BOB", Detail: "1 of 2", At: at(time.Minute)})
	draw("confirmed", ask(t, "reboot", nil, fleet(3)...), approvals.Note{Kind: approvals.NoteConfirmed, Ordinal: all, Who: "U0ALICE"})
	draw("denied", story{t, rebuild(t)}.decide(approvals.ToDeny, bob, time.Minute).r, approvals.Note{Kind: approvals.NoteDenied, Ordinal: all, Who: "U0BOB"})
	draw("expired", rebuild(t), approvals.Note{Kind: approvals.NoteExpired, Ordinal: all})
	draw("canceled", story{t, rebuild(t)}.decide(approvals.ToCancel, alice, time.Minute).r, approvals.Note{Kind: approvals.NoteCanceled, Ordinal: all, Who: "U0ALICE"})
	half := mixed(t, false).decide(approvals.ToCancel, alice, 3*time.Minute).r
	draw("canceled_the_rest", half, approvals.Note{Kind: approvals.NoteCanceled, Ordinal: all, Who: "U0ALICE"})
	draw("drifted", drifted(t), approvals.Note{Kind: approvals.NoteDrifted, Ordinal: all})
	for _, w := range []approvals.Wait{approvals.WaitPendingEvent, approvals.WaitRateLimit, approvals.WaitUnreachable} {
		draw("waiting_"+string(w), r, approvals.Note{Kind: approvals.NoteWaiting, Detail: string(w)})
	}
	draw("started", following(t).r, approvals.Note{Kind: approvals.NoteStarted})
	draw("slow", following(t).r, approvals.Note{Kind: approvals.NoteSlow, At: at(7 * time.Minute)})
	draw("lost", running(t).send(0, 121*time.Second).r, approvals.Note{Kind: approvals.NoteLost})
	draw("settling", following(t).r, approvals.Note{Kind: approvals.NoteSettling})
	rb, _ := api.Lookup("rebuild")
	draw("ended_done", completed(t, rb), approvals.Note{Kind: approvals.NoteEnded})
	draw("ended_errored", failed(t).r, approvals.Note{Kind: approvals.NoteEnded})
	draw("ended_unknown", running(t).send(0, 121*time.Second).end(0, 3*time.Minute, approvals.Ending{
		State: approvals.TargetUnknown, Problem: "No rebuild that began since 12:02:01 UTC is among the actions of web-1."}).r, approvals.Note{Kind: approvals.NoteEnded})
	draw("ended_one_of_several", mixed(t, false).r, approvals.Note{Kind: approvals.NoteEnded})
	draw("ended_last_of_several", mixed(t, true).r, approvals.Note{Kind: approvals.NoteEnded, Ordinal: 2})
	draw("failed", rebuild(t), approvals.Note{Kind: approvals.NoteFailed, Ordinal: all, Detail: "The backup is gone: DigitalOcean has no image 9901 any more."})
	draw("hostile", hostile(t), approvals.Note{Kind: approvals.NoteFailed, Ordinal: all, Detail: "*no* <!here>"})
	return out
}

func replies() map[string]card.Message {
	var ds []api.Droplet
	for i, d := range fleet(120) {
		d.Name, d.Region = "web", []string{"fra1", "nyc3", "sgp1"}[i%3]
		ds = append(ds, api.Droplet(d))
	}
	rebuild, _ := api.Lookup("rebuild")
	resize, _ := api.Lookup("resize")
	policy, _ := api.Lookup("change_backup_policy")
	looking := []card.Verb{{Usage: "list [glob] --tag <tag>", Summary: "the Droplets"}, {Usage: "help [verb]", Summary: "this, or one verb"}}
	return map[string]card.Message{
		"reply_sentence":    card.Reply("No Droplet is called *wbe-1*. Did you mean `web-1`?"),
		"reply_fault":       card.Fault("f-3k9d"),
		"reply_pick":        card.Pick("pick:reboot", "3 Droplets are called *web*. Which one is to be rebooted?", ds[:3]),
		"reply_pick_120":    card.Pick("pick:reboot", "120 Droplets are called *web*. Which one is to be rebooted?", ds),
		"reply_search":      card.Search("pick:reboot", "Which Droplet is to be rebooted?"),
		"help":              card.Help(nil, api.Catalogue(), looking...),
		"help_rebuild":      card.Help(rebuild, api.Catalogue()),
		"help_resize":       card.Help(resize, api.Catalogue()),
		"help_backuppolicy": card.Help(policy, api.Catalogue()),
	}
}

// everything is every message there is a golden file of.
func everything(t testing.TB) map[string]card.Message {
	out := cards(t)
	maps.Copy(out, notes(t))
	maps.Copy(out, replies())
	return out
}

func TestGolden(t *testing.T) {
	all := everything(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			got := encode(t, all[name])
			file := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; make it with: go test ./internal/card -update", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("what people see has changed (-was +is); if it is meant: go test ./internal/card -update\n%s", diff)
			}
		})
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := all[strings.TrimSuffix(filepath.Base(f), ".json")]; !ok {
			t.Errorf("%s belongs to no message any more", f)
		}
	}
}

// encode writes a message as it goes to Slack, to be read by people.
func encode(t testing.TB, m card.Message) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	out := map[string]any{"text": m.Text, "blocks": m.Blocks}
	if m.Metadata != nil {
		out["metadata"] = m.Metadata
	}
	if err := e.Encode(out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
