package handlers

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// guard has two of dba approve, with a second factor, or one of oncall go ahead
// alone.
func (b *bench) guard() {
	b.people["UCAROL"], b.people["UDAVE"] = approvals.Member, approvals.Member
	b.policy.verdict = &approvals.Verdict{Outcome: approvals.Approve, Count: 2, Within: time.Hour, Rule: "production", Policy: "abc",
		Needs: []approvals.Need{{Rule: "production", Count: 2, From: []string{"dba"}}}, Factor: true, BreakGlass: []string{"oncall"}}
	b.policy.groups = map[string][]string{"dba": {"UBOB", "UCAROL", "UALICE"}, "oncall": {"UDAVE", "UALICE"}}
}

// submit fills in the modal that was opened last.
func (b *bench) submit(user string, values object) approvals.Envelope {
	b.t.Helper()
	if len(b.views.opened) == 0 {
		b.t.Fatal("no modal was opened")
	}
	v := b.views.opened[len(b.views.opened)-1]
	state := object{}
	for k, val := range values {
		state[k] = object{k: object{"type": "plain_text_input", "value": val}}
	}
	return b.take("interactive", object{"type": "view_submission", "user": object{"id": user, "team_id": "T1"}, "trigger_id": "9.9",
		"view": object{"callback_id": v.CallbackID, "private_metadata": v.PrivateMetadata, "state": object{"values": state}}})
}

func (b *bench) clicks(user, action string, r *approvals.Request) string {
	b.t.Helper()
	r = b.store.requests[r.ID]
	return b.do(b.click(user, r.Card, button(action, r.ID, "decide:"+r.Shown()))).Message.Text
}

func (b *bench) state(r *approvals.Request) approvals.State { return b.store.requests[r.ID].State }

func TestSecondFactor(t *testing.T) {
	b := newBench(t)
	b.guard()
	r := b.asks(b.slash("UALICE", "rebuild web-1 debian-12-x64"))
	if said := b.clicks("UDAVE", "approve", r); !strings.Contains(said, "it waits for 2 members of dba") || len(b.views.opened) != 0 {
		t.Fatalf("someone of another group was told %q, %d modals", said, len(b.views.opened))
	}
	if said := b.clicks("UBOB", "approve", r); said != "" || len(b.views.opened) != 1 || len(b.store.requests[r.ID].Decisions) != 0 {
		t.Fatalf("said %q, %d modals, %d decisions", said, len(b.views.opened), len(b.store.requests[r.ID].Decisions))
	}
	// Whoever fills it in decides, not whoever opened it.
	if said := b.do(b.submit("UDAVE", object{"code": "123456"})).Message.Text; !strings.Contains(said, "You may not decide about this") {
		t.Errorf("another's submission: %q", said)
	}
	if said := b.do(b.submit("UBOB", object{"code": "000000"})).Message.Text; !strings.HasSuffix(said, "That code is wrong.") {
		t.Errorf("a wrong code: %q", said)
	}
	if said := b.do(b.submit("UBOB", object{"code": "123456"})).Message.Text; said != "" || b.state(r) != approvals.Pending {
		t.Fatalf("the first of two: %q, %s", said, b.state(r))
	}
	if said := b.clicks("UBOB", "retract", r); said != "" || len(b.store.requests[r.ID].Approvals()) != 0 {
		t.Errorf("taken back: %q", said)
	}
	for _, who := range []string{"UBOB", "UCAROL"} {
		b.clicks(who, "approve", r)
		b.do(b.submit(who, object{"code": "123456"}))
	}
	if b.state(r) != approvals.Running {
		t.Errorf("with both: %s", b.state(r))
	}
}

func TestBreakGlass(t *testing.T) {
	b := newBench(t)
	b.guard()
	r := b.asks(b.slash("UALICE", "rebuild web-1 debian-12-x64"))
	if said := b.clicks("UBOB", "break_glass", r); !strings.Contains(said, "Only members of oncall") {
		t.Errorf("someone of another group: %q", said)
	}
	b.clicks("UALICE", "break_glass", r) // who asked may, if the policy names them
	if said := b.do(b.submit("UALICE", object{"code": "123456", "reason": " "})).Message.Text; !strings.Contains(said, "more is asked for") && !strings.Contains(said, "reason") {
		t.Errorf("without a reason: %q", said)
	}
	b.do(b.submit("UALICE", object{"code": "123456", "reason": "the shop is down"}))
	got := b.store.requests[r.ID]
	if got.State != approvals.Running || !got.Review.Open() || got.Review.Reason != "the shop is down" {
		t.Fatalf("%s, review %+v", got.State, got.Review)
	}
	if said := b.clicks("UALICE", "review", r); !strings.Contains(said, "another person must review it") {
		t.Errorf("reviewed by themselves: %q", said)
	}
	if said := b.clicks("UDAVE", "review", r); !strings.Contains(said, "those who could have approved") {
		t.Errorf("reviewed by who could not approve: %q", said)
	}
	if said := b.clicks("UBOB", "review", r); said != "" || b.store.requests[r.ID].Review.Open() {
		t.Errorf("reviewed by another: %q", said)
	}
}

func TestReviews(t *testing.T) {
	b := newBench(t)
	b.guard()
	const none = "No review is open"
	if said := shown(b.do(b.slash("UBOB", "reviews"))); !strings.Contains(said, none) {
		t.Errorf("said %q", said)
	}
	r := b.asks(b.slash("UALICE", "rebuild web-1 debian-12-x64"))
	b.clicks("UDAVE", "break_glass", r)
	b.do(b.submit("UDAVE", object{"code": "123456", "reason": "the shop is <!channel> down"}))
	for who, may := range map[string]bool{"UALICE": false, "UBOB": true, "UDAVE": false} {
		said := shown(b.do(b.slash(who, "reviews")))
		for _, want := range []string{"not reviewed yet* · 1 request", "*Rebuild web-1", "in <#C1>", r.ID, "*Went ahead alone:* <@UDAVE>, ",
			"the shop is &lt;!channel&gt; down", "any member of dba, but neither <@UDAVE> nor <@UALICE>, who asked for it.", "`/droplet why " + r.ID + "`"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q is not in %s", who, want, said)
			}
		}
		if strings.Contains(said, "*You* may.") != may {
			t.Errorf("%s was told: %s", who, said)
		}
	}
	b.refused(b.slash("UBOB", "reviews web-1"), "This is more than `reviews` takes: `web-1`. A value of several words belongs in quotes. Usage: `/droplet reviews`. For example: `/droplet reviews`.")
	b.clicks("UBOB", "review", r)
	if said := shown(b.do(b.slash("UBOB", "reviews"))); !strings.Contains(said, none) {
		t.Errorf("once it is closed: %q", said)
	}
}

func TestDenialIsExplained(t *testing.T) {
	b := newBench(t)
	r := b.asks(b.slash("UALICE", "rebuild web-1 debian-12-x64"))
	if said := b.clicks("UBOB", "deny", r); said != "" || b.state(r) != approvals.Denied || len(b.views.opened) != 1 {
		t.Fatalf("said %q, %s, %d modals", said, b.state(r), len(b.views.opened))
	}
	if said := b.do(b.submit("UCAROL", object{"reason": "no"})).Message.Text; !strings.Contains(said, "Only whoever denied") {
		t.Errorf("another's reason: %q", said)
	}
	e := b.submit("UBOB", object{"reason": "wrong Droplet"})
	b.do(e)
	b.do(e) // delivered again
	if d := b.store.requests[r.ID].Decisions[0]; d.Reason != "wrong Droplet" {
		t.Errorf("the reason is %q", d.Reason)
	}
	// It is denied all the same where no modal can be opened.
	b.views.err = approvals.Refuse("no window")
	r = b.asks(b.slash("UALICE", "rebuild web-2 debian-12-x64"))
	if said := b.clicks("UBOB", "deny", r); said != "" || b.state(r) != approvals.Denied {
		t.Errorf("without a modal: %q, %s", said, b.state(r))
	}
}

// What is typed into a modal is cleaned as typed words are: what can't be seen is no
// reason, no code and no name, and is said at the field.
func TestUnseenTextIsNoAnswer(t *testing.T) {
	b := newBench(t)
	b.guard()
	r := b.asks(b.slash("UALICE", "rebuild web-1 debian-12-x64"))
	b.clicks("UDAVE", "break_glass", r)
	for _, unseen := range []string{"\u200b", " \u2060\u00ad ", "\u3164", "\u2800\n", "\ufe0f", "\u200d", "a\u202eb", "a\x1b[2J"} {
		e := b.submit("UDAVE", object{"code": "123456", "reason": unseen})
		answer, ok, err := b.Respond(t.Context(), e)
		var said struct{ Errors map[string]string }
		raw, _ := json.Marshal(answer)
		if json.Unmarshal(raw, &said) != nil || err != nil || !ok || said.Errors["reason"] == "" || said.Errors["code"] != "" {
			t.Errorf("%q: at the field: %s, %v, %v", unseen, raw, ok, err)
		}
		if told := b.do(e).Message.Text; !strings.Contains(told, "can't be read, so it was not used") || b.state(r) != approvals.Pending {
			t.Errorf("%q: said %q, and it is %s", unseen, told, b.state(r))
		}
	}
	b.do(b.submit("UDAVE", object{"code": "\u200b123456 ", "reason": " the\u200b shop is down\ufeff "}))
	if got := b.store.requests[r.ID]; got.Review == nil || got.Review.Reason != "the shop is down" {
		t.Errorf("%s, %+v", got.State, got.Review)
	}
}

// A policy that asks for more than it did has the decision begin anew.
func TestPolicyChangedBeforeTheClick(t *testing.T) {
	b := newBench(t)
	r := b.asks(b.slash("UALICE", "rebuild web-1 debian-12-x64"))
	shown := r.Shown()
	b.guard()
	if said := b.clicks("UBOB", "approve", r); !strings.Contains(said, "Nothing was decided") {
		t.Errorf("said %q", said)
	}
	got := b.store.requests[r.ID]
	if got.State != approvals.Pending || got.Round != 1 || got.Shown() == shown || got.Verdict.Rule != "production" || len(got.Approvals()) != 0 {
		t.Errorf("%s, round %d, %+v", got.State, got.Round, got.Verdict)
	}
	b.policy.verdict = &approvals.Verdict{Outcome: approvals.Deny, Rule: "freeze", Message: "Frozen until Monday."}
	if said := b.clicks("UBOB", "approve", r); !strings.Contains(said, "Frozen until Monday.") || b.state(r) != approvals.Denied {
		t.Errorf("in a freeze: %q, %s", said, b.state(r))
	}
}

func TestWhy(t *testing.T) {
	b := newBench(t)
	b.guard()
	r := b.asks(b.slash("UALICE", "rebuild web-1 debian-12-x64"))
	said := b.do(b.slash("UBOB", "why "+r.ID)).Message
	all := said.Text
	for _, want := range []string{"production", "2 members of dba", "<@UCAROL>", "may approve it"} {
		if !strings.Contains(all+blocks(t, said), want) {
			t.Errorf("%q is not in %s", want, all)
		}
	}
	b.refused(b.slash("UBOB", "why r-000000000000"), "There is no request `r-000000000000`. A request's ID stands at the foot of its card: `r-` and 12 letters and digits.")
}

// blocks is a message's blocks, as they go to Slack.
func blocks(t testing.TB, m card.Message) string {
	t.Helper()
	b, err := json.Marshal(m.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(b))
}

// A card with replies stands in the channel, and so does what is said about a
// click on it; one that stands in a thread is answered there.
func TestRefusalStandsWhereTheCardDoes(t *testing.T) {
	b := newBench(t)
	r := b.asks(b.slash("UALICE", "rebuild web-1 debian-12-x64"))
	for thread, want := range map[string]string{r.Card.TS: "", "0.9": "0.9", "": ""} {
		e := b.take("interactive", object{"type": "block_actions", "response_url": "http://slack/r/click", "user": object{"id": "UALICE", "team_id": "T1"},
			"container": object{"channel_id": r.Card.ChannelID, "message_ts": r.Card.TS, "thread_ts": thread},
			"message":   object{"ts": r.Card.TS, "thread_ts": thread},
			"actions":   []object{button("approve", r.ID, "decide:"+r.Shown())}})
		if got := b.do(e); got.Message.Text == "" || got.To.ThreadTS != want {
			t.Errorf("in thread %q: %q, answered in %q", thread, got.Message.Text, got.To.ThreadTS)
		}
	}
}

// With a policy file the help says what that says, of the Droplets that there are, and
// nothing of what the built-in policy would.
func TestHelpGoesByThePolicyFile(t *testing.T) {
	b := newBench(t)
	b.account.known = b.account.droplets[:2] // web-1, web-2
	builtIn := []string{"another person approves", "you confirm any change first", "need another person's approval", "so another person has to approve it"}
	for _, text := range []string{"help", "help rebuild"} {
		if said := blocks(t, b.do(b.slash("UALICE", text)).Message); !slices.ContainsFunc(builtIn, func(s string) bool { return strings.Contains(said, s) }) || strings.Contains(said, "policy file") {
			t.Errorf("by the built-in policy, %s: %s", text, said)
		}
	}
	b.policy.digest = "3f9a1c0b52d7e846"
	asked := 0
	b.policy.judge = func(c approvals.Case) (approvals.Verdict, error) {
		asked++
		v := approvals.Verdict{Outcome: approvals.Allow}
		switch {
		case c.Action.Type == "rebuild" && c.Targets[0].Name == "web-1":
			v.Outcome = approvals.Approve
		case c.Action.Type == "rebuild":
			v.Outcome = approvals.Confirm
		case c.Action.Type == "resize" && c.Action.Args["size"] == "": // a rule that reads it would deny
			v.Outcome = approvals.Deny
		case c.Action.Type == "destroy":
			v.Outcome = approvals.Deny
		}
		return v, nil
	}
	said := blocks(t, b.do(b.slash("UALICE", "help")).Message)
	for _, want := range []string{"install an image; _you confirm / others approve_", "gracefully; _at once_", "• `resize`", "policy file (3f9a1c0b52d7e846)", "Left out: 1 verb "} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %s", want, said)
		}
	}
	said += blocks(t, b.do(b.slash("UALICE", "help rebuild")).Message) + blocks(t, b.do(b.slash("UALICE", "help enable-ipv6")).Message)
	for _, not := range append(builtIn, "• `destroy`", "so you confirm it first", ": you confirm*") {
		if strings.Contains(said, not) {
			t.Errorf("%q is in %s", not, said)
		}
	}
	if !strings.Contains(said, "_you confirm / others approve_; what you type with it may change that.") {
		t.Errorf("help rebuild: %s", said)
	}
	// Where groups can't be looked up, that is waited for once, and nothing is claimed.
	asked, b.policy.judge = 0, func(approvals.Case) (approvals.Verdict, error) {
		asked++
		return approvals.Verdict{}, errors.New("Slack does not answer")
	}
	said = blocks(t, b.do(b.slash("UALICE", "help")).Message)
	if asked != 1 || strings.Contains(said, "; _") || strings.Contains(said, "Left out: ") || !strings.Contains(said, "policy file (3f9a1c0b52d7e846)") {
		t.Errorf("asked %d times, and said %s", asked, said)
	}
}

// What the policy lets someone do to no Droplet is left out of their help.
func TestHelpLeavesOutWhatIsDenied(t *testing.T) {
	b := newBench(t)
	all := blocks(t, b.do(b.slash("UALICE", "help")).Message)
	b.policy.verdict = &approvals.Verdict{Outcome: approvals.Deny, Rule: "frozen", Message: "No."}
	left := blocks(t, b.do(b.slash("UALICE", "help")).Message)
	if !strings.Contains(all, "• `create`") || strings.Contains(left, "• `create`") || !strings.Contains(left, "Left out: ") || strings.Contains(all, "Left out: ") {
		t.Errorf("before:\n%s\nafter:\n%s", all, left)
	}
}
