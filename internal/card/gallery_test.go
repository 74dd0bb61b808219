package card_test

import (
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

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
	draw("bulk_drifted_gone", bulkDrifted(t), 3*time.Minute)
	draw("bulk_mixed_running", mixed(t, false).r, 3*time.Minute)
	draw("bulk_mixed_ended", mixed(t, true).r, 5*time.Minute)
	r = ask(t, "power_off", nil, fleet(300)...)
	r.Tag = "web"
	draw("bulk_300_pending", r, time.Second)
	draw("bulk_300_running", many(t).r, 2*time.Minute)

	r = ask(t, "change_backup_policy", map[string]string{"plan": "daily", "hour": "4"}, web1)
	r.Present = "backups weekly on SUN, 00:00–04:00 UTC, each kept 28 days"
	draw("running_backup_policy", r, time.Second)
	off := web1
	off.Status = "off"
	r = ask(t, "resize", map[string]string{"size": "s-2vcpu-4gb", "disk": "true"}, off)
	r.Plan, r.Rescue = &larger, &approvals.Rescue{Known: true}
	draw("pending_resize_disk", r, time.Second)
	r = ask(t, "resize", map[string]string{"size": "s-2vcpu-4gb"}, off)
	r.Plan = &larger
	draw("running_resize", story{t, r}.send(0, time.Second).accept(0, 2*time.Second).r, 3*time.Second)
	off.Size = "s-2vcpu-4gb"
	r = ask(t, "resize", map[string]string{"size": "s-2vcpu-4gb", "disk": "true"}, off)
	r.Plan = &larger
	draw("pending_resize_same_size", r, time.Second)

	mixed := fleet(3)
	mixed[1].DiskGB, mixed[1].Monthly = 160, 24
	r = ask(t, "rebuild", map[string]string{"image": "ubuntu-24-04-x64"}, mixed...)
	r.Image, r.Tag = &noble, "web"
	draw("bulk_pending_rebuild", r, time.Second)
	r = ask(t, "shutdown", nil, mixed...)
	r.Tag, r.LeftOut = "web", []string{"web-4 is off already.", "web-5 is off already."}
	draw("bulk_pending_left_out", r, time.Second)
	r = ask(t, "resize", map[string]string{"size": "s-2vcpu-4gb", "disk": "true"}, fleet(3)...)
	r.Plan, r.Tag = &larger, "web"
	draw("bulk_pending_resize_disk", r, time.Second)

	draw("hostile", hostile(t), time.Second)
	for _, a := range api.Catalogue() {
		draw("completed_"+a.Type, completed(t, a), 10*time.Minute)
	}
	return out
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
	draw("ended_all_of_several", all3(t), approvals.Note{Kind: approvals.NoteEnded, Ordinal: 2})
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
	looking := []card.Verb{
		{Name: "list", Usage: "list [glob] [--status active|off]", Summary: "the Droplets", Example: "list web*",
			Flags: []api.Param{{Name: "status", Doc: "those with this status", Choices: []string{"active", "off"}}, {Name: "gpu", Doc: "those with a GPU"}}},
		{Name: "info", Usage: "info <target>", Summary: "everything there is to know of a Droplet", Example: "info web-1"},
	}
	return map[string]card.Message{
		"reply_sentence":    card.Reply("No Droplet is called *wbe-1*. Did you mean `web-1`?"),
		"reply_fault":       card.Fault("f-3k9d"),
		"reply_pick":        card.Pick("pick:reboot", "3 Droplets are called *web*. Which one is to be rebooted?", ds[:3]),
		"reply_pick_120":    card.Pick("pick:reboot", "120 Droplets are called *web*. Which one is to be rebooted?", ds),
		"reply_search":      card.Search("pick:reboot", "Which Droplet is to be rebooted?"),
		"help":              card.Help("/droplet", api.Catalogue(), looking),
		"help_rebuild":      card.HelpAction(rebuild, "/droplet", "web-1"),
		"help_resize":       card.HelpAction(resize, "@dropletops", "db-1"),
		"help_backuppolicy": card.HelpAction(policy, "/droplet", "web-1"),
		"help_list":         card.HelpLooking(looking[0], "/droplet"),
		"help_nobody":       card.HelpNobody("You are a guest in this workspace. Only full members of this workspace may use Dropletops.", "/droplet"),
	}
}
