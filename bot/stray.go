package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"dropletops/approvals"
	"dropletops/internal/card"
)

const (
	// strayWithin bounds the edit of a message that is not its request's card. A
	// click on it waits for that; the next one tries again.
	strayWithin = 10 * time.Second
	// straysKept bounds the memory of those that were edited: clicks go on for a
	// moment on what people still see.
	straysKept = 1000
)

// supersede edits a message that looks like a request's card and is not, so that
// it says so, leads to the card, and has no buttons.
func (p *publisher) supersede(ctx context.Context, id string, ref approvals.MessageRef) {
	if !p.claim(ref) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, strayWithin)
	defer cancel()
	if err := p.overwrite(ctx, id, ref); err != nil {
		p.mu.Lock()
		delete(p.strays, ref)
		p.mu.Unlock()
		p.client.log().Warn("a message that is not its request's card can't be edited to say so", "request", id, "ts", ref.TS, "error", safe(err))
	}
}

// claim answers false for a message that is being edited, or was.
func (p *publisher) claim(ref approvals.MessageRef) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.strays[ref] {
		return false
	}
	if len(p.strays) >= straysKept {
		clear(p.strays)
	}
	p.strays[ref] = true
	return true
}

func (p *publisher) overwrite(ctx context.Context, id string, ref approvals.MessageRef) error {
	pub, err := p.outbox.Publication(ctx, id)
	if err != nil {
		return fmt.Errorf("load request %s: %w", id, err)
	}
	r := pub.Request
	if r.Card == ref || pub.PostingBy != "" {
		return fmt.Errorf("it may be the card of %s after all, or become it", id)
	}
	if err := p.turn(ctx, updateMessage, ref.ChannelID); err != nil {
		return fmt.Errorf("wait for a turn to edit: %w", err)
	}
	m := card.Superseded(r, p.client.permalink(r.Card, r.Origin.ThreadTS))
	_, _, _, err = p.client.web.UpdateMessageContext(ctx, ref.ChannelID, ref.TS, content(m, "")...)
	return p.client.observe(updateMessage, err)
}

// permalink is a message's address, as chat.getPermalink would answer it; empty if
// it is not known. It costs no call, of which a summary would take a hundred.
func (c *Client) permalink(ref approvals.MessageRef, thread string) string {
	id, _ := c.Identity()
	if id.URL == "" || ref.TS == "" {
		return ""
	}
	link := strings.TrimSuffix(id.URL, "/") + "/archives/" + ref.ChannelID + "/p" + strings.ReplaceAll(ref.TS, ".", "")
	if thread != "" && thread != ref.TS {
		link += "?thread_ts=" + thread + "&cid=" + ref.ChannelID
	}
	return link
}
