package handlers

import (
	"dropletops/approvals"
	"dropletops/internal/card"
)

// Reply is what only the asker sees. The zero Reply says nothing.
type Reply struct {
	To      Address
	Message card.Message
	// Replace says that it takes the place of the ephemeral message that was
	// clicked.
	Replace bool
}

// Address is where one person can be answered without anyone else seeing it:
// through the response_url where there is one (30 minutes, five times), else by
// chat.postEphemeral.
type Address struct {
	ResponseURL string
	ChannelID   string
	UserID      string
	ThreadTS    string // the thread to answer in, empty for the channel itself
}

// AddressOf says where the asker of any envelope can be answered, also when it
// could not be handled. It is the zero Address if nobody can.
func AddressOf(e approvals.Envelope) Address {
	return Address{}
}
