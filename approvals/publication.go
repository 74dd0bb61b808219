package approvals

import "time"

// Publication is a request together with how far Slack has been told of it.
type Publication struct {
	Request *Request
	// Version is the request's version that the card shows; 0 before it stands.
	Version int64
	// PostingBy and PostingAt tell that a process had set out to post the card.
	// With no card in Request it may or may not stand in the channel.
	PostingBy string
	PostingAt time.Time
	// PostingSince is when the first such attempt began of which it is not known
	// what became.
	PostingSince time.Time
	// Notes are those not posted yet, oldest first.
	Notes []Note
}

// Due is a request that Slack lags behind on.
type Due struct {
	ID        string
	CreatedAt time.Time
}
