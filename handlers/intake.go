package handlers

import (
	"encoding/json"
	"time"
)

// Intake is one envelope, as it was written down before it was acknowledged.
type Intake struct {
	// Key is its place in the inbox. Whatever a handler changes names it, so
	// that one envelope has its effect once.
	Key string
	// Type is Slack's envelope type: slash_commands, interactive, events_api.
	Type       string
	Payload    json.RawMessage
	ReceivedAt time.Time
	// Attempt is 1 for the first handling, more after a fault.
	Attempt int
}
