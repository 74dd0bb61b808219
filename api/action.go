package api

import (
	"context"
	"time"

	"github.com/digitalocean/godo"
)

// Danger is how much harm an action can do; the words are approvals'.
type Danger string

// The dangers.
const (
	Safe         Danger = "safe"
	Disruptive   Danger = "disruptive"   // interrupts service
	Irreversible Danger = "irreversible" // cannot be undone, loses nothing
	Destructive  Danger = "destructive"  // loses data, access or a safety net
)

// Args are an action's arguments by parameter name, in their canonical spelling.
type Args map[string]string

// Pins are what an action's arguments stand for, looked up when it was asked for;
// nil where it takes none, or where that is not known.
type Pins struct {
	Image *Image
	Plan  *Plan
}

// Around is what is known around a Droplet; what could not be read is empty.
type Around struct {
	Droplets []Droplet     // the account's
	Backups  *BackupPolicy // the Droplet's, where the action changes it
}

// Action declares one action on a Droplet: all there is to know of it. Parsing,
// usage errors, help, the approval card, execution and docs/actions.md derive
// from it; adding an action is one literal in [Catalogue] and nothing else.
type Action struct {
	// Type is DigitalOcean's action type, such as power_cycle. The verb that
	// people type is the same with "-" for "_".
	Type string
	// Title names it on a card, in the imperative: "Rebuild".
	Title string
	// Object says that the title has an object of its own, so that it is done on a
	// Droplet: "Enable backups", not "Rebuild".
	Object bool
	// Summary is one line for the help.
	Summary string
	// Params are what it takes besides the Droplet; positional ones in order.
	Params []Param
	// Fit fills in what one argument implies for another, in place, and answers an
	// [ArgError] for what does not go together; may be nil.
	Fit func(Args) error
	// Danger judges it with its arguments.
	Danger func(Args) Danger
	// Effect says plainly what it does to this Droplet, or to all of these, which
	// people read before they approve. Plain text, no markup.
	Effect func([]Droplet, Args, Pins) string
	// Loses says what would be lost, empty if nothing is. Plain text.
	Loses func([]Droplet, Args, Pins) string
	// Backups says that it changes whether or when backups are taken, so that the
	// card tells how that is at present.
	Backups bool
	// Heed answers a sentence on what is in nobody's way and worth knowing before it
	// is done, given what is around the Droplet; may be nil. Plain text.
	Heed func(Droplet, Args, Around) string
	// Wipes says that what is on the disk is lost by it.
	Wipes bool
	// Question asks whether it is really to be done, where something is lost; Yes
	// says so, in at most 25 characters that follow "Yes, ". Plain text; either may
	// be left out.
	Question func([]Droplet, Args, Pins) string
	Yes      string
	// Past is what the Droplets then were: "rebooted". Plain text; may be empty.
	Past string
	// Scopes are the token scopes it needs besides droplet:read.
	Scopes []string
	// Already answers a sentence if the Droplet is what the action would make of it:
	// DigitalOcean would refuse it, and nobody misses it. May be nil. Plain text.
	Already func(Droplet, Args, *Image) string
	// PreCheck answers a sentence on why DigitalOcean would refuse it, or why it
	// would do harm, given the Droplet as it is; empty if nothing is in the way.
	// It runs when asked and again right before acting.
	PreCheck func(Droplet, Args, *Image) string
	// PostCheck reports whether the Droplet shows all that was asked for, as far as it
	// can show it. It is read by its ID; its status trails the action by seconds.
	PostCheck func(before, after Droplet, a Args, img *Image) bool
	// Unshown says what to do when DigitalOcean reports it completed and the Droplet
	// does not show it; may be nil. Plain text.
	Unshown func(before, after Droplet, a Args) string
	// Result describes what came of it, from the Droplet as it was and is; may
	// be nil. Plain text.
	Result func(before, after Droplet, a Args) string
	// Made reads what was asked for and the Droplet itself does not show, such as a
	// snapshot or a backup policy, compares all of it, and describes it in plain text
	// (empty if Result does). An error says what can't be seen yet. It may be nil.
	Made func(ctx context.Context, c *Client, before, after Droplet, a Args, r Record) (string, error)
	// Becomes returns the Droplet with what it is called by as the action leaves it, which
	// rules of a policy may go by; nil of an action that changes nothing of the kind.
	Becomes func(Droplet, Args) Droplet
	// ByTag says whether DigitalOcean offers it by tag.
	ByTag bool
	// Usual is how long it usually takes where no history tells.
	Usual time.Duration
	// Steps are the actions that it takes for a Droplet as it is when the first is
	// sent, in order; nil where it is the one action that Call sends.
	Steps func(Droplet) []Step
	// Destroys says that it ends with the Droplet itself. DigitalOcean makes no action
	// of that: it is done once DigitalOcean knows the Droplet no more.
	Destroys bool
	// Make makes a Droplet of that name, for a verb whose targets are not there yet;
	// nil of all others.
	Make func(ctx context.Context, c *godo.Client, name string, a Args, img *Image) (*godo.Droplet, *godo.Response, error)
	// Call sends it; nil for a verb of our own. img is the pinned image, if it takes one.
	Call func(ctx context.Context, c *godo.Client, droplet int, a Args, img *Image) (*godo.Action, *godo.Response, error)
}

// InTheWay answers a sentence on why the action is not to be sent to a Droplet,
// by what its declaration says alone; empty if nothing is in the way.
func (a *Action) InTheWay(d Droplet, args Args, img *Image) string {
	if why := a.PreCheck(d, args, img); why != "" || a.Already == nil {
		return why
	}
	return a.Already(d, args, img)
}

// Kind is what kind of value a parameter takes; it tells which look-up checks
// and completes it.
type Kind string

// The kinds.
const (
	Text   Kind = "text"
	Size   Kind = "size"   // a size slug
	Place  Kind = "region" // a region slug
	Base   Kind = "image"  // an image by ID or slug, pinned to its ID when asked
	Backup Kind = "backup" // a backup of the same Droplet, by ID
	Kernel Kind = "kernel" // a kernel's ID
	Choice Kind = "choice" // one of Choices; a List can have Choices, too
	List   Kind = "list"   // several values with commas between them, each checked by Check
	Script Kind = "script" // text of several lines, up to 64 KiB
	Switch Kind = "switch" // a flag without a value: "true" or absent

	// Kinds of an [Asset], by ID or name; its ID when asked.
	Keys    Kind = "SSH key" // several, with commas between them
	VPC     Kind = "VPC"     // one
	Volumes Kind = "volume"  // several, with commas between them
)

// Several says whether a parameter of this kind has several values, with commas
// between them.
func (k Kind) Several() bool { return k == List || k == Keys || k == Volumes }

// Asset says whether what a parameter of this kind names is an [Asset].
func (k Kind) Asset() bool { return assetsOf[k].list != nil }

// Param declares one parameter of an action.
type Param struct {
	Name     string // "size"; as a flag, "--size"
	Kind     Kind
	Doc      string // one line
	Example  string
	Required bool
	// Flag says that it is given as --name value, not by position.
	Flag    bool
	Choices []string
	// Default makes a value where none is given; may be nil.
	Default func(Droplet, time.Time) string
	// Check answers what is wrong with a value and what would be right; empty if
	// it is fine; may be nil.
	Check func(string) string
}
