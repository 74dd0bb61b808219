package card_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// here is the address of a card.
const here = "https://droplets.slack.com/archives/C0OPS/p1700000000000100"

// late are the messages that come after something went wrong: in place of a card
// that does not count, and of many ends at once.
func late(t testing.TB) map[string]card.Message {
	out := map[string]card.Message{}
	r := rebuild(t)
	out["superseded"] = card.Superseded(r, here)
	out["superseded_in_thread"] = card.Superseded(r, here+"?thread_ts=1700000000.000050&cid=C0OPS")
	out["superseded_unknown_address"] = card.Superseded(failed(t).r, "")
	r = rebuild(t)
	r.Card, r.State = approvals.MessageRef{}, approvals.Canceled
	out["superseded_no_card"] = card.Superseded(r, "")
	out["summary"], _ = card.Summary(outage(t, 14))
	out["summary_full"], _ = card.Summary(outage(t, 1000))
	h := hostile(t)
	h.State = approvals.Expired
	out["summary_hostile"], _ = card.Summary([]card.Told{{Request: h, Link: "https://evil.example/|x>"}})
	return out
}

// outage is what ended while Slack was away.
func outage(t testing.TB, n int) []card.Told {
	reboot, _ := api.Lookup("reboot")
	done, broken := completed(t, reboot), failed(t).r
	all := mixed(t, true).r
	var out []card.Told
	for i := range n {
		r := *done
		switch {
		case i%7 == 3:
			r = *broken
		case i%14 == 5:
			r = *all
		}
		if i%14 == 6 {
			r.Requester = carol
		}
		if len(r.Targets) == 1 {
			r.Targets = append([]approvals.Target(nil), r.Targets...)
			r.Targets[0].Droplet.Name = fmt.Sprintf("web-%d", i+1)
		}
		out = append(out, card.Told{Request: &r, Link: fmt.Sprintf("https://droplets.slack.com/archives/C0OPS/p17000000%08d", i)})
	}
	return out
}

// A summary leaves nobody out: of a thousand, each is in one of a few messages,
// with its Droplet in the text and on the screen.
func TestSummaryTellsOfAll(t *testing.T) {
	all := outage(t, 1000)
	began, messages, told := time.Now(), 0, 0
	for len(all) > 0 {
		m, n := card.Summary(all)
		if n < 1 {
			t.Fatal("a summary of nothing")
		}
		if err := validate(m); err != nil {
			t.Error(err)
		}
		shown := string(encode(t, m.Blocks))
		for _, one := range all[:n] {
			name := one.Request.Targets[0].Droplet.Name
			if len(one.Request.Targets) == 1 && !strings.Contains(m.Text, name) || !strings.Contains(shown, one.Link+"|") {
				t.Errorf("%s is left out", name)
			}
		}
		all, told, messages = all[n:], told+n, messages+1
	}
	if messages > 12 {
		t.Errorf("%d messages for %d ends", messages, told)
	}
	t.Logf("%d ends in %d messages, drawn in %s", told, messages, time.Since(began))
}
