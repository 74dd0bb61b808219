package card

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dropletops/approvals"
)

// status says what happens now, or what came of it.
func status(r *approvals.Request, now time.Time) []string {
	switch r.State {
	case approvals.Pending:
		return waiting(r)
	case approvals.Running:
		if len(r.Targets) == 1 {
			return []string{progress(r, r.Targets[0], now)}
		}
		return []string{tally(r) + " Running " + since(r.StartedAt, now) + each(r)}
	case approvals.Completed, approvals.Failed, approvals.Unknown:
		return outcome(r)
	case approvals.Denied:
		return []string{"*Denied* by " + denier(r) + ", " + dated(r.EndedAt) + ". Nothing was done.", because(r, approvals.ToDeny), prose(r.Note)}
	case approvals.Expired:
		return []string{"*Nobody decided in time.* It waited " + span(r.Verdict.Within) + ". Nothing was done.", "Still needed? Ask again.", prose(r.Note)}
	case approvals.Canceled:
		if who := deciders(r, approvals.ToCancel); who != "" {
			return []string{"*Canceled* by " + who + ", " + dated(r.EndedAt) + ". Nothing was done.", prose(r.Note)}
		}
		return []string{"*Called off.* Nothing was done.", prose(r.Note)}
	}
	return nil
}

// denier is who denied it: a person, or the policy as it was by then.
func denier(r *approvals.Request) string {
	if who := deciders(r, approvals.ToDeny); who != "" {
		return who
	}
	return "the policy"
}

// waiting says for whom a pending request waits, and until when.
func waiting(r *approvals.Request) []string {
	until := "*Until " + clock(r.ExpiresAt) + "* (" + span(r.Verdict.Within) + ") "
	asker := mention(r.Requester.UserID) + ", who asked"
	switch {
	case r.Verdict.Outcome == approvals.Confirm:
		return []string{until + asker + ", can confirm this.", prose(r.Verdict.Because)}
	case r.Verdict.People() < 2 && len(r.Verdict.Needs) == 0:
		return []string{until + "any full member of this workspace can approve this, except " + asker + "." + factor(r), glass(r), prose(r.Verdict.Because)}
	}
	return []string{until + "it waits for approval by " + lacking(r) + ", not counting " + asker + "." +
		fmt.Sprintf(" So far %s approved.", counted(len(r.Approvals()), "person has", "people have")) + factor(r), glass(r), prose(r.Verdict.Because)}
}

func counted(n int, one, more string) string {
	switch n {
	case 0:
		return "nobody has"
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// drift says what changed since people decided, while they decide anew.
func drift(r *approvals.Request) []string {
	var out []string
	switch {
	case len(r.Drift) == 0:
		return nil
	case r.State == approvals.Pending && decided(r):
		out = []string{"", "⚠️ *Changed since it was decided. Nothing was done; the earlier decisions no longer count.*"}
	case r.State == approvals.Pending:
		out = []string{"", "⚠️ *Changed since it was asked for. Nothing was done; it needs a decision now.*"}
	case r.Verdict.Outcome == approvals.Allow:
		out = []string{"", "⚠️ *Changed since it was asked for:*"}
	default:
		return nil
	}
	const most = 10
	for _, d := range r.Drift[:min(most, len(r.Drift))] {
		out = append(out, "• "+changed(r, d))
	}
	if more := len(r.Drift) - most; more > 0 {
		out = append(out, fmt.Sprintf("• and %d more changes", more))
	}
	return out
}

// decided reports whether anyone let a request go ahead, in whatever round.
func decided(r *approvals.Request) bool {
	return slices.ContainsFunc(r.Drift, func(d approvals.Difference) bool { return d.What == approvals.OfApproval }) || slices.ContainsFunc(r.Decisions, func(d approvals.Decision) bool {
		return d.Kind == approvals.ToApprove || d.Kind == approvals.ToConfirm || d.Kind == approvals.ToBreakGlass
	})
}

// changed says one difference, with its Droplet where there are several.
func changed(r *approvals.Request, d approvals.Difference) string {
	switch d.What {
	case approvals.OfApproval:
		return "the approval by " + mention(d.Was) + " no longer counts: " + escaped(d.Is, maxShort)
	case approvals.OfLeaves, approvals.OfGoes:
		return d.What + ": " + escaped(d.Was, maxGoing) + " → " + escaped(d.Is, maxGoing)
	case approvals.OfAge:
		return "it could not be sent for " + escaped(d.Is, maxShort) + ", so the earlier decision no longer counts"
	case approvals.OfPolicy:
		return "the policy asks for more: " + escaped(d.Was, maxName) + " → " + escaped(d.Is, maxName)
	}
	was, is := escaped(d.Was, maxShort), escaped(d.Is, maxShort)
	what := escaped(d.What, maxShort)
	if len(r.Targets) == 1 && d.Is != "gone" || d.DropletID == 0 {
		return what + ": " + was + " → " + is
	}
	for _, t := range r.Targets {
		if t.Droplet.ID == d.DropletID {
			return name(t.Droplet) + " " + what + ": " + was + " → " + is
		}
	}
	return fmt.Sprintf("%s (ID %d) is gone and is left out", what, d.DropletID)
}

// progress says where a target of a running request is.
func progress(r *approvals.Request, t approvals.Target, now time.Time) string {
	if t.State.Ended() {
		return ended(t)
	}
	return stepOf(r, t) + present(r, t, now)
}

func present(r *approvals.Request, t approvals.Target, now time.Time) string {
	who := name(t.Droplet)
	switch t.State {
	case approvals.Queued:
		for_ := ""
		if !t.WaitSince.IsZero() {
			for_ = " Waiting " + since(t.WaitSince, now) + "."
		}
		switch t.Wait {
		case approvals.WaitPendingEvent:
			return "*Waits in line:* another action on " + who + " is under way at DigitalOcean. Goes on by itself." + for_
		case approvals.WaitRateLimit:
			return "*Waits its turn:* DigitalOcean takes no more requests just now. Goes on by itself." + for_
		case approvals.WaitName:
			return "*Waits in line:* another request is creating a Droplet called " + who + ". Goes on by itself." + for_
		case approvals.WaitPeople:
			return "*Slack does not say who may decide.* " + yet(t) + " Tried again by itself." + for_
		case approvals.WaitNotVisible:
			return "*DigitalOcean does not show " + who + " at the moment.* " + yet(t) + " Checked again automatically." + for_
		case approvals.WaitUnreachable:
			return "*DigitalOcean can't be reached.* " + yet(t) + " Tried again by itself." + for_
		}
		return "*About to be sent* to DigitalOcean."
	case approvals.Dispatching:
		if !t.LostAt.IsZero() {
			return "*DigitalOcean's answer was lost.* " + sought(r, who)
		}
		return "*Being sent* to DigitalOcean."
	case approvals.Following:
		underWay := since(began(t), now) + usual(r)
		switch {
		case !t.SettlingAt.IsZero():
			return "*DigitalOcean calls it done.* Waiting until " + who + " shows it; under way " + underWay
		case t.Slow:
			return "*Takes longer than usual:* under way " + underWay + " Dropletops keeps watching."
		}
		return "*Under way* " + underWay
	}
	return ended(t)
}

// yet says how far it has come while it waits.
func yet(t approvals.Target) string {
	if t.Step > 0 {
		return "What is next was not sent yet."
	}
	return "Nothing was sent yet."
}

// since says from when on something is so. How long that is stands there only
// where it means something: a card is not drawn anew every second.
func since(t, now time.Time) string {
	if d := now.Sub(t); d >= 5*time.Second {
		return "for " + span(d) + ", since " + precise(t)
	}
	return "since " + precise(t)
}

// began is when a target was sent. Our own clock, not DigitalOcean's: it is
// also the one that tells the end.
func began(t approvals.Target) time.Time {
	switch {
	case !t.BeganAt.IsZero():
		return t.BeganAt
	case t.DispatchedAt.IsZero() && t.Action != nil:
		return t.Action.StartedAt
	}
	return t.DispatchedAt
}

// usual ends a sentence with how long it usually takes.
func usual(r *approvals.Request) string {
	if u := usually(r); u != "" {
		return ". Usually takes " + u + "."
	}
	return "."
}

func each(r *approvals.Request) string {
	if u := usually(r); u != "" {
		return ". One usually takes " + u + "."
	}
	return "."
}

// outcome says how it ended, with the problem or the result, before and after.
func outcome(r *approvals.Request) []string {
	out := []string{}
	switch {
	case r.State == approvals.Completed:
		out = append(out, "*Done* in "+took(r)+"."+spaced(result(r)))
	case r.State == approvals.Unknown:
		out = append(out, "*It may or may not have happened:* DigitalOcean's answer was lost. Look before you retry.")
	case untouched(r):
		out = append(out, "*It did not work.* Nothing was sent to DigitalOcean.")
	default:
		out = append(out, "*It did not work*, after "+took(r)+".")
	}
	if len(r.Targets) != 1 {
		return append(out, tally(r), prose(r.Note))
	}
	t := r.Targets[0]
	if r.Note != t.Problem {
		out = append(out, prose(r.Note))
	}
	out = append(out, problem(t))
	if r.State != approvals.Completed {
		out = append(out, result(r)) // what was made before it failed
	}
	before, after := compare(t)
	if before == "" {
		return out
	}
	return append(out, "*Before:* "+before, "*After:* "+after)
}

// untouched says whether certainly nothing was ever sent to DigitalOcean.
func untouched(r *approvals.Request) bool {
	for _, t := range r.Targets {
		if !t.DispatchedAt.IsZero() || t.Action != nil {
			return false
		}
	}
	return true
}

// took is how long a request took to its end: one Droplet's from when it was
// sent, as its thread tells it, and how long it waited in line before, where that
// is worth a word.
func took(r *approvals.Request) string {
	if len(r.Targets) != 1 || began(r.Targets[0]).IsZero() {
		return span(r.EndedAt.Sub(r.StartedAt))
	}
	t := r.Targets[0]
	if waited := began(t).Sub(r.StartedAt); waited >= 10*time.Second {
		return lasting(t) + ", after " + span(waited) + " in line"
	}
	return lasting(t)
}

// lasting is how long a target took from when it was sent.
func lasting(t approvals.Target) string { return span(t.EndedAt.Sub(began(t))) }

// compare tells a Droplet before and after: its status always, the rest where
// it changed.
func compare(t approvals.Target) (before, after string) {
	b := t.Droplet
	if b.ID == 0 {
		return "", "" // it was not there before
	}
	if t.After == nil {
		if t.State == approvals.TargetDone {
			return escaped(b.Status, maxShort), "not known"
		}
		return "", ""
	}
	a := *t.After
	var was, is []string
	add := func(what, x, y string, always bool) {
		if x == y && !always {
			return
		}
		for _, p := range []struct {
			to *[]string
			v  string
		}{{&was, x}, {&is, y}} {
			v := escaped(p.v, maxShort)
			if v == "" {
				v = "none"
			}
			if what != "" {
				v = what + " " + v
			}
			*p.to = append(*p.to, v)
		}
	}
	add("", b.Status, a.Status, true)
	add("name", b.Name, a.Name, false)
	add("size", b.Size, a.Size, false)
	add("disk", fmt.Sprintf("%d GB", b.DiskGB), fmt.Sprintf("%d GB", a.DiskGB), false)
	if b.ImageID != a.ImageID && b.CanRead("image") && a.CanRead("image") {
		add("image", b.Image, a.Image, true)
	}
	add("region", b.Region, a.Region, false)
	add("address", b.PublicIP, a.PublicIP, false)
	add("IPv6", b.PublicIP6, a.PublicIP6, false)
	add("private address", b.PrivateIP, a.PrivateIP, false)
	add("kernel", fmt.Sprint(b.KernelID), fmt.Sprint(a.KernelID), false)
	add("backups", onOff(b.Backups), onOff(a.Backups), false)
	return strings.Join(was, ", "), strings.Join(is, ", ")
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
