package bot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/slack-go/slack"
)

// A card may stand although nobody knows where: a process died between posting it
// and writing its place down, or Slack's answer was lost. Before another one is
// posted it is looked for by its metadata, where the token may read the channel.

const (
	// postOver is how long a card that was sent may take to stand: when the process
	// that sent it died, what it had sent may still be on its way. A process that
	// lives gives up after httpTimeout, so for its own posts this is long over.
	postOver = 5 * time.Second
	// skew is by how much Slack's clock and ours may differ.
	skew = 2 * time.Minute
	// lookPage and lookPages bound a look: 1,000 messages.
	lookPage, lookPages = 200, 5
	// blindFor is how long a channel that the bot may not read is left unread.
	blindFor = 15 * time.Minute
)

// errUnderWay says that a card which was sent may be about to stand.
var errUnderWay = errors.New("a card that was sent before may still be on its way")

// look answers where cards of a request stand that nobody knows of, newest first.
// It answers seen false where that can't be told: the way to go on is then to post
// another, which supersedes.
func (p *publisher) look(ctx context.Context, pub *approvals.Publication) (found []approvals.MessageRef, seen bool, err error) {
	r := pub.Request
	if !p.reads(r.Origin.ChannelID) {
		return nil, false, nil
	}
	since := pub.PostingSince
	if since.IsZero() {
		since = pub.PostingAt
	}
	within := span{oldest: stamp(since.Add(-skew)), latest: stamp(pub.PostingAt.Add(httpTimeout + skew))}
	for range lookPages {
		var ms []slack.Message
		if ms, within.cursor, err = p.read(ctx, r.Origin, within); err != nil {
			break
		}
		for _, m := range ms {
			ref := approvals.MessageRef{ChannelID: r.Origin.ChannelID, TS: m.Timestamp}
			if ref.TS != r.Card.TS && p.isCard(m, r.ID) {
				found = append(found, ref)
			}
		}
		if within.cursor == "" {
			slices.SortFunc(found, func(a, b approvals.MessageRef) int { return strings.Compare(b.TS, a.TS) })
			return found, true, nil
		}
	}
	switch {
	case err == nil:
		p.client.log().Warn("too much was written in a channel to find a lost card there", "request", r.ID, "channel", r.Origin.ChannelID)
		return found, len(found) > 0, nil
	case passes(err) || deadToken(err):
		return nil, false, fmt.Errorf("look for the card of %s: %w", r.ID, err)
	}
	p.client.log().Warn("a lost card can't be looked for; another one will take its place", "request", r.ID,
		"channel", r.Origin.ChannelID, "slack", code(err))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blind[r.Origin.ChannelID] = p.client.now().Add(blindFor)
	return nil, false, nil
}

// span is a part of a channel's or a thread's messages.
type span struct{ oldest, latest, cursor string }

// stamp is a time as Slack writes it.
func stamp(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }

// read reads a page of where a request's card goes: its thread, or the channel.
func (p *publisher) read(ctx context.Context, o approvals.Origin, s span) (ms []slack.Message, next string, err error) {
	if o.ThreadTS != "" {
		if err := p.turn(ctx, readReplies, ""); err != nil {
			return nil, "", err
		}
		ms, _, next, err = p.client.web.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: o.ChannelID, Timestamp: o.ThreadTS, Oldest: s.oldest, Latest: s.latest, Cursor: s.cursor, Limit: lookPage, IncludeAllMetadata: true})
		err = p.client.observe(readReplies, p.slowed(readReplies, err))
		if code(err) != "thread_not_found" {
			return ms, next, err
		} // a card goes to the channel then
	}
	if err := p.turn(ctx, readHistory, ""); err != nil {
		return nil, "", err
	}
	h, err := p.client.web.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: o.ChannelID, Oldest: s.oldest, Latest: s.latest, Cursor: s.cursor, Limit: lookPage, IncludeAllMetadata: true})
	if err = p.client.observe(readHistory, p.slowed(readHistory, err)); err != nil {
		return nil, "", err
	}
	return h.Messages, h.ResponseMetaData.NextCursor, nil
}

// slowed has a method pause as Slack asks. The step that it was for is about
// another method.
func (p *publisher) slowed(method string, err error) error {
	if slow := limited(err); slow > 0 {
		p.pace.pause(method, p.client.now().Add(slow))
		return fmt.Errorf("%s is paused: %s", method, safe(err))
	}
	return err
}

// reads says whether the bot may look into a channel, as far as is known. What a
// channel's ID begins with tells direct messages, and no public channel from a
// private one.
func (p *publisher) reads(channel string) bool {
	id, _ := p.client.Identity()
	needs := []string{"channels:history", "groups:history"}
	if direct(channel) {
		needs = []string{"im:history"}
	}
	if id.Scopes != "" && !slices.ContainsFunc(needs, id.granted) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.client.now().Before(p.blind[channel])
}

// isCard says whether a message is a card of a request that the bot posted.
func (p *publisher) isCard(m slack.Message, id string) bool {
	is, _ := m.Metadata.EventPayload["request_id"].(string)
	return m.User == p.client.BotUserID() && m.Metadata.EventType == card.EventType && is == id
}

// nothingSent says whether a failed chat.postMessage certainly left nothing in
// Slack: it was refused, or never went out.
func nothingSent(err error) bool {
	var dial *net.OpError
	c := code(err)
	return limited(err) > 0 || c != "" && !passing[c] || errors.As(err, &dial) && dial.Op == "dial"
}

// adopt makes a card that was found a request's own, and supersedes the others.
// What it shows is not known, so that it is edited next.
func (p *publisher) adopt(ctx context.Context, r *approvals.Request, found []approvals.MessageRef) result {
	if r.Card.TS != "" { // only who set out to replace it may
		if err := p.outbox.Posting(ctx, r.ID, p.process, r.Card.TS); err != nil {
			return result{err: fmt.Errorf("set out to replace the card of %s: %w", r.ID, err)}
		}
	}
	p.client.log().Info("a card whose place was lost is found", "request", r.ID, "ts", found[0].TS, "cards", len(found))
	p.record(ctx, r.ID, "the place of a card that was found", func(ctx context.Context) error {
		return p.outbox.Published(ctx, r.ID, found[0], 0)
	})
	for _, ref := range found[1:] {
		p.supersede(ctx, r.ID, ref)
	}
	return result{placed: true}
}
