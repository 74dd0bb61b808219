package card

import (
	"fmt"
	"slices"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
)

// Note draws one reply in the thread of a request's card. It stands by itself:
// it names the Droplet, and mentions who asked where something has ended or
// waits for them, but not with every step.
//
// A note may be posted long after what it tells, so it counts up to its own time
// and not to the present one.
func Note(r *approvals.Request, n approvals.Note) Message {
	asker := mention(r.Requester.UserID)
	who, it := mention(n.Who), phrase(r)
	one := approvals.Target{Droplet: approvals.Droplet{Name: subject(r)}}
	if n.Ordinal >= 0 && n.Ordinal < len(r.Targets) {
		one = r.Targets[n.Ordinal]
	}
	on := name(one.Droplet)
	switch n.Kind {
	case approvals.NoteApproved:
		if n.Detail != "" {
			return Reply("👍 " + who + " approved " + it + ". So far " + Escape(n.Detail) + ".")
		}
		return Reply("👍 " + who + " approved " + it + ". It goes ahead.")
	case approvals.NoteRetracted:
		return Reply("↩️ " + who + " took back the approval of " + it + ": " + Escape(n.Detail) + ".")
	case approvals.NoteExplained:
		return Reply("🚫 " + asker + ": " + who + " denied " + it + " because: " + escaped(clean(n.Detail), maxReason))
	case approvals.NoteReminder:
		return Reply("⏰ " + it + " still waits for approval by " + Escape(approvals.Whom(r.Missing())) + ", until " + clock(r.ExpiresAt) + ". " + summoned(n.Whom) + "Asked by " + asker + ".")
	case approvals.NoteBroke:
		return Reply("🚨 " + who + " went ahead alone with " + it + elsewhere(r, n) + ", without the approval it takes (" + Escape(r.Verdict.Rule) + "). *Why:* " + escaped(clean(n.Detail), maxReason) + "\nAsked by " + asker + ". The review is open until another person closes it on the card.")
	case approvals.NoteSnapshot:
		out := "📸 " + who + " added a snapshot to " + it + ": it is taken first, and nothing else is done if it fails."
		if n.Detail == approvals.Void {
			out += " This is another thing than what was approved so far: it needs approving again on the card above."
		}
		return Reply(out)
	case approvals.NoteReviewed:
		return Reply("🔎 " + who + " has reviewed what " + alone(r) + " did alone: " + it + elsewhere(r, n) + ".")
	case approvals.NoteConfirmed:
		return Reply("👍 " + who + " confirmed " + it + ". It goes ahead.")
	case approvals.NoteDenied:
		if n.Who == approvals.Self {
			return Reply("🚫 " + asker + ": " + it + " may not go ahead. " + prose(n.Detail) + " Nothing was done.")
		}
		return Reply("🚫 " + asker + ": " + who + " denied " + it + ". Nothing was done.")
	case approvals.NoteExpired:
		return Reply("⌛ " + asker + ": nobody decided on " + it + " within " + span(r.Verdict.Within) + ", so it expired. Nothing was done. Still needed? Ask again.")
	case approvals.NoteCanceled:
		return Reply("⚪ " + who + " canceled " + it + ". " + calledOff(r))
	case approvals.NoteDrifted:
		if n.Detail == approvals.GoesOn {
			return Reply("⚠️ " + asker + ": " + it + " goes on. Since it was asked for, this changed: " + changes(r) + ".")
		}
		if !decided(r) {
			return Reply("⚠️ " + asker + ": " + it + " needs a decision now, and nothing was done yet. Since it was asked for, this changed: " + changes(r) + ".")
		}
		return Reply("⚠️ " + asker + ": " + it + " needs a fresh decision, and nothing was done yet. Since it was decided, this changed: " + changes(r) + "." + again(r))
	case approvals.NoteWaiting:
		return Reply("⏳ " + on + " " + inLine(approvals.Wait(n.Detail)))
	case approvals.NoteStarted:
		return Reply(started(r, n, one, on))
	case approvals.NoteSlow:
		if r.Patience > 0 {
			return Reply("🐢 " + asker + ": " + verb(r) + " of " + on + " takes longer than the " + span(r.Patience) + " it was given: " + span(n.At.Sub(began(one))) + " so far" + usual(r) + " Dropletops keeps watching.")
		}
		return Reply("🐢 " + verb(r) + " of " + on + " takes longer than usual: " + span(n.At.Sub(began(one))) + " so far" + usual(r) + " Dropletops keeps watching.")
	case approvals.NoteLost:
		return Reply("❓ DigitalOcean's answer to " + verb(r) + " of " + on + " was lost. " + sought(r, "the Droplet"))
	case approvals.NoteLate:
		return Reply("📨 " + asker + ": the answer to " + verb(r) + " of " + on + " came late: DigitalOcean accepted it" + asAction(n) + ". It is not followed any more: look at the Droplet before you retry.")
	case approvals.NoteSettling:
		return Reply("🔄 DigitalOcean calls " + verb(r) + " of " + on + " done. Waiting until the Droplet shows it.")
	case approvals.NoteNext:
		return Reply("⏭️ Next: " + part(r, n, on) + ". " + prose(n.Detail))
	case approvals.NoteEnded:
		return Reply(ending(r, one))
	case approvals.NoteStopped:
		return Reply("🛑 " + asker + ": " + it + " is stopped. " + prose(n.Detail) + " The Droplets that were not acted on yet are left alone; what has begun goes on.")
	case approvals.NoteFailed:
		return Reply("❌ " + asker + ": " + it + " failed, and nothing was sent to DigitalOcean. " + prose(n.Detail))
	}
	return Reply(it + ": " + escaped(string(n.Kind), maxShort) + ". " + prose(n.Detail))
}

// calledOff says how much of a request was called off.
func calledOff(r *approvals.Request) string {
	skipped := 0
	for _, t := range r.Targets {
		if t.State == approvals.TargetSkipped {
			skipped++
		}
	}
	if acted := len(r.Targets) - skipped; skipped > 0 && acted > 0 {
		return fmt.Sprintf("Left alone: %d of %d Droplets. The other %d had been acted on already.", skipped, len(r.Targets), acted)
	}
	return "Nothing was done."
}

// changes says what drifted, in one line.
func changes(r *approvals.Request) string {
	const most = 5
	var out []string
	for _, d := range r.Drift[:min(most, len(r.Drift))] {
		out = append(out, changed(r, d))
	}
	if more := len(r.Drift) - most; more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	if len(out) == 0 {
		return "what the card shows"
	}
	return strings.Join(out, "; ")
}

func inLine(w approvals.Wait) string {
	switch w {
	case approvals.WaitPendingEvent:
		return "waits in line: another action on it is under way at DigitalOcean. It goes on by itself."
	case approvals.WaitRateLimit:
		return "waits its turn: DigitalOcean takes no more requests just now. It goes on by itself."
	case approvals.WaitName:
		return "waits in line: another request is creating a Droplet of that name. It goes on by itself."
	case approvals.WaitPeople:
		return "waits: Slack does not say who may decide. Nothing was sent; it is tried again by itself."
	case approvals.WaitNotVisible:
		return "waits: DigitalOcean does not show it at the moment. Nothing was sent; it is checked again automatically."
	case approvals.WaitUnreachable:
		return "waits: DigitalOcean can't be reached. Nothing was sent; it is tried again by itself."
	}
	return "waits. It goes on by itself."
}

// asAction names the action that a note tells of, where there is one.
func asAction(n approvals.Note) string {
	if n.Detail == "" || n.Detail == "0" {
		return "" // of a destroy DigitalOcean makes none
	}
	return ", as action " + escaped(n.Detail, maxShort)
}

func started(r *approvals.Request, n approvals.Note, t approvals.Target, on string) string {
	out := "🔄 DigitalOcean has begun: " + part(r, n, on)
	if n.Sends != "" && n.Sends != t.Sends {
		return out + "." // it is at another step by now
	}
	if t.Action != nil && t.Action.ID != 0 {
		out += fmt.Sprintf(", action %d", t.Action.ID)
	}
	return out + usual(r)
}

// ending tells how a target ended: what, how long, before and after. Who asked
// is mentioned once: with the last of a request's Droplets.
func ending(r *approvals.Request, t approvals.Target) string {
	what := verb(r) + " of " + name(t.Droplet)
	var out []string
	switch t.State {
	case approvals.TargetDone:
		out = append(out, what+" is done, after "+lasting(t)+".", prose(t.Result))
	case approvals.TargetErrored:
		out = append(out, what+" failed.", problem(t), prose(t.Result))
	case approvals.TargetUnknown:
		out = append(out, what+": the outcome is unknown, someone must look.", problem(t), prose(t.Result))
	case approvals.TargetSkipped:
		out = append(out, what+" was canceled, nothing was sent.")
	default:
		out = append(out, what+" goes on.")
	}
	if before, after := compare(t); before != "" {
		out = append(out, "Before: "+before+". After: "+after+".")
	}
	s := strings.Join(strings.Fields(strings.Join(out, " ")), " ")
	mark := "🔄 "
	for _, g := range groups {
		if g.state == t.State {
			mark = g.mark + " "
		}
	}
	if !last(r, t) {
		return mark + s
	}
	if len(r.Targets) == 1 {
		return mark + mention(r.Requester.UserID) + ": " + s
	}
	return mark + s + "\n" + stateMark(r) + " " + mention(r.Requester.UserID) + ": " + overall(r)
}

// overall is what became of several Droplets.
func overall(r *approvals.Request) string {
	a, ok := api.Lookup(r.Action.Type)
	if r.State != approvals.Completed || !ok || a.Past == "" {
		return phrase(r) + " is " + string(r.State) + ". " + plainly(tally(r))
	}
	all := fmt.Sprintf("all %d Droplets", len(r.Targets))
	if len(r.Targets) == 2 {
		all = "both Droplets"
	}
	if r.Tag == "" {
		return all + " (" + Escape(firstNames(r)) + ") were " + Escape(a.Past) + "."
	}
	return all + " tagged " + escaped(r.Tag, maxShort) + " were " + Escape(a.Past) + "."
}

// again mentions those whose decision no longer counts, and says what they can do.
func again(r *approvals.Request) string {
	var who []string
	verb, anew := "approved", "it needs approving again on the card above"
	for _, d := range r.Decisions {
		if d.Round != r.Round-1 || d.Kind != approvals.ToApprove && d.Kind != approvals.ToConfirm {
			continue
		}
		if d.Kind == approvals.ToConfirm {
			verb, anew = "confirmed", "it needs confirming again on the card above"
		}
		if m := mention(d.By.UserID); !slices.Contains(who, m) {
			who = append(who, m)
		}
	}
	if len(who) == 0 {
		return ""
	}
	return " " + enumerate(who) + " " + verb + " the earlier version; " + anew + "."
}

// last tells the target with which a request ended.
func last(r *approvals.Request, t approvals.Target) bool {
	if r.State.Open() {
		return false
	}
	for _, o := range r.Targets {
		if o.EndedAt.After(t.EndedAt) || o.EndedAt.Equal(t.EndedAt) && o.Ordinal > t.Ordinal && o.State != approvals.TargetSkipped {
			return false
		}
	}
	return true
}
