package card_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/google/go-cmp/cmp"
)

// clickable lists the action_ids of a message's buttons with their values, and
// their block's ID.
func clickable(t *testing.T, m card.Message) (ids []string, block string) {
	t.Helper()
	b, err := json.Marshal(m.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []struct {
		Type     string `json:"type"`
		BlockID  string `json:"block_id"`
		Elements []struct {
			ActionID string `json:"action_id"`
			Value    string `json:"value"`
		} `json:"elements"`
	}
	if err := json.Unmarshal(b, &blocks); err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		if b.Type != "actions" {
			continue
		}
		block = b.BlockID
		for _, e := range b.Elements {
			ids = append(ids, e.ActionID+"="+e.Value)
		}
	}
	return ids, block
}

func TestButtonsFollowTheState(t *testing.T) {
	retried := failed(t).r
	retried.RetriedBy = "r-next"
	const id = "=r-0h7k2mzq9x4c"
	for name, c := range map[string]struct {
		r    *approvals.Request
		want []string
	}{
		"waits for approval":     {rebuild(t), []string{"approve" + id, "deny" + id, "cancel" + id, "snapshot_first" + id}},
		"waits for confirmation": {ask(t, "enable_ipv6", nil, web1), []string{"confirm" + id, "cancel" + id}},
		"nothing sent yet":       {running(t).r, []string{"cancel" + id}},
		"sent":                   {following(t).r, nil},
		"some sent":              {mixed(t, false).r, []string{"cancel" + id}},
		"failed":                 {failed(t).r, []string{"retry" + id}},
		"retried":                {retried, nil},
		"unknown":                {mixed(t, true).r, []string{"retry" + id}},
		"denied":                 {story{t, rebuild(t)}.decide(approvals.ToDeny, bob, 0).r, nil},
		"canceled":               {story{t, rebuild(t)}.decide(approvals.ToCancel, alice, 0).r, nil},
		"drifted":                {drifted(t), []string{"approve" + id, "deny" + id, "cancel" + id, "snapshot_first" + id}},
	} {
		got, block := clickable(t, card.Request(c.r, at(time.Minute)))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if c.want == nil {
			continue
		}
		if shown, ok := card.ShownFrom(block); !ok || shown != c.r.Shown() {
			t.Errorf("%s: ShownFrom(%q) = %q, %v, want %q", name, block, shown, ok, c.r.Shown())
		}
	}
}

func TestShownFromOthersBlocks(t *testing.T) {
	for _, id := range []string{"", "decide:", "pick:reboot", "aB3x", "decide"} {
		if shown, ok := card.ShownFrom(id); ok {
			t.Errorf("ShownFrom(%q) = %q, want none", id, shown)
		}
	}
}

// Slack refuses an empty one, so it must not
// be on the wire where we set none.
func TestBlockIDsOnTheWire(t *testing.T) {
	if s := string(encode(t, card.Request(rebuild(t), noon))); strings.Contains(s, `"block_id": ""`) {
		t.Errorf("an empty block_id goes to Slack:\n%s", s)
	}
}

func TestMetadata(t *testing.T) {
	m := card.Request(ask(t, "power_cycle", nil, web1), noon).Metadata
	if m.EventType != "dropletops_request" {
		t.Errorf("event_type is %q", m.EventType)
	}
	want := map[string]any{"request_id": "r-0h7k2mzq9x4c", "action": "power_cycle", "state": "running"}
	if diff := cmp.Diff(want, m.EventPayload); diff != "" {
		t.Errorf("event_payload (-want +got):\n%s", diff)
	}
}

// Of 300 Droplets none is missing from the card, whatever became of it.
func TestBulkNamesEveryDroplet(t *testing.T) {
	r := many(t).r
	s := string(encode(t, card.Request(r, at(time.Minute))))
	for _, g := range r.Targets {
		if !regexp.MustCompile(`\b` + g.Droplet.Name + `\b`).MatchString(s) {
			t.Errorf("%s is not on the card", g.Droplet.Name)
		}
	}
}
