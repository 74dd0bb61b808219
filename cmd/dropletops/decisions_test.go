package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dropletops/approvals"
)

// decision is how one request is decided, and what that comes to.
type decision struct {
	words  string // of alice
	by     string
	action string // the button
	ends   string
	note   string // part of the note in the thread
	sent   []string
	audit  []string
}

// ran is what the audit log says of a Droplet that was acted on, and of its request.
var ran = []string{"dispatching dropletops", "accepted dropletops", "action completed dropletops", "done dropletops", "request completed dropletops"}

var decisions = []decision{
	{words: "rebuild {} ubuntu-24-04-x64", by: "bob", action: "approve", ends: "completed", note: "<@U0BOB> approved", sent: []string{"rebuild"},
		audit: slices.Concat([]string{"requested U0ALICE", "approved U0BOB"}, ran)},
	{words: "rebuild {} ubuntu-24-04-x64", by: "bob", action: "deny", ends: "denied", note: "<@U0BOB> denied",
		audit: []string{"requested U0ALICE", "denied U0BOB"}},
	{words: "password-reset {}", by: "alice", action: "cancel", ends: "canceled", note: "<@U0ALICE> canceled",
		audit: []string{"requested U0ALICE", "canceled U0ALICE"}},
	{words: "enable-ipv6 {}", by: "alice", action: "confirm", ends: "completed", note: "<@U0ALICE> confirmed", sent: []string{"enable_ipv6"},
		audit: slices.Concat([]string{"requested U0ALICE", "confirmed U0ALICE"}, ran)},
	{words: "enable-ipv6 {}", by: "alice", action: "cancel", ends: "canceled", note: "<@U0ALICE> canceled",
		audit: []string{"requested U0ALICE", "canceled U0ALICE"}},
}

func TestDecisions(t *testing.T) {
	r := newRig(t).start()
	rooms, ids, requests := make([]room, len(decisions)), make([]int, len(decisions)), make([]string, len(decisions))
	for i, d := range decisions {
		name := fmt.Sprintf("box-%d", i)
		rooms[i], ids[i] = r.room("room-"+name), r.droplet(name)
		if strings.HasPrefix(d.words, "enable-ipv6") {
			off(r, ids[i])
		}
		rooms[i].slash("alice", strings.ReplaceAll(d.words, "{}", name)+` --reason "ticket 7"`)
	}
	for i, d := range decisions {
		rooms[i].click(d.by, rooms[i].card("pending"), d.action)
	}
	for i, d := range decisions {
		card := rooms[i].card(d.ends)
		rooms[i].notes(card, d.note)
		r.sent(ids[i], d.sent...)
		if !hasButtons(card) {
			t.Errorf("%s of %s: the card has the buttons %v", d.action, d.words, card.Actions())
		}
		requests[i] = idOf(card)
	}
	r.honest()
	lines := r.audit()
	for i, d := range decisions {
		checkAudit(t, lines, requests[i], d.audit...)
	}
	first := lines[slices.IndexFunc(lines, func(l approvals.Line) bool { return l.RequestID == requests[0] })]
	want := map[string]string{"action": "rebuild", "arg_image": "ubuntu-24-04-x64", "channel": rooms[0].id, "outcome": "approve",
		"droplets": fmt.Sprint(ids[0]), "words": `/droplet rebuild box-0 ubuntu-24-04-x64 --reason "ticket 7"`}
	for k, v := range want {
		if first.Detail[k] != v {
			t.Errorf("the audit log says %s = %q of the request, want %q", k, first.Detail[k], v)
		}
	}
	if first.Why != "ticket 7" || first.At.IsZero() {
		t.Errorf("the audit log gives %q at %s for the request", first.Why, first.At)
	}
}

func TestExpiry(t *testing.T) {
	r := newRig(t)
	r.env["DROPLETOPS_TEST_WITHIN"] = "2s"
	r.start()
	approve, confirm := r.room("to-approve"), r.room("to-confirm")
	a, b := r.droplet("box-a"), r.droplet("box-b")
	off(r, b)
	approve.slash("alice", "rebuild box-a ubuntu-24-04-x64")
	confirm.slash("alice", "enable-ipv6 box-b")
	var requests []string
	for _, o := range []room{approve, confirm} {
		card := o.card("expired")
		o.notes(card, "expired. Nothing was done")
		requests = append(requests, idOf(card))
	}
	card := approve.card("expired")
	approve.refused("bob", "expired", func() { approve.force("bob", card, "approve", "", idOf(card)) })
	r.sent(a)
	r.sent(b)
	r.honest()
	lines := r.audit()
	checkAudit(t, lines, requests[0], "requested U0ALICE", "expired dropletops", "refused U0BOB")
	checkAudit(t, lines, requests[1], "requested U0ALICE", "expired dropletops")
}

func checkAudit(t *testing.T, lines []approvals.Line, request string, want ...string) {
	t.Helper()
	if got := told(lines, request); !slices.Equal(got, want) {
		t.Errorf("the audit log of %s:\n%s\nwant\n%s", request, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
