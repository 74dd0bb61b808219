package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestWhatIsWorthKnowing: what is in nobody's way runs at once, and its card says
// what to mind.
func TestWhatIsWorthKnowing(t *testing.T) {
	r := newRig(t)
	id := r.droplet("box-1")
	backedUp(r, id)
	r.start()
	runs := func(channel, words, heed string) {
		t.Helper()
		o := r.room(channel)
		o.slash("alice", words)
		card := o.card("completed")
		if says := strings.Contains(card.Words(), "*Note:* "+heed); says != (heed != "") {
			t.Errorf("%s: the card is to say %q:\n%s", words, heed, card.Words())
		}
		if heed != "" && !strings.Contains(card.Text, heed) {
			t.Errorf("%s: the spoken text lacks %q: %s", words, heed, card.Text)
		}
	}
	runs("room-1", "change-backup-policy box-1 --plan daily", "")
	runs("room-2", "change-backup-policy box-1 --plan weekly --weekday SUN", "This is less protection")
	runs("room-3", "rename box-1 DB-1", fmt.Sprintf("Droplet %d in nyc3 is called db-1 too.", r.do.DropletNamed("db-1").ID))
	runs("room-4", "rename "+fmt.Sprint(id)+" box-2", "")
	r.honest()
}
