package approvals

import (
	"encoding/json"
	"time"
)

// Envelope is what Slack delivered, as it is written down before it is
// acknowledged. Whatever is done for it names its Key, so that one envelope has
// its effect once, however often it is delivered or handled.
type Envelope struct {
	// Key is its place in the inbox: Slack's envelope_id.
	Key string
	// Event tells the same event in another envelope: the envelope's type, then
	// its event_id or trigger_id; empty if there is none.
	Event      string
	Type       string // slash_commands, interactive, events_api
	Payload    json.RawMessage
	ReceivedAt time.Time
	// Attempt is 1 for the first handling, more after a fault.
	Attempt int
	// Crashes is how many processes ended without a word while they handled it.
	Crashes Crashes
}

// Crashes counts the processes that died while they handled an envelope. What ended one
// may be the envelope, or a power cut: only Alone counts against it.
type Crashes struct {
	Shared int // with other envelopes in hand
	Alone  int // with no other
}

const (
	// HandleTries is how often an envelope is handled that ends in an error: an outage that
	// lasts no longer is waited out, and from the last one on whoever asked is told.
	HandleTries = 3
	// ClaimFor is how long an envelope is its process's own before another replica may take
	// it over, unless it is claimed anew meanwhile. It is well above one handling, which is
	// bounded by 25 s; and everything that waits in a process claims or looks more often.
	ClaimFor = 45 * time.Second
)

// TurnedAway is how often an envelope counts as tried that is never carried out: it
// could not be written down in time, and whoever sent it is only told so. It is above
// any other count, so that a version that does not know it gives the envelope up, too.
const TurnedAway = 1000

// TurnedAway says whether an envelope is only there for its sender to be told so.
func (e Envelope) TurnedAway() bool { return e.Attempt > TurnedAway }
