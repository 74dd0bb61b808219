package handlers

import (
	"context"
	"regexp"
	"strings"

	"dropletops/api"
	"dropletops/approvals"
)

// mentioned handles a mention: what stands behind the bot's name is a command,
// if the message begins with it.
func (h *Handler) mentioned(ctx context.Context, e approvals.Envelope) (Reply, error) {
	ev, err := read[event](e)
	if err != nil {
		return h.ignored(e, err.Error())
	}
	m := ev.Event
	switch {
	case m.Type != "app_mention":
		return h.ignored(e, "an event of type "+m.Type)
	case m.User == "", m.BotID != "", m.User == h.BotUserID():
		return h.ignored(e, "a mention by a bot")
	case m.Subtype != "", len(m.Edited) > 0 && string(m.Edited) != "null":
		return h.ignored(e, "a mention in an edited message, or one of subtype "+m.Subtype)
	}
	a, first := h.ofMention(e, ev)
	if !first {
		return h.aside(a), nil
	}
	return h.answer(ctx, a)
}

// byName is a mention with what people put behind it: "@dropletops: reboot".
var byName = regexp.MustCompile(`<@([A-Z0-9]+)(?:\|[^<>]*)?>[ \t]*[:,]?`)

// ofMention reads what was typed behind the bot's name; first says whether the
// message begins with it.
func (h *Handler) ofMention(e approvals.Envelope, ev event) (a asked, first bool) {
	m := ev.Event
	raw := m.Text
	for _, at := range byName.FindAllStringSubmatchIndex(m.Text, -1) {
		if me := h.BotUserID(); me == "" || m.Text[at[2]:at[3]] == me {
			first = strings.TrimSpace(m.Text[:at[0]]) == ""
			raw = m.Text[at[1]:]
			break
		}
	}
	text := strings.TrimSpace(marked(raw))
	call := "@" + h.Name
	return asked{
		who: ev.who(),
		origin: approvals.Origin{TeamID: ev.who().TeamID, ChannelID: m.Channel, ThreadTS: m.ThreadTS, Envelope: e.Key,
			AskedAt: e.ReceivedAt, Words: strings.TrimSpace(call + " " + redact(text))},
		to:   Address{ChannelID: m.Channel, UserID: m.User, ThreadTS: m.ThreadTS},
		text: text, call: call, words: e.Key, attempt: e.Attempt,
	}, first
}

// aside answers a message that mentions the bot in passing: nothing, unless what
// follows its name looks like a command that someone now waits for.
func (h *Handler) aside(a asked) Reply {
	p := parser{catalogue: api.Catalogue(), call: a.call}
	w, err := p.parse(a.text)
	if err != nil || w.action == nil || w.target == "" {
		return Reply{}
	}
	return say(a.to, "Nothing was done. To tell me to do something, begin the message with my name: "+code(a.call+" "+labels(a.text))+".")
}

// mentionedID is a person in a reason of whom Slack has told the ID alone, as it does in
// mentions of the bot.
var mentionedID = regexp.MustCompile(`@([UW][A-Z0-9]{3,})\b`)

// maxNamed bounds how many people of one reason are looked up.
const maxNamed = 5

// withNames adds to people in a reason what they are called: "@bob (U0BOB)". Whom Slack
// does not name just now stays an ID.
func (h *Handler) withNames(ctx context.Context, reason string) string {
	looked := 0
	return mentionedID.ReplaceAllStringFunc(reason, func(at string) string {
		if looked++; looked > maxNamed {
			return at
		}
		p, _ := h.Requests.Admit(ctx, approvals.Who{UserID: at[1:]}) // whatever they may do
		if p.Name == "" {
			return at
		}
		return "@" + p.Name + " (" + at[1:] + ")"
	})
}
