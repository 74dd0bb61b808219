package slack

import (
	"regexp"
	"strings"
)

// token is a piece of what somebody typed, as Slack's client understands it.
type token struct {
	kind string // text, user, channel, usergroup, broadcast or link
	text string // as it was typed
	id   string // of whom or what it names; of a link its URL
}

// marked finds what is not plain words: a mention that is there already, @name and #name, a URL,
// and what looks like a host. Slack knows every top-level domain; these are enough to show that a
// Droplet's name can arrive as a link.
var marked = regexp.MustCompile(`<@([UW][A-Z0-9]+)>` +
	`|(^|[\s(])([@#])([\pL0-9][\pL0-9._-]*)` +
	`|(https?://[^\s<>|"“”]+)` +
	`|\b((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|net|org|io|dev))\b`)

// tokens cuts a text; mu is held.
func (s *Server) tokens(text string) []token {
	var out []token
	plain := func(t string) {
		if n := len(out); t != "" && n > 0 && out[n-1].kind == "text" {
			out[n-1].text += t
		} else if t != "" {
			out = append(out, token{kind: "text", text: t})
		}
	}
	at := 0
	for _, m := range marked.FindAllStringSubmatchIndex(text, -1) {
		group := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return text[m[2*i]:m[2*i+1]]
		}
		plain(text[at:m[0]])
		at = m[1]
		switch {
		case group(1) != "":
			out = append(out, token{"user", group(0), group(1)})
		case group(3) != "":
			name := strings.TrimRight(group(4), ".")
			t, known := s.named(group(3), name)
			if !known {
				plain(group(0))
				continue
			}
			plain(group(2))
			out = append(out, t)
			plain(group(4)[len(name):])
		case group(5) != "":
			out = append(out, token{"link", group(5), group(5)})
		default:
			out = append(out, token{"link", group(6), "http://" + group(6)})
		}
	}
	plain(text[at:])
	return out
}

// named finds whom or what a name behind @ or # is; mu is held.
func (s *Server) named(sign, name string) (token, bool) {
	if sign == "#" {
		if c := s.channel(name); c != nil && c.Name == name {
			return token{"channel", "#" + name, c.ID}, true
		}
		return token{}, false
	}
	if u := s.user(name); u != nil && u.Name == name {
		return token{"user", "@" + name, u.ID}, true
	}
	for _, g := range s.workspace.UserGroups {
		if g.Handle == name && !g.Disabled {
			return token{"usergroup", "@" + name, g.ID}, true
		}
	}
	if name == "here" || name == "channel" || name == "everyone" {
		return token{"broadcast", "@" + name, name}, true
	}
	return token{}, false
}

// entities are the three characters that Slack escapes in text from people.
// Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// formatted is a text as events have it, and with labels as slash commands with should_escape do.
// Source: https://docs.slack.dev/interactivity/implementing-slash-commands
func (s *Server) formatted(tokens []token, labels bool) string {
	var b strings.Builder
	for _, t := range tokens {
		label := ""
		if labels {
			label = "|" + entities.Replace(strings.TrimLeft(t.text, "@#"))
		}
		switch t.kind {
		case "text":
			b.WriteString(entities.Replace(t.text))
		case "user":
			if u := s.user(t.id); labels && u != nil {
				label = "|" + u.Name
			}
			b.WriteString("<@" + t.id + label + ">")
		case "channel":
			b.WriteString("<#" + t.id + "|" + strings.TrimPrefix(t.text, "#") + ">")
		case "usergroup":
			b.WriteString("<!subteam^" + t.id + "|" + t.text + ">")
		case "broadcast":
			b.WriteString("<!" + t.id + ">")
		case "link":
			if label = ""; t.id != t.text {
				label = "|" + entities.Replace(t.text)
			}
			b.WriteString("<" + entities.Replace(t.id) + label + ">")
		}
	}
	return b.String()
}

// richText is the block that Slack's client makes of what somebody typed. Nothing is escaped in it.
func richText(blockID string, tokens []token) Block {
	var parts []any
	for _, t := range tokens {
		switch t.kind {
		case "text":
			parts = append(parts, map[string]any{"type": "text", "text": t.text})
		case "user", "channel", "usergroup":
			parts = append(parts, map[string]any{"type": t.kind, t.kind + "_id": t.id})
		case "broadcast":
			parts = append(parts, map[string]any{"type": "broadcast", "range": t.id})
		case "link":
			link := map[string]any{"type": "link", "url": t.id}
			if t.id != t.text {
				link["text"] = t.text
			}
			parts = append(parts, link)
		}
	}
	return Block{"type": "rich_text", "block_id": blockID, "elements": []any{
		map[string]any{"type": "rich_text_section", "elements": parts},
	}}
}
