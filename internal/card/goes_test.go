package card_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"
)

// Whatever else a card has to say, it names all that goes with a Droplet: nobody
// approves what does not stand there.
func TestAllThatGoesIsShown(t *testing.T) {
	long := strings.Repeat("a-long-name-", 21)
	d := web1
	d.Name, d.Tags, d.Image = long[:255-9]+"<nasty>&", []string{long, long}, long
	r := ask(t, "destroy", map[string]string{"with": "volumes,snapshots", api.SnapshotFirst: "true"}, d)
	r.Reason, r.Heed = strings.Repeat("& ", 250), strings.Repeat("<heed> ", 100)
	r.Rescue, r.Leaves = &rescue, &approvals.Leaves{Known: true}
	for i := range api.MostGoing {
		r.Leaves.Goes = append(r.Leaves.Goes, approvals.Going{Kind: "volumes", ID: fmt.Sprintf("506f78a4-e098-11e5-ad9f-%012d", i), Words: fmt.Sprintf("volume %s%d, $20.00 a month", long, i)})
		r.Leaves.Items = append(r.Leaves.Items, "volume snapshot "+long)
	}
	var diffs []approvals.Difference
	for _, g := range r.Leaves.Goes {
		diffs = append(diffs, approvals.Difference{What: approvals.OfGoes, Was: long + long, Is: g.Words})
	}
	s := story{t, r}.decide(approvals.ToApprove, bob, time.Minute)
	s.did(r.Drifted(diffs, map[int]approvals.Droplet{d.ID: d}, nil, at(2*time.Minute)))
	m := card.Request(r, at(3*time.Minute))
	if err := validate(m); err != nil {
		t.Error(err)
	}
	blocks, err := json.Marshal(m.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range r.Leaves.Goes {
		if !strings.Contains(string(blocks), g.ID) {
			t.Errorf("%s is not shown", g.ID)
		}
	}
}

// A Droplet's snapshot does not hold its volumes, so one that is taken first is no way back
// to those that go; and nothing that is asked before the click points elsewhere.
func TestWhatGoesIsNotInTheSnapshot(t *testing.T) {
	for with, want := range map[string]bool{"volumes": true, "reserved_ips": false} {
		for _, first := range []string{"true", ""} {
			r := ask(t, "destroy", map[string]string{"with": with, api.SnapshotFirst: first}, web1)
			r.Rescue, r.Leaves = &rescue, &approvals.Leaves{Known: true, Goes: []approvals.Going{{Kind: with, ID: "7", Words: "x"}}}
			blocks, err := json.Marshal(card.Request(r, at(time.Minute)).Blocks)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(string(blocks), "Its volumes are not in it."); got != want {
				t.Errorf("--with %s, a snapshot first %q: %v", with, first, got)
			}
			if lost := map[string]string{"volumes": "and its volumes. ", "reserved_ips": "and its reserved IPs. "}[with]; strings.Count(string(blocks), "its backups, "+lost) != 2 {
				t.Errorf("--with %s: not in the card and its question: %s", with, blocks)
			}
		}
	}
}

// Where nothing was sent nothing was lost, so a card that failed before does not say of the
// way back that DigitalOcean could not be asked: it was, and the Droplet is gone.
func TestWhatWasNeverSentNeedsNoWayBack(t *testing.T) {
	r := ask(t, "destroy", nil, web1)
	r.Rescue = &approvals.Rescue{}
	s := story{t, r}.decide(approvals.ToApprove, bob, time.Minute)
	shows := func() bool {
		blocks, err := json.Marshal(card.Request(r, at(3*time.Minute)).Blocks)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(blocks), "Way back:")
	}
	if !shows() {
		t.Error("what is still to come has no way back")
	}
	s.did(r.Fail("The Droplet is gone.", at(2*time.Minute)))
	if shows() {
		t.Error("what was never sent has a way back")
	}
}
