package card

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// Message is something to post, update or answer with. Text is complete by
// itself: notifications and screen readers get nothing else.
type Message struct {
	Text     string
	Blocks   []slack.Block
	Metadata *slack.SlackMetadata // on a request's card alone
}

// Slack's limits in characters, from docs.slack.dev/reference/block-kit, or less
// where people see less. maxMessage alone is documented nowhere: what exceeds it
// is refused with msg_blocks_too_long, seen at 13,297 characters in one message
// (slackapi/bolt-js#2509) and at 11,341 in another (slackapi/bolt-js#2867).
const (
	maxText         = 3000 // top-level text: Slack takes 4,000, screen readers less
	maxHeader       = 150
	maxSection      = 3000
	maxContext      = 2000
	maxButton       = 30 // Slack takes 75, and shows about 30
	maxOption       = 75
	maxOptions      = 100
	maxPlaceholder  = 150
	maxSpoken       = 75 // a button's accessibility_label
	maxConfirmTitle = 100
	maxConfirmText  = 300
	maxConfirmLabel = 30
	maxMessage      = 9000 // all the text of all blocks
)

// Our own limits, so that no outside text crowds out the rest of a card.
const (
	maxName   = 255 // a Droplet's name where it is told in full; DigitalOcean's own limit
	maxShort  = 60  // a name among others
	maxProse  = 700 // a sentence from the catalogue or from DigitalOcean
	maxReason = 1000
	maxList   = 2000 // what was typed for a list
	maxScript = 4000 // and for a script, as it goes to Slack
)

// sheet is a message in the making. It is the one place where Slack's limits
// are kept: whatever is put on it is cut to what Slack takes, and what is empty
// is left out.
type sheet struct {
	blocks []slack.Block
	used   int // characters, against maxMessage
}

func (s *sheet) left() int { return maxMessage - s.used }

func (s *sheet) header(words string) {
	t := cut(words, maxHeader)
	s.used += length(t)
	s.blocks = append(s.blocks, slack.NewHeaderBlock(plain(t)))
}

// section adds lines as one section; empty lines are left out.
func (s *sheet) section(lines ...string) {
	t := cut(joined(lines), min(maxSection, s.left()))
	if t == "" {
		return
	}
	s.used += length(t)
	s.blocks = append(s.blocks, slack.NewSectionBlock(mrkdwn(t), nil, nil, expanded))
}

// context adds small print.
func (s *sheet) context(line string) {
	t := cut(line, min(maxContext, s.left()))
	if t == "" {
		return
	}
	s.used += length(t)
	s.blocks = append(s.blocks, slack.NewContextBlock("", mrkdwn(t)))
}

func (s *sheet) actions(blockID string, elements ...slack.BlockElement) {
	if len(elements) > 0 {
		s.blocks = append(s.blocks, slack.NewActionBlock(blockID, elements...))
	}
}

func (s *sheet) message(text string) Message {
	return Message{Text: cut(text, maxText), Blocks: s.blocks}
}

// expanded keeps Slack from folding a section behind "See more": nobody is to
// approve what they had to unfold first.
func expanded(b *slack.SectionBlock) { b.Expand = true }

// mrkdwn is verbatim, so that Slack links nothing by itself: no address in a
// reason, no #channel in a name. What we mark up is still drawn.
func mrkdwn(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, s, false, true)
}

func plain(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// joined joins lines, leaving out the empty ones.
func joined(lines []string) string {
	var out []string
	for _, l := range lines {
		if l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// length counts as the strictest reader of Slack's limits would: UTF-16 units.
func length(s string) int {
	n := 0
	for _, c := range s {
		n += utf16.RuneLen(c)
	}
	return n
}

// cut shortens s to n characters, the last of them "…", between two runes and
// never within an entity or a token of Slack's such as <@U1>.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if length(s) <= n {
		return s
	}
	if n < 1 {
		return ""
	}
	end, used := 0, 0
	for i, c := range s {
		if used += utf16.RuneLen(c); used > n-1 {
			end = i
			break
		}
	}
	s = s[:end]
	if i := strings.LastIndexByte(s, '<'); i >= 0 && !strings.Contains(s[i:], ">") {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '&'); i >= 0 && len(s)-i < utf8.UTFMax+2 && !strings.Contains(s[i:], ";") {
		s = s[:i]
	}
	return strings.TrimRight(s, " \n") + "…"
}
