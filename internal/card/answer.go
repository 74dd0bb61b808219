package card

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/slack-go/slack"
)

// Answer is what a verb that looks something up found, for the asker alone until
// they show it to the channel. All of it is mrkdwn, and what comes from outside
// in it has gone through [Escape] or [Code].
type Answer struct {
	Head  string   // what this is: "*Droplets* in fra1"
	Items []string // each of a few lines
	// Each names the items by their plural, "Droplets": they are counted then and
	// stand on pages. Empty for an answer that is one thing.
	Each string
	Foot string // small print: what to type next
}

// Place is where in an answer someone is, as the answer's buttons carry it.
type Place struct {
	Page    int // from 1
	Droplet int // that was chosen from a menu; 0 if none was
}

// String is how a button's value writes it; [PlaceFrom] reads it.
func (p Place) String() string { return fmt.Sprintf("%d %d", p.Page, p.Droplet) }

// PlaceFrom reads a button's value.
func PlaceFrom(value string) (Place, bool) {
	page, droplet, ok := strings.Cut(value, " ")
	n, errPage := strconv.Atoi(page)
	id, errDroplet := strconv.Atoi(droplet)
	if !ok || errPage != nil || errDroplet != nil || n < 1 || id < 0 {
		return Place{}, false
	}
	return Place{n, id}, true
}

// Showing is how an answer is drawn.
type Showing struct {
	BlockID string // of its buttons
	Place   Place
	// Shown says that it stands in the channel by now: there is no button to show
	// it again.
	Shown bool
	// By draws it for everyone in the channel: who shows it, and the words it
	// answers. It then has no buttons: they would be the asker's alone.
	By, Words string
}

// On a page stand as many items as are looked through on a phone without getting
// lost; each is cut so that all of them fit into a message.
const (
	perPage = 15
	maxItem = 520
	maxHead = 400
)

// Draw draws a page of an answer. A page that is not there any more is the last
// that is.
func Draw(a Answer, show Showing) Message {
	var s sheet
	head := cut(a.Head, maxHead)
	items := a.Items
	pages := 1
	page := 1
	if a.Each != "" {
		pages = max(1, (len(a.Items)+perPage-1)/perPage)
		page = min(max(show.Place.Page, 1), pages)
		items = a.Items[(page-1)*perPage : min(page*perPage, len(a.Items))]
		if len(a.Items) > perPage {
			head += fmt.Sprintf(" · *%d–%d of %d* %s", (page-1)*perPage+1, (page-1)*perPage+len(items), len(a.Items), a.Each)
		} else if len(a.Items) > 0 {
			head += fmt.Sprintf(" · %d %s", len(a.Items), plural(len(a.Items), strings.TrimSuffix(a.Each, "s"), a.Each))
		}
	}
	s.section(head)
	lines := make([]string, len(items))
	for i, item := range items {
		lines[i] = cut(item, maxItem)
	}
	paragraphs(&s, lines)
	s.context(a.Foot)
	told := append(append([]string{head}, lines...), a.Foot)
	switch {
	case show.By != "":
		by := "Shown by " + mention(show.By) + ": " + Code(show.Words)
		s.context(by)
		told = append(told, by)
	default:
		if show.Shown {
			s.context("Shown to the channel.")
			told = append(told, "Shown to the channel.")
		}
		s.actions(show.BlockID, turns(show, page, pages)...)
	}
	return s.message(joined(told))
}

// turns are the buttons below an answer.
func turns(show Showing, page, pages int) []slack.BlockElement {
	var out []slack.BlockElement
	add := func(actionID, words, spoken string, to int) {
		b := slack.NewButtonBlockElement(actionID, Place{to, show.Place.Droplet}.String(), plain(words))
		b.AccessibilityLabel = cut(spoken, maxSpoken)
		out = append(out, b)
	}
	// Slack takes no action_id twice within a block.
	if page > 1 {
		add("page_back", "Previous", fmt.Sprintf("Previous: page %d of %d", page-1, pages), page-1)
	}
	if page < pages {
		add("page", "Next", fmt.Sprintf("Next: page %d of %d", page+1, pages), page+1)
	}
	if !show.Shown {
		add("share", "Show to channel", "Show this to everyone in the channel", page)
	}
	return out
}
