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
	draw("pending_by_policy", story{t, guarded(t)}.decide(approvals.ToApprove, dba(bob), time.Minute).r, time.Minute)
	renamed := ask(t, "rename", map[string]string{"name": "x-1"}, web1)
	renamed.Verdict = approvals.Verdict{Outcome: approvals.Approve, Count: 2, Within: 30 * time.Minute, Rule: "databases",
		Needs:   []approvals.Need{{Rule: "databases", Count: 2, From: []string{"dba"}}},
		Because: "Rules of the policy go by the name: called x-1, it would take less for rebuild, restore."}
	renamed.State, renamed.ExpiresAt = approvals.Pending, at(30*time.Minute)
	draw("pending_rename_weakens", renamed, time.Minute)
	draw("pending_policy_asks_for_more", askedMore(t), time.Minute)
	draw("pending_decision_too_old", tooOld(t), 4*time.Hour+time.Minute)
	rest, _ := stoppedRest(t)
	draw("running_rest_stopped", rest, 4*time.Minute)
	draw("running_allowed_drift", allowedDrift(t), 30*time.Second)
	draw("pending_policy_changed", overtaken(t), 4*time.Minute)
	draw("broke_glass", glassBroken(t).r, 2*time.Minute)
	draw("broke_glass_reviewed", glassBroken(t).decide(approvals.ToReview, dba(bob), 9*time.Minute).r, 9*time.Minute)
	r = story{t, rebuild(t)}.decide(approvals.ToDeny, bob, 3*time.Minute).r
	draw("denied_with_reason", story{t, r}.did(r.Explain(bob.Who, "db-1 is the one that is broken, not web-1", at(4*time.Minute))).r, 4*time.Minute)

	draw("running_queued", running(t).r, 2*time.Minute)
	for _, w := range []approvals.Wait{approvals.WaitPendingEvent, approvals.WaitRateLimit, approvals.WaitUnreachable, approvals.WaitPeople} {
		s := running(t).send(0, 121*time.Second)
		draw("running_waits_"+string(w), s.did(s.r.PutBack(0, w, approvals.Answer{}, at(122*time.Second))).r, 165*time.Second)
	}
	draw("running_dispatching", running(t).send(0, 121*time.Second).r, 122*time.Second)
	s := running(t).send(0, 121*time.Second)
	draw("running_lost", s.did(s.r.Lost(0, "connection reset", approvals.Answer{}, at(123*time.Second))).r, 124*time.Second)
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
	draw("unknown", s.did(s.r.Lost(0, "connection reset", approvals.Answer{}, at(123*time.Second))).end(0, 184*time.Second, approvals.Ending{
		State:   approvals.TargetUnknown,
		Problem: "No rebuild that began since 12:02:01 UTC is among the actions of web-1.",
	}).r, 4*time.Minute)

	draw("bulk_pending_confirm", ask(t, "reboot", nil, fleet(3)...), time.Second)
	r = ask(t, "power_off", nil, fleet(3)...)
	r.Tag = "web"
	draw("bulk_pending_tag", r, time.Second)
	draw("bulk_pending_two_needs", twofold(t), time.Second)
	draw("bulk_pending_two_needs_1_so_far", story{t, twofold(t)}.decide(approvals.ToApprove, dba(bob), time.Minute).r, 2*time.Minute)
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
	r = ask(t, "change_backup_policy", map[string]string{"plan": "weekly", "weekday": "SUN", "hour": "4"}, web1)
	r.Present = "backups daily, 04:00–08:00 UTC, each kept 7 days"
	r.Heed = "This is less protection: with weekly backups in place of daily ones, up to a week of changes can be lost instead of a day."
	draw("running_heed", r, time.Second)
	off := web1
	off.Status = "off"
	r = ask(t, "resize", map[string]string{"size": "s-2vcpu-4gb", "disk": "true"}, off)
	r.Plan, r.Rescue = &larger, &approvals.Rescue{Known: true}
	draw("pending_resize_disk", r, time.Second)
	r = ask(t, "resize", map[string]string{"size": "s-2vcpu-4gb"}, off)
	r.Plan = &larger
	draw("running_resize", story{t, r}.send(0, time.Second).accept(0, 2*time.Second).r, 3*time.Second)
	for _, resized := range []struct {
		name string
		args map[string]string
		on   []approvals.Droplet
	}{
		{"running_resize_on", map[string]string{"size": "s-2vcpu-4gb"}, []approvals.Droplet{web1}},
		{"pending_resize_disk_on_snapshot_first", map[string]string{"size": "s-2vcpu-4gb", "disk": "true", "snapshot_first": "true"}, []approvals.Droplet{web1}},
		{"bulk_pending_resize_some_on", map[string]string{"size": "s-2vcpu-4gb"}, append(fleet(2), off)},
	} {
		r = ask(t, "resize", resized.args, resized.on...)
		r.Plan, r.Rescue = &larger, &approvals.Rescue{Known: true}
		draw(resized.name, r, time.Second)
	}
	r = ask(t, "resize", map[string]string{"size": "s-2vcpu-4gb"}, web1)
	s = story{t, r}.sendAs("shutdown", time.Second).accept(0, 2*time.Second).onward(20*time.Second, approvals.Onward{To: 2, Sends: "resize"}).
		sendAs("resize", 21*time.Second).accept(0, 22*time.Second).onward(2*time.Minute, approvals.Onward{To: 3, Sends: "power_on",
		Fault: &approvals.Fault{State: approvals.TargetErrored, Problem: "DigitalOcean reports that the resize (action 36804636) failed (errored)."}})
	draw("running_resize_failed_putting_right", s.r, 2*time.Minute)
	after := web1
	draw("failed_resize_on_again", s.sendAs("power_on", 121*time.Second).accept(0, 122*time.Second).end(0, 140*time.Second, approvals.Ending{State: approvals.TargetErrored, After: &after,
		Problem: "DigitalOcean reports that the resize (action 36804636) failed (errored). web-1 is on again, with its old size s-1vcpu-1gb."}).r, 3*time.Minute)
	r = rebuild(t)
	r.Action.Args["snapshot_first"], r.Rescue = "true", &approvals.Rescue{Known: true}
	draw("pending_rebuild_snapshot_first", r, time.Second)
	s = story{t, r}.decide(approvals.ToApprove, bob, time.Second).sendAs("snapshot", 2*time.Second).accept(0, 3*time.Second)
	draw("running_rebuild_snapshot_first", s.r, time.Minute)
	s = s.onward(2*time.Minute, approvals.Onward{To: 1, Sends: "rebuild", Made: "The new snapshot is web-1 before rebuild 2026-11-21-1200, ID 180000012."})
	draw("failed_rebuild_after_its_snapshot", s.end(0, 3*time.Minute, approvals.Ending{State: approvals.TargetErrored,
		Problem: "The Droplet is not what was approved any more (name: web-1 → web-one). Nothing was done but to take the snapshot."}).r, 4*time.Minute)
	off.Size = "s-2vcpu-4gb"
	r = ask(t, "resize", map[string]string{"size": "s-2vcpu-4gb", "disk": "true"}, off)
	r.Plan = &larger
	draw("pending_resize_same_size", r, time.Second)

	draw("running_create", story{t, create(t, nil, "web-9")}.make(0, time.Second).r, 20*time.Second)
	r = create(t, map[string]string{"ipv6": "true", "backups": "true", "plan": "weekly", "weekday": "SUN", "monitoring": "true", "tags": "web,fresh",
		"vpc": "760e09ef-dc84-11e8-981e-3cfdfeaae000", "user-data": "#cloud-config\nruncmd:\n - touch <!here>", "agent": "off"}, "web-7", "web-8", "web-9")
	r.LeftOut = []string{"web-1 is there already (Droplet 3164494 in fra1)."}
	draw("bulk_pending_create", r, time.Second)
	r = create(t, nil, "web-1")
	r.Heed = "web-1 is there already (Droplet 3164494 in fra1). DigitalOcean makes another of the name, and a command by it will ask which one is meant."
	draw("running_create_twin", r, time.Second)
	s = story{t, create(t, nil, "web-9")}
	draw("running_create_in_line", s.did(s.r.PutBack(0, approvals.WaitName, approvals.Answer{}, at(time.Second))).r, 10*time.Second)
	s = story{t, create(t, nil, "web-9")}
	s.did(s.r.Creating(0, "host", nil, at(time.Second)))
	draw("running_create_lost", s.did(s.r.Lost(0, "connection reset", approvals.Answer{}, at(2*time.Second))).r, 10*time.Second)
	s = story{t, create(t, nil, "web-7", "web-8", "web-9")}.decide(approvals.ToConfirm, alice, time.Second).make(0, 2*time.Second).made(0, 50*time.Second).make(1, 3*time.Second)
	s.did(s.r.Creating(2, "host", nil, at(4*time.Second)))
	draw("bulk_running_create", s.r, time.Minute)
	s.end(1, 70*time.Second, approvals.Ending{State: approvals.TargetErrored, Problem: "DigitalOcean reports that the action 36804637 failed (errored). It gives no reason; its control panel may."})
	s.end(2, 80*time.Second, approvals.Ending{State: approvals.TargetErrored, Problem: "Could not create web-9: DigitalOcean refused it: creating this/these droplet(s) will exceed your droplet limit. Destroy a Droplet that is not needed any more, or ask DigitalOcean for a higher limit: control panel, Settings, Team."})
	draw("bulk_failed_create", s.r, 2*time.Minute)
	s = story{t, create(t, map[string]string{"unless-present": "true"}, "web-9")}
	draw("completed_create_present", s.end(0, time.Second, approvals.Ending{State: approvals.TargetDone, After: &web1, Anyway: true,
		Result: "Droplet 3164494 in fra1 is called so by now: none was created."}).r, time.Minute)
	draw("pending_destroy", destroy(t), time.Second)
	r = destroy(t)
	r.Action.Args = map[string]string{"with": "volumes,snapshots"}
	r.Leaves = &approvals.Leaves{Known: true, Items: []string{"reserved IP 203.0.113.4, $5.00 a month"}, Goes: []approvals.Going{
		{Kind: "volumes", ID: "506f78a4-e098-11e5-ad9f-000f53306ae1", Words: "volume web-1-data, $20.00 a month"}, {Kind: "snapshots", ID: "61486916", Words: "snapshot " + nasty}}}
	draw("pending_destroy_with", r, time.Second)
	r = destroy(t)
	r.Rescue, r.Leaves = &approvals.Rescue{Known: true, Backup: &backup}, &approvals.Leaves{Known: true}
	draw("pending_destroy_no_way_back", r, time.Second)
	r = destroy(t)
	r.Rescue, r.Leaves = &approvals.Rescue{}, &approvals.Leaves{}
	draw("pending_destroy_nothing_known", r, time.Second)
	s = story{t, destroy(t)}.decide(approvals.ToApprove, bob, 2*time.Minute)
	draw("pending_destroy_drifted", s.did(s.r.Drifted([]approvals.Difference{{What: approvals.OfLeaves, Was: "not there", Is: "volume fresh, $5.00 a month"}},
		map[int]approvals.Droplet{web1.ID: web1}, nil, at(3*time.Minute))).r, 3*time.Minute)
	s = story{t, destroy(t)}.decide(approvals.ToApprove, bob, 2*time.Minute).vanish(0, 2*time.Minute)
	draw("running_destroy", s.r, 125*time.Second)
	s = story{t, destroy(t)}.decide(approvals.ToApprove, bob, 2*time.Minute).send(0, 2*time.Minute)
	draw("running_destroy_lost", s.did(s.r.Lost(0, "connection reset", approvals.Answer{}, at(123*time.Second))).r, 125*time.Second)
	r = ask(t, "destroy", nil, fleet(3)...)
	r.Tag, r.Leaves = "web", &approvals.Leaves{Known: true, Items: []string{"web-1: volume web-1-data, $20.00 a month", "web-3: reserved IP 203.0.113.99"}}
	draw("bulk_pending_destroy", r, time.Second)
	r = ask(t, "destroy", nil, fleet(30)...)
	r.Tag, r.Leaves = "web", &approvals.Leaves{}
	draw("bulk_pending_destroy_30", r, time.Second)

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
		out["note_"+name] = card.Note(r, n)
	}
	all := -1
	r := running(t).r
	draw("approved", r, approvals.Note{Kind: approvals.NoteApproved, Ordinal: all, Who: "U0BOB", At: at(time.Minute)})
	draw("approved_1_of_2", r, approvals.Note{Kind: approvals.NoteApproved, Ordinal: all, Who: "U0BOB", Detail: "1 of 2", At: at(time.Minute)})
	draw("approved_by_policy", guarded(t), approvals.Note{Kind: approvals.NoteApproved, Ordinal: all, Who: "U0BOB", Detail: "1 of 2, missing: 1 member of dba or sre"})
	draw("approved_one_of_two_needs", twofold(t), approvals.Note{Kind: approvals.NoteApproved, Ordinal: all, Who: "U0BOB", Detail: "1 approved, missing: 1 member of dba, and 1 member of sre"})
	draw("retracted", guarded(t), approvals.Note{Kind: approvals.NoteRetracted, Ordinal: all, Who: "U0BOB", Detail: "0 of 2, missing: 2 members of dba or sre"})
	draw("explained", rebuild(t), approvals.Note{Kind: approvals.NoteExplained, Ordinal: all, Who: "U0BOB", Detail: "db-1 is the one that is broken, not <!channel>"})
	draw("reminder", rebuild(t), approvals.Note{Kind: approvals.NoteReminder, Ordinal: all})
	draw("reminder_by_policy", guarded(t), approvals.Note{Kind: approvals.NoteReminder, Ordinal: all, Whom: []approvals.Group{
		{Name: "dba", Users: []string{"U0BOB"}, UserGroups: []string{"S0DBA"}}, {Name: "sre", Channels: []string{"C0SRE"}}}})
	broke := approvals.Note{Kind: approvals.NoteBroke, Ordinal: all, Who: "U0CAROL", Detail: "nobody of dba answers, the shop is down", At: at(2 * time.Minute)}
	draw("broke", glassBroken(t).r, broke)
	broke.Channel = "C0LOUD"
	draw("broke_announced", glassBroken(t).r, broke)
	draw("reviewed", glassBroken(t).r, approvals.Note{Kind: approvals.NoteReviewed, Ordinal: all, Who: "U0BOB"})
	draw("denied_by_policy", rebuild(t), approvals.Note{Kind: approvals.NoteDenied, Ordinal: all, Who: approvals.Self, Detail: "The policy does not allow this any more. Changes are frozen until Monday."})
	draw("drifted_goes_on", drifted(t), approvals.Note{Kind: approvals.NoteDrifted, Ordinal: all, Detail: approvals.GoesOn})
	draw("confirmed", ask(t, "reboot", nil, fleet(3)...), approvals.Note{Kind: approvals.NoteConfirmed, Ordinal: all, Who: "U0ALICE"})
	draw("denied", story{t, rebuild(t)}.decide(approvals.ToDeny, bob, time.Minute).r, approvals.Note{Kind: approvals.NoteDenied, Ordinal: all, Who: "U0BOB"})
	draw("expired", rebuild(t), approvals.Note{Kind: approvals.NoteExpired, Ordinal: all})
	draw("canceled", story{t, rebuild(t)}.decide(approvals.ToCancel, alice, time.Minute).r, approvals.Note{Kind: approvals.NoteCanceled, Ordinal: all, Who: "U0ALICE"})
	half := mixed(t, false).decide(approvals.ToCancel, alice, 3*time.Minute).r
	draw("canceled_the_rest", half, approvals.Note{Kind: approvals.NoteCanceled, Ordinal: all, Who: "U0ALICE"})
	draw("drifted", drifted(t), approvals.Note{Kind: approvals.NoteDrifted, Ordinal: all})
	for _, w := range []approvals.Wait{approvals.WaitPendingEvent, approvals.WaitRateLimit, approvals.WaitUnreachable, approvals.WaitPeople} {
		draw("waiting_"+string(w), r, approvals.Note{Kind: approvals.NoteWaiting, Detail: string(w)})
	}
	draw("started", following(t).r, approvals.Note{Kind: approvals.NoteStarted})
	draw("slow", following(t).r, approvals.Note{Kind: approvals.NoteSlow, At: at(7 * time.Minute)})
	draw("lost", running(t).send(0, 121*time.Second).r, approvals.Note{Kind: approvals.NoteLost})
	draw("late", running(t).send(0, 121*time.Second).end(0, 3*time.Minute, approvals.Ending{
		State: approvals.TargetUnknown, Problem: "No rebuild was found."}).r, approvals.Note{Kind: approvals.NoteLate, Detail: "2233445566"})
	draw("started_create", story{t, create(t, nil, "web-9")}.make(0, time.Second).r, approvals.Note{Kind: approvals.NoteStarted})
	draw("ended_create", createdOne(t), approvals.Note{Kind: approvals.NoteEnded})
	draw("waiting_name", create(t, nil, "web-9"), approvals.Note{Kind: approvals.NoteWaiting, Detail: string(approvals.WaitName)})
	gone := story{t, destroy(t)}.decide(approvals.ToApprove, bob, 2*time.Minute).vanish(0, 2*time.Minute)
	draw("started_destroy", gone.r, approvals.Note{Kind: approvals.NoteStarted})
	draw("lost_destroy", gone.r, approvals.Note{Kind: approvals.NoteLost})
	draw("late_destroy", gone.r, approvals.Note{Kind: approvals.NoteLate, Detail: "0"})
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
	rest, why := stoppedRest(t)
	draw("stopped", rest, approvals.Note{Kind: approvals.NoteStopped, Ordinal: all, Detail: why})
	draw("drifted_undecided", askedMore(t), approvals.Note{Kind: approvals.NoteDrifted, Ordinal: all})
	draw("drifted_age", tooOld(t), approvals.Note{Kind: approvals.NoteDrifted, Ordinal: all})
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
	create, _ := api.Lookup("create")
	destroy, _ := api.Lookup("destroy")
	resize, _ := api.Lookup("resize")
	policy, _ := api.Lookup("change_backup_policy")
	looking := []card.Verb{
		{Name: "list", Usage: "list [pattern] [--status active|off]", Summary: "the Droplets", Example: "list web*",
			Flags: []api.Param{{Name: "status", Doc: "those with this status", Choices: []string{"active", "off"}}, {Name: "gpu", Doc: "those with a GPU"}}},
		{Name: "info", Usage: "info <target>", Summary: "everything there is to know of a Droplet", Example: "info web-1"},
	}
	return map[string]card.Message{
		"reply_sentence":         card.Reply("No Droplet is called *wbe-1*. Did you mean `web-1`?"),
		"reply_fault":            card.Fault("f-3k9d"),
		"reply_unanswered":       card.Unanswered("f-3k9d"),
		"reply_pick":             card.Pick("pick:reboot", "3 Droplets are called *web*. Which one is to be rebooted?", ds[:3]),
		"reply_pick_120":         card.Pick("pick:reboot", "120 Droplets are called *web*. Which one is to be rebooted?", ds),
		"reply_search":           card.Search("pick:reboot", "Which Droplet is to be rebooted?"),
		"help":                   card.Help("/droplet", operations(""), looking, 0),
		"help_left_out":          card.Help("/droplet", operations("")[:9], looking, 2),
		"help_by_policy":         card.Help("/droplet", operations("3f9a1c0b52d7e846", approvals.Allow, approvals.Approve, approvals.Deny), looking, 1),
		"help_policy_mute":       card.Help("/droplet", operations("3f9a1c0b52d7e846"), looking, 0),
		"help_destroy_by_policy": card.HelpAction(destroy, "/droplet", "web-1", approvals.Outlook{Policy: "3f9a1c0b52d7e846", Outcomes: []approvals.Outcome{approvals.Confirm}}),
		"help_resize_by_policy":  card.HelpAction(resize, "/droplet", "web-1", approvals.Outlook{Policy: "3f9a1c0b52d7e846"}),
		"help_create":            card.HelpAction(create, "/droplet", "web-9", approvals.Outlook{}),
		"help_destroy":           card.HelpAction(destroy, "/droplet", "web-1", approvals.Outlook{}),
		"help_rebuild":           card.HelpAction(rebuild, "/droplet", "web-1", approvals.Outlook{}),
		"help_resize":            card.HelpAction(resize, "@dropletops", "db-1", approvals.Outlook{}),
		"help_backuppolicy":      card.HelpAction(policy, "/droplet", "web-1", approvals.Outlook{}),
		"help_list":              card.HelpLooking(looking[0], "/droplet"),
		"help_nobody":            card.HelpNobody("You are a guest in this workspace. Only full members of this workspace may use Dropletops.", "/droplet"),
	}
}

// operations are all actions, with what a policy says of each.
func operations(policy string, outcomes ...approvals.Outcome) []card.Operation {
	var out []card.Operation
	for _, a := range api.Catalogue() {
		out = append(out, card.Operation{Action: a, Outlook: approvals.Outlook{Policy: policy, Outcomes: outcomes}})
	}
	return out
}
