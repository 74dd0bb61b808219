package card_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// Of several Droplets, too, each line says what that one waits for.
func TestEachOfSeveralSaysWhatItWaitsFor(t *testing.T) {
	for wait, want := range map[approvals.Wait]string{
		approvals.WaitPendingEvent: "another action on it is under way",
		approvals.WaitRateLimit:    "DigitalOcean takes no more requests just now",
		approvals.WaitUnreachable:  "DigitalOcean can't be reached",
		approvals.WaitName:         "another request is creating one of that name",
		approvals.WaitPeople:       "Slack does not say who may decide",
	} {
		s := story{t, ask(t, "power_off", nil, fleet(2)...)}.decide(approvals.ToApprove, bob, time.Minute)
		s.did(s.r.PutBack(1, wait, approvals.Answer{}, at(61*time.Second)))
		blocks, err := json.Marshal(card.Request(s.r, at(2*time.Minute)).Blocks)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(blocks), want) {
			t.Errorf("waiting for %s, the card does not say %q: %s", wait, want, blocks)
		}
	}
}
