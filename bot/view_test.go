package bot

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"
	simslack "dropletops/internal/sim/slack"
)

func TestModalIsOpenedAndChanged(t *testing.T) {
	withSim(t, &hand{}, func(t *testing.T, sim *simslack.Server, _ *Bot, _ *memory, c *Client) {
		d, err := sim.SlashCommand("alice", "#ops", "/droplet")
		if err != nil {
			t.Fatal(err)
		}
		loading := card.FormLoading("e1")
		if err := c.OpenView(t.Context(), d.TriggerID, loading); err != nil {
			t.Fatal(err)
		}
		v := loading
		v.PrivateMetadata = "second"
		if err := c.UpdateView(t.Context(), handlers.ViewRef{External: "e1"}, v); err != nil {
			t.Fatal(err)
		}
		open := sim.Snapshot().Modal("alice")
		if open == nil || open.PrivateMetadata != "second" {
			t.Fatalf("it shows %+v", open)
		}
		// By its hash, once: whoever comes later with the same hash has seen something older.
		by := handlers.ViewRef{ID: open.ID, Hash: open.Hash}
		if err := c.UpdateView(t.Context(), by, loading); err != nil {
			t.Fatal(err)
		}
		for name, which := range map[string]handlers.ViewRef{"an old hash": by, "an unknown one": {External: "e9"}} {
			if err := c.UpdateView(t.Context(), which, loading); !errors.Is(err, handlers.ErrNoView) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := c.OpenView(t.Context(), d.TriggerID, loading); err == nil {
			t.Error("a trigger opened two")
		}
		late, err := sim.SlashCommand("alice", "#ops", "/droplet")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(4 * time.Second)
		var no *approvals.Refusal
		if err := c.OpenView(context.Background(), late.TriggerID, card.FormLoading("e2")); !errors.As(err, &no) {
			t.Errorf("an expired trigger: %v", err)
		}
	})
}

// A submission is told by its modal: another trigger_id does not make it another.
func TestSubmissionIsToldByItsModal(t *testing.T) {
	event := func(payload string) string { return eventOf("interactive", json.RawMessage(payload)) }
	one := event(`{"type":"view_submission","trigger_id":"1","view":{"id":"V1"}}`)
	if again := event(`{"type":"view_submission","trigger_id":"2","view":{"id":"V1"}}`); one == "" || one != again {
		t.Errorf("%q and %q", one, again)
	}
	for _, other := range []string{`{"type":"view_submission","trigger_id":"1","view":{"id":"V2"}}`, `{"type":"block_actions","trigger_id":"1","view":{"id":"V1"}}`} {
		if got := event(other); got == one || got == "" {
			t.Errorf("%s: %q", other, got)
		}
	}
}
