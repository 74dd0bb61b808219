package api

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// This file holds the pieces that the catalogue's sentences are made of. They
// are plain text; whoever shows them escapes them.

// always is the danger of an action that does not depend on its arguments.
func always(d Danger) func(Args) Danger { return func(Args) Danger { return d } }

// saying makes a sentence about one Droplet, or about all of several.
type saying = func([]Droplet, Args, Pins) string

// says is a sentence that needs nothing but the Droplets, as [tell] tells it.
func says(sentence string) saying {
	return func(on []Droplet, _ Args, _ Pins) string { return tell(on, sentence) }
}

// tell fills a sentence in. Of "[its|their]" it takes the first for one Droplet
// and the second for several. {name} is what they are called, {price} what they
// cost together, {disk} how large their disks are; pairs are further
// placeholders and what stands for them.
func tell(on []Droplet, sentence string, pairs ...string) string {
	pick := "$1"
	if len(on) != 1 {
		pick = "$2"
	}
	sentence = numbers.ReplaceAllString(sentence, pick)
	pairs = append(pairs, "{name}", called(on), "{price}", price(on), "{disk}", disks(on))
	// A single pass: a Droplet's name is never read as a placeholder.
	return strings.NewReplacer(pairs...).Replace(sentence)
}

var numbers = regexp.MustCompile(`\[([^|\]]*)\|([^\]]*)\]`)

// called is what people call a Droplet, or several.
func called(on []Droplet) string {
	if len(on) == 1 {
		return on[0].label()
	}
	return fmt.Sprintf("these %d Droplets", len(on))
}

// price is what Droplets cost together. One of which that is not known leaves
// the sum open.
func price(on []Droplet) string {
	sum := 0.0
	for _, d := range on {
		if d.Monthly == 0 {
			return "money"
		}
		sum += d.Monthly
	}
	return dollars(sum)
}

func dollars(d float64) string { return fmt.Sprintf("$%.2f a month", d) }

// disks tells the size of one disk in front of the word, and that of several
// behind it.
func disks(on []Droplet) string {
	sum := 0
	for _, d := range on {
		if d.DiskGB == 0 {
			return ""
		}
		sum += d.DiskGB
	}
	if len(on) == 1 {
		return fmt.Sprintf("%d GB ", sum)
	}
	return fmt.Sprintf(" (%d GB in all)", sum)
}

// nothing is what an action that loses nothing loses.
func nothing([]Droplet, Args, Pins) string { return "" }

// label is what people call a Droplet.
func (d Droplet) label() string {
	if d.Name != "" {
		return d.Name
	}
	return fmt.Sprintf("Droplet %d", d.ID)
}

// disk puts the size of the disk into a text, or is empty if it is not known.
func (d Droplet) disk(format string) string {
	if d.DiskGB == 0 {
		return ""
	}
	return fmt.Sprintf(format, d.DiskGB)
}

// Label is what people call an image: its slug, else its name.
func (i Image) Label() string {
	if i.Slug != "" {
		return i.Slug
	}
	return i.Name
}

// or names the pinned image with its ID, or what was typed where none is pinned.
func (i *Image) or(typed string) string {
	if i == nil {
		return typed
	}
	if i.Label() == "" {
		return fmt.Sprintf("image %d", i.ID)
	}
	return fmt.Sprintf("%s (image %d)", i.Label(), i.ID)
}

// short is or without the ID, for a question that must be short.
func (i *Image) short(typed string) string {
	if i == nil || i.Label() == "" {
		return i.or(typed)
	}
	return i.Label()
}

// from says when an image was taken.
func (i *Image) from() string {
	if i == nil {
		return ""
	}
	t, err := time.Parse(time.RFC3339, i.Created)
	if err != nil {
		return ""
	}
	return t.UTC().Format(", taken on 2006-01-02 at 15:04 UTC")
}

func iff(cond bool, say string) string {
	if cond {
		return say
	}
	return ""
}

// policyWords says when backups are taken, with a comma in front.
func policyWords(a Args) string {
	if a["plan"] == "" {
		return ""
	}
	s := ", " + a["plan"]
	if a["weekday"] != "" {
		s += " on " + a["weekday"]
	}
	if a["hour"] != "" {
		return s + fmt.Sprintf(", in the four hours from %s:00 UTC", a["hour"])
	}
	return s + ", at an hour that DigitalOcean chooses"
}

// either lists what may have been meant: "a, b or c".
func either(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
