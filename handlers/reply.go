package handlers

import (
	"slices"

	"github.com/slack-go/slack"

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
	// Stray is a message that was clicked as a request's card and is not: it is to
	// be edited so that it says so.
	Stray *Stray
	// Nothing says that nothing comes of the envelope any more, since whoever sent it is
	// told so and may ask again.
	Nothing bool
}

// RefersTo reports whether the reply has a menu or buttons that carry the words of an
// envelope out again, so that these must be kept.
func (r Reply) RefersTo(envelope string) bool {
	return slices.ContainsFunc(r.Message.Blocks, func(b slack.Block) bool {
		return b.ID() == pickOf(envelope) || b.ID() == answers+envelope
	})
}

// Stray is a message that looks like a request's card and is not.
type Stray struct {
	RequestID string
	Message   approvals.MessageRef
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
	switch e.Type {
	case slashCommand:
		if c, err := read[command](e); err == nil && c.UserID != "" {
			return Address{ResponseURL: c.ResponseURL, ChannelID: c.ChannelID, UserID: c.UserID}
		}
	case eventsAPI:
		if ev, err := read[event](e); err == nil && ev.Event.User != "" && ev.Event.BotID == "" {
			return Address{ChannelID: ev.Event.Channel, UserID: ev.Event.User, ThreadTS: ev.Event.ThreadTS}
		}
	case interactive:
		if in, err := read[interaction](e); err == nil && in.User.ID != "" {
			return in.address()
		}
	}
	return Address{}
}

// say is a sentence for the asker.
func say(to Address, mrkdwn string) Reply { return Reply{To: to, Message: card.Reply(mrkdwn)} }
