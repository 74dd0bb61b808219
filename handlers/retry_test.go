package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"

	"github.com/google/go-cmp/cmp"
)

// ended is a request of which each Droplet ended as given.
func (b *bench) ended(text string, states ...approvals.TargetState) *approvals.Request {
	b.t.Helper()
	r := b.asks(b.mention(object{"text": "<@UDROPLETOPS> " + text, "thread_ts": "1.5"}))
	r.State = approvals.Completed
	for i, s := range states {
		r.Targets[i].State, r.Targets[i].DispatchedAt = s, noon.Add(-time.Minute)
		switch {
		case s == approvals.TargetUnknown:
			r.State = approvals.Unknown
		case s == approvals.TargetErrored && r.State == approvals.Completed:
			r.State = approvals.Failed
		}
	}
	return r
}

func (b *bench) retries(user string, r *approvals.Request) approvals.Envelope {
	b.t.Helper()
	return b.click(user, r.Card, button("retry", r.ID, "retry:"+r.Shown()))
}

func TestRetry(t *testing.T) {
	b := newBench(t)
	old := b.ended(`rebuild web-1 debian-12-x64 --reason "stuck"`, approvals.TargetErrored)
	// The slug has come to mean another image; the one that was approved is used.
	b.account.images[0].Slug = ""
	b.account.images = append(b.account.images, api.Image{ID: 7, Slug: "debian-12-x64"})
	b.account.droplets[0].Status = "off"
	e := b.retries("UBOB", old)
	r := b.asks(e)
	if r.RetryOf != old.ID || old.RetriedBy != r.ID || r.Requester.UserID != "UBOB" || r.State != approvals.Pending || r.Image.ID != 1 ||
		r.Reason != "stuck" || r.Targets[0].Droplet.Status != "off" || r.Rescue == nil {
		t.Errorf("asks for %+v", r)
	}
	if diff := cmp.Diff(old.Action, r.Action); diff != "" {
		t.Error(diff)
	}
	want := approvals.Origin{TeamID: "T1", ChannelID: "C1", ThreadTS: "1.5", ResponseURL: "http://slack/r/click", Envelope: e.Key, AskedAt: e.ReceivedAt, Words: "retry " + old.ID}
	if diff := cmp.Diff(want, r.Origin); diff != "" {
		t.Error(diff)
	}
	b.refused(b.retries("UALICE", old), "This was retried already, by request `"+r.ID+"`.")
	if said := b.do(e).Message.Text; !strings.HasPrefix(said, "This was retried already") {
		t.Errorf("handled twice, it said %q", said)
	}
}

func TestRetryOfWhatFailedAlone(t *testing.T) {
	b := newBench(t)
	old := b.ended("snapshot tag:web nightly", approvals.TargetDone, approvals.TargetErrored)
	r := b.asks(b.retries("UALICE", old))
	if len(r.Targets) != 1 || r.Targets[0].Droplet.ID != 102 || r.Action.Args["name"] != "nightly" || r.Tag != "web" {
		t.Errorf("asks for %+v", r)
	}

	b.account.droplets[2].Status = "active"
	old = b.ended("power-cycle tag:half", approvals.TargetErrored, approvals.TargetErrored)
	b.account.droplets[2].Name = "gone"
	before := len(b.store.order)
	if said := b.do(b.retries("UALICE", old)).Message.Text; said != "Left out of the retry, since they are gone from DigitalOcean: `web-3`." {
		t.Errorf("said %q", said)
	}
	if n := len(b.store.order) - before; n != 1 {
		t.Errorf("%d requests were made", n)
	}
}

func TestRetryIsRefused(t *testing.T) {
	b := newBench(t)
	failed := b.ended("reboot web-1", approvals.TargetErrored)
	done := b.ended("reboot web-1", approvals.TargetDone)
	pending := b.asks(b.slash("UALICE", "enable-ipv6 web-3"))
	lost := b.ended("reboot web-2", approvals.TargetErrored)
	lost.Targets[0].Droplet.ID, lost.Targets[0].Droplet.Name = 107, "gone"
	for _, tc := range []struct {
		name string
		e    approvals.Envelope
		want string
	}{
		{"completed", b.retries("UBOB", done), "There is nothing to retry: this is completed. To do it again, type the command again."},
		{"pending", b.retries("UBOB", pending), "This can't be retried yet: it is pending."},
		{"a guest", b.retries("UGUEST", failed), "You are a guest in this workspace. Only full members of this workspace may use Dropletops."},
		{"on another message", b.click("UBOB", done.Card, button("retry", failed.ID, "")), "This button does not belong to this message: it does nothing. The request's own card is the one that counts."},
		{"forged", b.click("UBOB", done.Card, button("retry", "r-0", "")), "This button belongs to no request that is known here."},
		{"gone", b.retries("UBOB", lost), "There is nothing to retry: gone from DigitalOcean are `gone`."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b.refused(tc.e, tc.want)
		})
	}
	if last := b.store.lines[len(b.store.lines)-1]; last.What != "refused" {
		t.Errorf("the audit log ends with %+v", last)
	}
}

// The action whose answer was lost is looked for again before another is sent.
func TestRetryOfUnknownLooksFirst(t *testing.T) {
	for _, tc := range []struct {
		name    string
		started time.Duration // against the intent to send
		typ     string
		found   bool
	}{
		{"none", 0, "", false},
		{"since", 2 * time.Second, "reboot", true},
		{"by a slow clock", -10 * time.Second, "reboot", true},
		{"long before", -time.Hour, "reboot", false},
		{"another type", 2 * time.Second, "snapshot", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			old := b.ended("reboot web-1", approvals.TargetUnknown)
			if tc.typ != "" {
				at := old.Targets[0].DispatchedAt.Add(tc.started)
				b.account.history[101] = []api.Record{{ID: 55, Type: tc.typ, Status: "completed", StartedAt: at, ResourceID: 101}}
			}
			e := b.retries("UBOB", old)
			if !tc.found {
				b.asks(e)
				return
			}
			b.refused(e, fmt.Sprintf("Nothing was sent again: `reboot` on `web-1` was started at `%s` and is `completed` (action 55). If that was not this request's, type the command again.",
				old.Targets[0].DispatchedAt.Add(tc.started).Format(time.RFC3339)))
		})
	}
	b := newBench(t)
	old := b.ended("reboot web-1", approvals.TargetUnknown) // as after a restored backup: no intent is known
	old.Targets[0].DispatchedAt = time.Time{}
	b.account.history[101] = []api.Record{{ID: 55, Type: "reboot", Status: "completed", StartedAt: old.CreatedAt.Add(-time.Hour)}}
	b.asks(b.retries("UBOB", old))
	b = newBench(t)
	old = b.ended("reboot web-1", approvals.TargetUnknown)
	b.account.down["history"] = &api.Error{Kind: api.Unavailable}
	if _, err := b.Handle(t.Context(), b.retries("UBOB", old)); api.KindOf(err) != api.Unavailable || len(b.store.order) != 1 {
		t.Errorf("while it can't be looked for: %v, %d requests", err, len(b.store.order))
	}
}
