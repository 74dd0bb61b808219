package card_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// Whoever has to approve a script sees all of it, line by line; nobody else sees
// anything of it, nor does anyone afterwards.
func TestWhoSeesAScript(t *testing.T) {
	script := "#cloud-config\nruncmd:\n  - echo `id` && touch <!here> ```\n" + strings.Repeat("  - echo start\n", 120) + "  - rm -rf /last"
	approve := func() *approvals.Request {
		r := create(t, map[string]string{"user-data": script, "tags": strings.Repeat("a-tag,", 20) + "z"}, "web-9")
		r.State, r.ExpiresAt = approvals.Pending, at(30*time.Minute)
		r.Verdict = approvals.Verdict{Outcome: approvals.Approve, Count: 1, Within: 30 * time.Minute}
		return r
	}
	confirm := approve()
	confirm.Verdict.Outcome = approvals.Confirm
	for name, tt := range map[string]struct {
		r     *approvals.Request
		shown bool
	}{
		"whoever approves":   {approve(), true},
		"whoever confirms":   {confirm, false},
		"it needed nobody":   {create(t, map[string]string{"user-data": script}, "web-9"), false},
		"it was approved":    {story{t, approve()}.decide(approvals.ToApprove, bob, time.Minute).r, false},
		"it was denied":      {story{t, approve()}.decide(approvals.ToDeny, bob, time.Minute).r, false},
		"whoever asked left": {story{t, approve()}.decide(approvals.ToCancel, alice, time.Minute).r, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := card.Request(tt.r, at(2*time.Minute))
			if err := validate(m); err != nil {
				t.Error(err)
			}
			wire, _ := json.Marshal(m)
			first, last := `cloud-config\nruncmd:\n  - echo ˋidˋ \u0026amp;\u0026amp; touch \u0026lt;!here\u0026gt; ˋˋˋ\n`, `\n  - rm -rf /last\n`+"```"
			if got := strings.Contains(string(wire), first) && strings.Contains(string(wire), last); got != tt.shown {
				t.Errorf("all of it is shown: %t\n%s", got, wire)
			}
			if !tt.shown && (strings.Contains(string(wire), "runcmd") || strings.Contains(string(wire), "/last")) {
				t.Errorf("something of it is shown: %s", wire)
			}
			if !strings.Contains(string(wire), "characters, run at its first boot") {
				t.Error("it is not mentioned")
			}
		})
	}
}

// All that was typed for a list is shown; what it came to, as all keys of an account,
// is counted where there is no room.
func TestListsOnACard(t *testing.T) {
	for n, want := range map[int]string{120: "tag-119", 900: " more"} {
		var tags []string
		for i := range n {
			tags = append(tags, "tag-"+string(rune('0'+i/100%10))+string(rune('0'+i/10%10))+string(rune('0'+i%10)))
		}
		m := card.Request(create(t, map[string]string{"tags": strings.Join(tags, ",")}, "web-9"), at(time.Second))
		if err := validate(m); err != nil {
			t.Error(err)
		}
		if wire, _ := json.Marshal(m.Blocks); !strings.Contains(string(wire), want) || !strings.Contains(string(wire), "Creates web-9") {
			t.Errorf("%d tags: %s", n, wire)
		}
	}
}

// Of a Droplet that is to be made the name is all there is to decide on.
func TestNamesOfNewDropletsAreWhole(t *testing.T) {
	var names []string
	for i := range 10 {
		names = append(names, strings.Repeat("a-long-name-", 20)+string(rune('0'+i)))
	}
	m := card.Request(create(t, nil, names...), at(time.Second))
	if err := validate(m); err != nil {
		t.Error(err)
	}
	wire, _ := json.Marshal(m.Blocks)
	for _, name := range names {
		if !strings.Contains(string(wire), name+"*") {
			t.Errorf("%s is not shown", name)
		}
	}
}

// Which keys may log in is what is decided on: where their names leave no room, the
// names are shortened and no key is left out, also not in the modal that asks for more.
func TestAllKeysAreShown(t *testing.T) {
	called := map[string]string{}
	var ids []string
	for i := range 120 {
		id := strconv.Itoa(700000 + i)
		ids, called[id] = append(ids, id), strings.Repeat("somebody's ", 20)+id
	}
	r := create(t, map[string]string{"ssh-keys": strings.Join(ids, ","), "tags": strings.Repeat("a-tag-of-some-length,", 80) + "z"}, "web-9")
	r.Action.Called = called
	r.State, r.ExpiresAt = approvals.Pending, at(30*time.Minute)
	r.Verdict = approvals.Verdict{Outcome: approvals.Approve, Count: 1, Within: 30 * time.Minute, Reason: true}
	onCard, _ := json.Marshal(card.Request(r, at(time.Second)).Blocks)
	inModal, _ := json.Marshal(card.Consent(r, approvals.ToApprove, approvals.Asked{Reason: true}, "", at(time.Second)).Blocks)
	for where, wire := range map[string]string{"card": string(onCard), "modal": string(inModal)} {
		for _, id := range ids {
			if !strings.Contains(wire, id) {
				t.Fatalf("key %s is not on the %s: %s", id, where, wire)
			}
		}
		if !strings.Contains(wire, "Creates web-9") {
			t.Errorf("what it does is not on the %s: %s", where, wire)
		}
	}
}

// A key cannot be called so that it looks like others, and what is called something is
// not taken for a tag that is spelled like its ID.
func TestNamesInLists(t *testing.T) {
	r := create(t, map[string]string{"ssh-keys": "666", "tags": "512189"}, "web-9")
	r.Action.Called = map[string]string{"666": "ana@laptop (512189), ben", "512189": "ana@laptop"}
	wire, _ := json.Marshal(card.Request(r, at(time.Second)).Blocks)
	for _, want := range []string{"keys:* ana@laptop [512189]; ben (666)\\n", "*Tags:* 512189"} {
		if !strings.Contains(string(wire), want) {
			t.Errorf("lacks %q: %s", want, wire)
		}
	}
}
