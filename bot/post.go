package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"dropletops/approvals"
	"dropletops/handlers"
	"dropletops/internal/card"

	"github.com/slack-go/slack"
)

// perform does one step of a request, whose turn was taken. The request is
// loaded anew: what is sent is its newest state, and what is no longer needed is
// not sent.
func (p *publisher) perform(ctx context.Context, o order) result {
	pub, err := p.outbox.Publication(ctx, o.id)
	if errors.Is(err, approvals.ErrNotFound) {
		return result{order: o}
	}
	if err != nil {
		return result{order: o, err: fmt.Errorf("load request %s for its card: %w", o.id, err)}
	}
	if !p.publishes() { // the look-up may have outlasted the turn, and another publishes by now
		return result{order: o}
	}
	r := result{}
	switch k := o.step.kind; {
	case k == toRefresh:
		r = p.refresh(ctx, pub, o.drawn)
	case k == toSame:
		r = p.same(ctx, pub, o.drawn)
	case k == toGiveUp:
		r = p.giveUp(ctx, pub, o.why)
	case !needs(pub, o.supersede, k):
	case k == toPost:
		r = p.post(ctx, pub, o.certain)
	case k == toEdit:
		r = p.edit(ctx, pub)
	case k == toNote:
		r = p.note(ctx, pub)
	}
	r.order = o
	return r
}

// post posts a card: the first, or one in place of a card that is gone.
func (p *publisher) post(ctx context.Context, pub *approvals.Publication, certain bool) result {
	r := pub.Request
	// Where a process set out to post and did not write the place down, it died or
	// lost Slack's answer in between, and the card may stand.
	if pub.PostingBy != "" && !(certain && pub.PostingBy == p.process) {
		found, seen, err := p.look(ctx, pub)
		switch rest := pub.PostingAt.Add(postOver).Sub(p.client.now()); {
		case err != nil:
			return result{err: err}
		case len(found) > 0:
			return p.adopt(ctx, r, found)
		case seen && rest > 0:
			return result{err: errUnderWay, wait: rest}
		}
	}
	if err := p.outbox.Posting(ctx, r.ID, p.process, r.Card.TS); err != nil {
		return result{err: fmt.Errorf("set out to post the card of %s: %w", r.ID, err)}
	}
	m := card.Request(r, p.client.now())
	ref, err := p.send(ctx, r.Origin.ChannelID, r.Origin.ThreadTS, m)
	if err != nil {
		if r.Card.TS == "" && !passes(err) && !deadToken(err) {
			return p.abandon(ctx, r, err)
		}
		return result{err: err, later: !passes(err), certain: nothingSent(err)}
	}
	if !p.record(ctx, r.ID, "the card's place", func(ctx context.Context) error {
		return p.outbox.Published(ctx, r.ID, ref, r.Version)
	}) {
		p.supersede(ctx, r.ID, ref)
		return result{placed: true}
	}
	return result{placed: true, taken: true, drawn: drew(m, r.Version)}
}

// edit brings a card to its newest state.
func (p *publisher) edit(ctx context.Context, pub *approvals.Publication) result {
	r := pub.Request
	m := card.Request(r, p.client.now())
	err := p.fitting(ctx, updateMessage, r.Card.ChannelID, m, func(m card.Message) error {
		_, _, _, err := p.client.web.UpdateMessageContext(ctx, r.Card.ChannelID, r.Card.TS, content(m, "")...)
		return p.client.observe(updateMessage, err)
	})
	switch code(err) {
	case "message_not_found", "cant_update_message", "edit_window_closed":
		p.client.log().Warn("a card is gone or can't be edited any more; posting another", "request", r.ID, "slack", code(err))
		return result{gone: true}
	}
	if err != nil {
		return result{err: err, later: !passes(err)}
	}
	// Also where only the elapsed time is new: another replica may have shown a
	// newer state meanwhile, and this edit may have come after it. The outbox then
	// counts the card as behind, and it is edited once more.
	p.record(ctx, r.ID, "the card's state", func(ctx context.Context) error {
		return p.outbox.Published(ctx, r.ID, r.Card, r.Version)
	})
	return result{taken: true, drawn: drew(m, r.Version)}
}

// note posts the oldest note that is due. An answer that is lost on the way may
// make one note stand twice; that is better than an end that nobody hears of.
func (p *publisher) note(ctx context.Context, pub *approvals.Publication) result {
	r, n := pub.Request, pub.Notes[0]
	thread := cmp.Or(r.Origin.ThreadTS, r.Card.TS)
	var ref approvals.MessageRef
	var err error
	if n.Channel != "" {
		ref, err = p.send(ctx, n.Channel, "", card.Note(r, n))
		if err != nil && !passes(err) && !deadToken(err) {
			p.client.log().Error("the channel that the policy names for announcements can't be posted to; saying it in the request's thread instead",
				"request", r.ID, "channel", n.Channel, "slack", code(err))
			ref, err = p.send(ctx, r.Card.ChannelID, thread, card.Unannounced(n))
		}
	} else {
		ref, err = p.send(ctx, r.Card.ChannelID, thread, card.Note(r, n))
	}
	if err != nil && (passes(err) || deadToken(err) || gone(err)) {
		return result{err: err}
	}
	if err != nil {
		p.client.log().Warn("a note has no place any more; leaving it out", "request", r.ID, "note", string(n.Kind), "slack", code(err))
	}
	p.record(ctx, r.ID, "a note's place", func(ctx context.Context) error {
		return p.outbox.Told(ctx, ref.TS, n.Seq)
	})
	return result{taken: err == nil}
}

// send posts a message, without its thread where that is gone.
func (p *publisher) send(ctx context.Context, channel, thread string, m card.Message) (approvals.MessageRef, error) {
	var ref approvals.MessageRef
	post := func(thread string) error {
		return p.fitting(ctx, postMessage, channel, m, func(m card.Message) error {
			options := append(content(m, thread), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
			c, ts, err := p.client.web.PostMessageContext(ctx, channel, options...)
			if err == nil && ts == "" {
				err = errors.New("post to Slack (chat.postMessage): the answer does not say where the message stands")
			}
			ref = approvals.MessageRef{ChannelID: c, TS: ts}
			return p.client.observe(postMessage, err)
		})
	}
	err := post(thread)
	if threadGone(code(err)) && thread != "" {
		p.client.log().Warn("a thread is gone; posting to its channel", "channel", channel, "thread", thread, "slack", code(err))
		if err = p.turn(ctx, postMessage, channel); err == nil {
			err = post("")
		}
	}
	if err != nil {
		return approvals.MessageRef{}, err
	}
	if ref.ChannelID == "" {
		ref.ChannelID = channel
	}
	return ref, nil
}

// threadGone reports whether Slack refused a message for the thread that it was for.
func threadGone(code string) bool {
	switch code {
	case "thread_not_found", "cannot_reply_to_message", "invalid_thread_ts", "message_not_found",
		"restricted_action_thread_locked", "restricted_action_non_threadable_channel":
		return true
	}
	return false
}

// turn waits for another call of a method than the one whose turn was taken.
func (p *publisher) turn(ctx context.Context, method, channel string) error {
	for {
		wait := p.pace.take(method, channel, p.client.now())
		if wait == 0 {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// record writes down what stands in Slack by now, as often as it takes: to post
// it again instead would be the worse mistake. Once ctx ends it tries one last
// time. It answers false where something else was written down meanwhile.
func (p *publisher) record(ctx context.Context, id, what string, write func(context.Context) error) bool {
	for failures := 1; ; failures++ {
		last := ctx.Err() != nil
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		if last {
			cancel()
			within, cancel = context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		}
		err := write(within)
		cancel()
		if err == nil || errors.Is(err, approvals.ErrNotFound) {
			return true
		}
		if errors.Is(err, approvals.ErrConflict) {
			p.client.log().Warn("another process has shown this request meanwhile", "request", id, "what", what)
			return false
		}
		p.client.log().Error("what stands in Slack could not be written down", "request", id, "what", what,
			"error", safe(err), "failures", failures)
		if last {
			return true
		}
		_ = sleep(ctx, backoff(failures, 200*time.Millisecond, 10*time.Second)) // the last try follows
	}
}

// abandon calls a request off because its card can be shown to no one, and tells
// whoever asked what to do.
func (p *publisher) abandon(ctx context.Context, r *approvals.Request, cause error) result {
	why, todo := placeless(cause, r.Origin)
	if err := p.abandoner.Abandon(ctx, r.ID, why); err != nil {
		return result{err: fmt.Errorf("call off request %s, which has no place in Slack: %w", r.ID, err)}
	}
	pub, err := p.outbox.Publication(ctx, r.ID)
	if err != nil {
		return result{err: fmt.Errorf("load request %s: %w", r.ID, err)}
	}
	if r = pub.Request; r.State.Open() {
		return result{err: cause, later: true}
	}
	p.client.log().Warn("a request's card can't be posted, so it was called off", "request", r.ID,
		"channel", r.Origin.ChannelID, "slack", code(cause))
	err = p.replies.send(ctx, handlers.Reply{To: asker(r), Message: card.Reply(todo)})
	if err != nil && comes(err) && p.client.now().Sub(r.EndedAt) < tooOld {
		return result{err: fmt.Errorf("tell who asked for request %s that it has no place in Slack: %w", r.ID, err)}
	}
	if err != nil {
		p.client.log().Warn("whoever asked could not be told that nothing was started", "request", r.ID, "error", safe(err))
	}
	p.record(ctx, r.ID, "that it has no card", func(ctx context.Context) error {
		return p.outbox.Published(ctx, r.ID, approvals.MessageRef{}, r.Version)
	})
	return result{}
}

// asker is where whoever asked for a request can be told something.
func asker(r *approvals.Request) handlers.Address {
	to := handlers.Address{
		ResponseURL: r.Origin.ResponseURL, ChannelID: r.Origin.ChannelID,
		UserID: r.Requester.UserID, ThreadTS: r.Origin.ThreadTS,
	}
	if r.Origin.Unthreaded {
		to.ThreadTS = ""
	}
	return to
}

// deadToken says that it is the bot that Slack refuses, and no request: Run is
// about to end.
func deadToken(err error) bool { return lost[code(err)] }
