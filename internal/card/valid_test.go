package card_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"

	"pgregory.net/rapid"
)

// ours is the markup that we write ourselves; no other "<" may go to Slack.
var ours = regexp.MustCompile(`<@[A-Z0-9]+>|<!subteam\^S[A-Z0-9]+>|<#[CG][A-Z0-9]+>|<!date\^\d+\^[^<>|]+\|[^<>|]+>|` +
	`<https://[a-z.]+/archives/[A-Z0-9]+/p[0-9]+(\?thread_ts=[0-9.]+&amp;cid=[A-Z0-9]+)?\|[^<>|]+>`)

// limits are the characters that Slack takes at most of each text, by its place:
// docs.slack.dev/reference/block-kit.
var limits = map[string]int{
	"header.text": 150, "section.text": 3000, "context.text": 3000, "button.text": 75, "button.value": 2000,
	"button.accessibility_label": 75, "button.action_id": 255, "confirm.title": 100, "confirm.text": 300,
	"confirm.confirm": 30, "confirm.deny": 30, "option.text": 75, "option.value": 150, "placeholder": 150,
}

// validate answers what Slack, or a person, would not like of a message.
func validate(m card.Message) error {
	if strings.TrimSpace(m.Text) == "" {
		return fmt.Errorf("the top-level text is empty")
	}
	if units(m.Text) > 4000 {
		return fmt.Errorf("the top-level text has %d characters", units(m.Text))
	}
	if err := safe("text", m.Text); err != nil {
		return err
	}
	if len(m.Blocks) == 0 || len(m.Blocks) > 50 {
		return fmt.Errorf("%d blocks", len(m.Blocks))
	}
	b, err := json.Marshal(m.Blocks)
	if err != nil {
		return err
	}
	var blocks []map[string]any
	if err := json.Unmarshal(b, &blocks); err != nil {
		return err
	}
	c := checker{ids: map[string]bool{}}
	for _, block := range blocks {
		c.block(block)
	}
	// Undocumented; 11,341 were seen to be refused (slackapi/bolt-js#2867).
	if c.total > 10000 {
		c.say("all texts together have %d characters", c.total)
	}
	if len(c.wrong) > 0 {
		return fmt.Errorf("%s", strings.Join(c.wrong, "; "))
	}
	return nil
}

type checker struct {
	ids   map[string]bool
	total int
	wrong []string
}

func (c *checker) say(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

func (c *checker) block(b map[string]any) {
	if id, there := b["block_id"]; there {
		s, _ := id.(string)
		if s == "" || units(s) > 255 || c.ids[s] {
			c.say("block_id %q is empty, too long or not the only one", s)
		}
		c.ids[s] = true
	}
	kind, _ := b["type"].(string)
	switch kind {
	case "header", "section":
		c.text(kind+".text", b["text"])
	case "context":
		es, _ := b["elements"].([]any)
		if len(es) == 0 || len(es) > 10 {
			c.say("a context of %d elements", len(es))
		}
		for _, e := range es {
			c.text("context.text", e)
		}
	case "actions":
		es, _ := b["elements"].([]any)
		if len(es) == 0 || len(es) > 25 || b["block_id"] == nil {
			c.say("an actions block of %d elements, block_id %v", len(es), b["block_id"])
		}
		seen := map[any]bool{}
		for _, e := range es {
			e := e.(map[string]any)
			if seen[e["action_id"]] {
				c.say("action_id %v is there twice", e["action_id"])
			}
			seen[e["action_id"]] = true
			c.element(e)
		}
	default:
		c.say("a block of type %q", kind)
	}
}

func (c *checker) element(e map[string]any) {
	c.short("button.action_id", e["action_id"])
	switch e["type"] {
	case "button":
		c.text("button.text", e["text"])
		c.short("button.value", e["value"])
		c.short("button.accessibility_label", e["accessibility_label"])
		if ask, ok := e["confirm"].(map[string]any); ok {
			for _, part := range []string{"title", "text", "confirm", "deny"} {
				c.text("confirm."+part, ask[part])
			}
		}
	case "static_select", "external_select":
		c.text("placeholder", e["placeholder"])
		os, _ := e["options"].([]any)
		if e["type"] == "static_select" && (len(os) == 0 || len(os) > 100) {
			c.say("%d options", len(os))
		}
		seen := map[any]bool{}
		for _, o := range os {
			o := o.(map[string]any)
			c.text("option.text", o["text"])
			c.short("option.value", o["value"])
			if seen[o["value"]] {
				c.say("the option %v is there twice", o["value"])
			}
			seen[o["value"]] = true
		}
	default:
		c.say("an element of type %v", e["type"])
	}
}

func (c *checker) text(place string, v any) {
	o, _ := v.(map[string]any)
	s, _ := o["text"].(string)
	if !strings.HasPrefix(place, "option") && place != "placeholder" {
		c.total += units(s)
	}
	switch o["type"] {
	case "mrkdwn":
		if o["verbatim"] != true {
			c.say("%s lets Slack link by itself: %q", place, s)
		}
	case "plain_text":
		if strings.Contains(s, "<") {
			c.say("%s has markup: %q", place, s)
		}
	default:
		c.say("%s is of type %v", place, o["type"])
	}
	c.short(place, s)
}

func (c *checker) short(place string, v any) {
	s, _ := v.(string)
	if strings.TrimSpace(s) == "" {
		c.say("%s is empty", place)
	}
	if units(s) > limits[place] {
		c.say("%s has %d characters, %d are taken: %q", place, units(s), limits[place], s)
	}
	if err := safe(place, s); err != nil {
		c.say("%v", err)
	}
}

// safe answers an error if a text has markup that is not ours, or characters
// that hide something.
func safe(place, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s is not UTF-8: %q", place, s)
	}
	if rest := ours.ReplaceAllString(s, ""); strings.ContainsAny(rest, "<>") {
		return fmt.Errorf("%s has markup that is not ours: %q", place, s)
	}
	for _, r := range s {
		if unicode.Is(unicode.Bidi_Control, r) && r != '\u2068' && r != '\u2069' || r == 0 || r == '\u200b' {
			return fmt.Errorf("%s has the invisible %U: %q", place, r, s)
		}
	}
	return nil
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

func TestEveryMessageIsTaken(t *testing.T) {
	all := everything(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if err := validate(all[name]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGeneratedMessagesAreTaken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRequest().Draw(t, "request")
		now := at(time.Duration(rapid.Int64Range(-1e12, 1e15).Draw(t, "now")))
		m := card.Request(r, now)
		if err := validate(m); err != nil {
			t.Fatalf("the card: %v", err)
		}
		if !strings.Contains(m.Text, string(r.State)) || !strings.Contains(m.Text, "<@"+r.Requester.UserID+">") {
			t.Fatalf("the text leaves out the state or who asked: %q", m.Text)
		}
		link := rapid.SampledFrom([]string{"", here, here + "?thread_ts=1700000000.000100&cid=C0OPS", "https://evil.example/x|y>", hostileText.Draw(t, "link")}).Draw(t, "address")
		if err := validate(card.Superseded(r, link)); err != nil {
			t.Fatalf("superseded: %v", err)
		}
		told, n0 := card.Summary(slices.Repeat([]card.Told{{Request: r, Link: link}, {Request: r}}, rapid.IntRange(1, 80).Draw(t, "ended")))
		if err := validate(told); err != nil || n0 < 1 || !strings.Contains(strings.ToLower(told.Text), string(r.State)) {
			t.Fatalf("a summary of %d: %v", n0, err)
		}
		n := approvals.Note{
			At: now, Ordinal: rapid.IntRange(-2, 600).Draw(t, "ordinal"), Who: "U0BOB", Detail: hostileText.Draw(t, "detail"),
			Kind: rapid.SampledFrom([]approvals.NoteKind{
				approvals.NoteApproved, approvals.NoteConfirmed, approvals.NoteDenied, approvals.NoteExpired, approvals.NoteCanceled,
				approvals.NoteDrifted, approvals.NoteWaiting, approvals.NoteStarted, approvals.NoteSlow, approvals.NoteLost,
				approvals.NoteLate, approvals.NoteSettling, approvals.NoteEnded, approvals.NoteFailed, approvals.NoteStopped, "new",
			}).Draw(t, "kind"),
		}
		if err := validate(card.Note(r, n)); err != nil {
			t.Fatalf("the note %s: %v", n.Kind, err)
		}
		var ds []api.Droplet
		for i, g := range r.Targets {
			d := api.Droplet(g.Droplet)
			d.ID = i
			ds = append(ds, d)
		}
		if err := validate(card.Pick("pick", card.Escape(n.Detail)+"?", ds)); err != nil {
			t.Fatalf("pick: %v", err)
		}
		if err := validate(card.Reply(card.Escape(n.Detail))); err != nil {
			t.Fatalf("reply: %v", err)
		}
		if err := validate(card.Fault(n.Detail)); err != nil {
			t.Fatalf("fault: %v", err)
		}
	})
}
