package card

import (
	"regexp"
	"strings"

	"dropletops/approvals"

	"github.com/slack-go/slack"
)

// Superseded draws what a message becomes that looked like a request's card and
// is not: it has no buttons, and says where the card is, and how far the request
// has come. link is the card's address; without one it is not known.
func Superseded(r *approvals.Request, link string) Message {
	var s sheet
	it := phraseLabel(r)
	s.header("⚪ Not the card: " + it)
	where := "Another message in this channel is its card"
	switch {
	case r.Card.TS == "":
		where = "It has no card any more"
	case linked(link, "") != "":
		where = "Another message is its card: " + linked(link, "go to the card")
	}
	s.section("*Nothing can be done here.* "+where+".", "When this was noticed, the request was *"+string(r.State)+"*.")
	s.context(references(r))
	m := s.message(phrase(r) + ": this message is not its card, and nothing can be done here. " + where + ". When this was noticed, the request was " +
		string(r.State) + ". Asked by " + mention(r.Requester.UserID) + ".")
	// Another type than a card's, so that whoever looks for cards by their metadata
	// finds the one that counts.
	m.Metadata = &slack.SlackMetadata{EventType: "dropletops_superseded", EventPayload: map[string]any{"request_id": r.ID}}
	return m
}

// address is what a message's address looks like. It is made by us of parts that
// Slack gave, and still nothing else may become a link.
var address = regexp.MustCompile(`^https://[A-Za-z0-9.-]+/archives/[A-Z0-9]+/p[0-9]+(\?thread_ts=[0-9.]+&cid=[A-Z0-9]+)?$`)

// linked is mrkdwn that leads to a message; the words alone if the address is none.
func linked(link, words string) string {
	if !address.MatchString(link) {
		return words
	}
	return "<" + strings.ReplaceAll(link, "&", "&amp;") + "|" + strings.ReplaceAll(words, "|", "¦") + ">"
}
