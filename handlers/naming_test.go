package handlers

import (
	"testing"

	"dropletops/approvals"
)

// A Droplet that is to be destroyed and was chosen from a menu has its name typed
// before that is asked for.
func TestADestroyedDropletIsNamed(t *testing.T) {
	b := newBench(t)
	for _, text := range []string{"destroy twin", "destroy"} {
		asked := len(b.store.order)
		id := blockID(t, b.do(b.mention(object{"text": "<@UDROPLETOPS> " + text})))
		pick := b.click("UALICE", menu, chosen(id, "104"))
		if r := b.do(pick); r.Message.Text != "" || len(b.store.order) != asked {
			t.Fatalf("chosen: said %q, %d requests", r.Message.Text, len(b.store.order)-asked)
		}
		b.refused(b.submit("UALICE", object{"name": "twni"}), "Nothing was started: you typed `twni`, and the Droplet that you chose is called `twin` (ID `104`).")
		b.refused(b.submit("UBOB", object{"name": "twin"}), "This menu is for whoever typed the command. Type your own.")
		if len(b.store.order) != asked {
			t.Fatal("a request was made")
		}
		e := b.submit("UALICE", object{"name": " twin "})
		r := b.asks(e)
		if r.State != approvals.Pending || r.Action.Type != "destroy" || r.Targets[0].Droplet.ID != 104 || r.Leaves == nil || r.Origin.Envelope != e.Key || r.Origin.ChannelID != "C1" {
			t.Errorf("%+v", r)
		}
		if said := b.do(e); !said.Replace || said.To.ResponseURL != "http://slack/r/click" {
			t.Errorf("handled twice, it said %+v", said)
		}
	}
	// What was typed by its name or its ID was typed.
	for _, text := range []string{"destroy web-1", "destroy 104"} {
		if r := b.asks(b.slash("UALICE", text)); r.State != approvals.Pending {
			t.Errorf("%s: %s", text, r.State)
		}
	}
	// What loses nothing is chosen, and that is all.
	id := blockID(t, b.do(b.slash("UALICE", "reboot twin")))
	b.asks(b.click("UALICE", menu, chosen(id, "104")))
}
