package api

import (
	"fmt"
	"strings"
	"time"
)

// This file holds the pieces that the catalogue's sentences are made of. They
// are plain text; whoever shows them escapes them.

// always is the danger of an action that does not depend on its arguments.
func always(d Danger) func(Args) Danger { return func(Args) Danger { return d } }

// says is a sentence that names the Droplet for {name} and its price for {price}.
func says(sentence string) func(Droplet, Args, *Image) string {
	return func(d Droplet, _ Args, _ *Image) string {
		price := ""
		if d.Monthly > 0 {
			price = fmt.Sprintf(" $%.2f a month", d.Monthly)
		}
		// A single pass: a Droplet's name is never read as a placeholder.
		return strings.NewReplacer("{name}", d.label(), "{price}", price).Replace(sentence)
	}
}

// nothing is what an action that loses nothing loses.
func nothing(Droplet, Args, *Image) string { return "" }

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

func orUnknown(s string) string {
	if s == "" {
		return "its present size"
	}
	return s
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
