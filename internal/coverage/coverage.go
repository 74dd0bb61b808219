// Package coverage says which of our commands does each operation that there is on
// Droplets and their actions: each one of DigitalOcean's API, and each method of the
// client libraries'. docs/coverage.md is written from it. Its tests hold it against
// DigitalOcean's OpenAPI document, godo, python3-digitalocean and dots-wrapper, so
// that nothing can be missing from it; it is part of no program.
package coverage

import "slices"

//go:generate go run ../gendocs -coverage -o ../../docs/coverage.md

// Row is one operation.
type Row struct {
	Operation string
	// API are the operations of DigitalOcean's: "GET /v2/droplets", and of those that
	// take an action's type in their body "POST /v2/droplets/actions shutdown".
	API []string
	// Methods of godo's services ("Droplets.List"), of python3-digitalocean's classes
	// ("Droplet.load") and of dots-wrapper's modules ("droplet.listDroplets").
	Godo, Python, Dots []string
	// Commands are what is typed for it behind "/droplet".
	Commands []string
	// Tests show it, as "cmd/dropletops.TestDestroy". The first uses the whole program.
	Tests []string
	// Note says what is worth knowing, and why no command does it where none does.
	Note string
}

// Section is some rows under a title.
type Section struct {
	Title string
	Rows  []Row
}

// NotYet begins the note of what is to come.
const NotYet = "Not yet"

// Rows are all, in order.
func Rows() []Row {
	var out []Row
	for _, s := range Sections() {
		out = slices.Concat(out, s.Rows)
	}
	return out
}

// Sections are the table.
func Sections() []Section {
	return []Section{
		{"To look", looks()},
		{"To act", acts()},
		{"By tag", byTag()},
		{"Life cycle", life()},
		{"Waiting", waits()},
		{"What the libraries have besides", plumbing()},
	}
}

// The operations that take an action's type.
const (
	postAction = "POST /v2/droplets/{droplet_id}/actions "
	postByTag  = "POST /v2/droplets/actions "
)

// everyVerb types each changing verb, with every parameter, through the binary, and
// holds what DigitalOcean was sent and what became of the Droplet.
const everyVerb = "cmd/dropletops.TestEveryChangingVerb"

// one is where each verb that only looks is typed through the binary.
const (
	reading        = "cmd/dropletops.TestReadingOneDroplet"
	readingAccount = "cmd/dropletops.TestReadingTheAccount"
	answered       = "handlers.TestLooksAreAnswered"
)
