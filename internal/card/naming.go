package card

import (
	"fmt"

	"dropletops/api"
	"dropletops/approvals"

	"github.com/slack-go/slack"
)

// The callback_id of the modal in which a Droplet's name is typed, and its input.
const (
	NamingModal = "naming"
	NameInput   = "name"
)

// Naming asks for the name of a Droplet that was chosen from a menu, before what
// can't be undone is asked for: a finger slips in a menu, and not in a name.
func Naming(d api.Droplet, a *api.Action, meta string) slack.ModalViewRequest {
	var s sheet
	s.section(fmt.Sprintf("You chose *%s* (ID %d)%s.", Escape(bare(approvals.Droplet(d), maxName)), d.ID, purpose(d)+dot+power(d.Status)),
		Escape(cut(a.Effect([]api.Droplet{d}, nil, api.Pins{}), maxProse)), "Nothing is asked for before its name is typed here.")
	s.input(NameInput, "The Droplet's name", "As it stands above.", maxName, false)
	return s.modal(NamingModal, a.Title, a.Title, "Go back", meta)
}
