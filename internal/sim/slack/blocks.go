package slack

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// surface is where blocks are shown: it decides how many there may be.
type surface struct {
	most int
	code string // the refusal
}

// Source: https://docs.slack.dev/reference/block-kit/blocks
var (
	messageSurface = surface{most: maxMessageBlocks, code: "invalid_blocks"}
	viewSurface    = surface{most: 100, code: "invalid_arguments"} // modals and App Home
)

// maxID is the length of action_id and block_id, in characters.
const maxID = 255

// checker collects what is wrong with blocks, each with its JSON pointer as Slack gives it, and
// gives IDs where they are missing.
type checker struct {
	s        *Server
	errors   []string
	blockIDs map[string]bool
	focused  bool // an element with focus_on_load was
}

func (c *checker) fail(at, format string, a ...any) {
	c.errors = append(c.errors, fmt.Sprintf("[ERROR] "+format, a...)+" [json-pointer:"+at+"]")
}

// checkBlocks validates blocks for a surface and returns them with IDs; mu is held.
func (s *Server) checkBlocks(v any, where surface) ([]Block, error) {
	list, ok := v.([]any)
	if !ok {
		if where == messageSurface {
			return nil, refuse("invalid_blocks_format")
		}
		return nil, refuse(where.code, "[ERROR] must be an array [json-pointer:/view/blocks]")
	}
	c := &checker{s: s, blockIDs: map[string]bool{}}
	root := "/blocks"
	if where != messageSurface {
		root = "/view/blocks"
	}
	if len(list) > where.most {
		c.fail(root, "no more than %d items allowed", where.most)
	}
	out := make([]Block, 0, len(list))
	for i, raw := range list {
		at := fmt.Sprintf("%s/%d", root, i)
		b, ok := deepCopy(raw).(map[string]any)
		if !ok {
			c.fail(at, "must be an object")
			continue
		}
		c.block(at, b)
		out = append(out, b)
	}
	if len(c.errors) > 0 {
		return nil, refuse(where.code, c.errors...)
	}
	return out, nil
}

// deepCopy keeps what is stored apart from the arguments in the call log.
func deepCopy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = deepCopy(e)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = deepCopy(e)
		}
		return l
	}
	return v
}

func (c *checker) block(at string, b map[string]any) {
	id, _ := b["block_id"].(string)
	switch {
	case id == "":
		b["block_id"] = strings.ToLower(c.s.id("b"))
	case utf8.RuneCountInString(id) > maxID:
		c.fail(at+"/block_id", "must be less than %d characters", maxID+1)
	case c.blockIDs[id]:
		c.fail(at+"/block_id", "`block_id` %s already exists", id)
	}
	c.blockIDs[id] = true
	kind, _ := b["type"].(string)
	switch kind {
	case "section":
		c.section(at, b)
	case "header":
		c.text(at+"/text", b["text"], textRule{plain: true, most: 150, required: true})
	case "context":
		c.context(at, b)
	case "actions":
		elements := c.list(at+"/elements", b["elements"], 1, 25)
		c.elements(at+"/elements", elements, inActions)
	case "input":
		c.input(at, b)
	case "image":
		c.image(at, b, true)
	case "rich_text":
		c.richText(at, b)
	case "divider":
	case "":
		c.fail(at, "missing required field: type")
	default:
		c.fail(at, "unsupported type: %s", kind)
	}
}

func (c *checker) section(at string, b map[string]any) {
	_, hasText := b["text"]
	fields, hasFields := b["fields"]
	if !hasText && !hasFields {
		c.fail(at, "must define either `text` or `fields`")
	}
	if hasText {
		c.text(at+"/text", b["text"], textRule{most: 3000, required: true})
	}
	if hasFields {
		for i, f := range c.list(at+"/fields", fields, 1, 10) {
			c.text(fmt.Sprintf("%s/fields/%d", at, i), f, textRule{most: 2000, required: true})
		}
	}
	if a, ok := b["accessory"]; ok && a != nil {
		c.elements(at+"/accessory", []any{a}, inSection)
	}
}

func (c *checker) context(at string, b map[string]any) {
	for i, e := range c.list(at+"/elements", b["elements"], 1, 10) {
		p := fmt.Sprintf("%s/elements/%d", at, i)
		m, _ := e.(map[string]any)
		if m["type"] == "image" {
			c.image(p, m, false)
			continue
		}
		// The limit on a context text is a section's, 3,000 characters.
		c.text(p, e, textRule{most: 3000, required: true})
	}
}

func (c *checker) input(at string, b map[string]any) {
	c.text(at+"/label", b["label"], textRule{plain: true, most: 2000, required: true})
	c.text(at+"/hint", b["hint"], textRule{plain: true, most: 2000})
	if b["element"] == nil {
		c.fail(at, "missing required field: element")
		return
	}
	c.elements(at+"/element", []any{b["element"]}, inInput)
}

func (c *checker) image(at string, b map[string]any, block bool) {
	link, _ := b["image_url"].(string)
	if link == "" && b["slack_file"] == nil {
		c.fail(at, "missing required field: image_url")
	} else if link != "" {
		c.url(at+"/image_url", link)
	}
	if alt, _ := b["alt_text"].(string); alt == "" || utf8.RuneCountInString(alt) > 2000 {
		c.fail(at+"/alt_text", "must be from 1 to 2000 characters")
	}
	if block {
		c.text(at+"/title", b["title"], textRule{plain: true, most: 2000})
	}
}

func (c *checker) url(at, link string) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme == "" || (u.Host == "" && u.Opaque == "") || len(link) > 3000 {
		c.fail(at, "invalid_url")
	}
}

var richTextSections = map[string]bool{
	"rich_text_section": true, "rich_text_list": true, "rich_text_preformatted": true, "rich_text_quote": true,
}

func (c *checker) richText(at string, b map[string]any) {
	for i, e := range c.list(at+"/elements", b["elements"], 1, 1000) {
		p := fmt.Sprintf("%s/elements/%d", at, i)
		m, _ := e.(map[string]any)
		kind, _ := m["type"].(string)
		if !richTextSections[kind] {
			c.fail(p, "unsupported type: %s", kind)
			continue
		}
		if _, ok := m["elements"].([]any); !ok {
			c.fail(p, "missing required field: elements")
		}
	}
}

// list wants an array with from least to most items.
func (c *checker) list(at string, v any, least, most int) []any {
	l, ok := v.([]any)
	switch {
	case !ok:
		c.fail(at, "missing required field: must be an array")
	case len(l) < least:
		c.fail(at, "no fewer than %d items allowed", least)
	case len(l) > most:
		c.fail(at, "no more than %d items allowed", most)
	}
	return l
}

// textRule is what a text object must be; most counts characters.
type textRule struct {
	plain    bool // plain_text only
	most     int
	required bool
}

func (c *checker) text(at string, v any, rule textRule) {
	if v == nil {
		if rule.required {
			c.fail(at, "missing required field: text object")
		}
		return
	}
	m, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "must be an object")
		return
	}
	switch kind, _ := m["type"].(string); {
	case kind != "plain_text" && kind != "mrkdwn":
		c.fail(at+"/type", "unsupported type: %s", kind)
	case rule.plain && kind != "plain_text":
		c.fail(at+"/type", "must be plain_text")
	case kind == "mrkdwn" && m["emoji"] != nil:
		c.fail(at+"/emoji", "no additional properties allowed: emoji")
	}
	text, _ := m["text"].(string)
	if n := utf8.RuneCountInString(text); n == 0 {
		c.fail(at+"/text", "must be more than 0 characters")
	} else if n > rule.most {
		c.fail(at+"/text", "must be less than %d characters", rule.most+1)
	}
}
