package card_test

import (
	"strings"
	"testing"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"
)

// What DigitalOcean's client says of a Droplet by its ID is told by its name, too,
// and of another Droplet it stays as it is.
func TestProblemsNameTheDroplet(t *testing.T) {
	r := following(t).end(0, 3*time.Minute, approvals.Ending{State: approvals.TargetErrored,
		Problem: "Could not rebuild Droplet 3164494: DigitalOcean refused it. It is not Droplet 31644940."}).r
	const want = "Could not rebuild web-1 (Droplet 3164494): DigitalOcean refused it. It is not Droplet 31644940."
	for _, m := range []card.Message{card.Request(r, at(4*time.Minute)), card.Note(r, approvals.Note{Kind: approvals.NoteEnded})} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("says %q", m.Text)
		}
	}
}
