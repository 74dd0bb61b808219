package slack_test

import (
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	simslack "dropletops/internal/sim/slack"
)

func plain(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, text, false, false)
}

func modal(title string) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain(title), Submit: plain("Send"), CallbackID: "reason", NotifyOnClose: true,
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("why", plain("Reason"), nil, slack.NewPlainTextInputBlockElement(nil, "text")),
			slack.NewInputBlock("which", plain("Droplet"), nil, slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain("pick"), "pick")),
		}},
	}
}

func TestModal(t *testing.T) {
	s := start(t, simslack.Options{})
	a := run(t, s, func(c *socketmode.Client, e socketmode.Event) {
		switch data := e.Data.(type) {
		case slack.SlashCommand:
			_ = c.Ack(*e.Request)
			v, err := c.OpenView(data.TriggerID, modal("Loading"))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := c.UpdateView(modal("Why?"), "", v.Hash, v.ID); err != nil {
				t.Error(err)
			}
			if _, err := c.UpdateView(modal("Stale"), "", v.Hash, v.ID); err == nil || err.Error() != "hash_conflict" {
				t.Errorf("update with an old hash: %v", err)
			}
			if _, err := c.OpenView(data.TriggerID, modal("Again")); err == nil || err.Error() != "exchanged_trigger_id" {
				t.Errorf("second use of a trigger: %v", err)
			}
		case slack.InteractionCallback:
			switch data.Type {
			case slack.InteractionTypeBlockSuggestion:
				_ = c.Ack(*e.Request, slack.OptionsResponse{Options: []*slack.OptionBlockObject{
					slack.NewOptionBlockObject("7", plain("web-7 "+data.Value), nil),
				}})
			case slack.InteractionTypeViewSubmission:
				switch why := data.View.State.Values["why"]["text"].Value; why {
				case "no":
					_ = c.Ack(*e.Request, slack.NewErrorsViewSubmissionResponse(map[string]string{"why": "longer"}))
				case "bad":
					_ = c.Ack(*e.Request, slack.NewErrorsViewSubmissionResponse(map[string]string{"nothing": "x"}))
				case "update":
					m := modal("Updated")
					_ = c.Ack(*e.Request, slack.NewUpdateViewSubmissionResponse(&m))
				case "push":
					m := modal("Pushed")
					_ = c.Ack(*e.Request, slack.NewPushViewSubmissionResponse(&m))
				case "clear":
					_ = c.Ack(*e.Request, slack.NewClearViewSubmissionResponse())
				default:
					_ = c.Ack(*e.Request)
				}
			default:
				_ = c.Ack(*e.Request)
			}
		}
	})
	_ = a
	d, err := s.SlashCommand("alice", "#ops", "/droplet destroy web-7")
	result(t, d, err)
	snap := waitFor(t, s, func(n *simslack.Snapshot) bool { return len(n.CallsTo("views.open")) == 2 })
	id := snap.Modal("alice").ID
	title := func() any { return s.Snapshot().Modal("alice").Title["text"] }
	if title() != "Why?" {
		t.Fatal(title())
	}
	if _, err := s.SubmitView("alice", id, simslack.Fill{"why": {"x"}}); err == nil {
		t.Fatal("submitted without a required input")
	}
	d, err = s.Suggest(simslack.Click{User: "alice", ViewID: id, ActionID: "pick"}, "web")
	if r := result(t, d, err); len(r.Options) != 1 || r.Options[0]["value"] != "7" {
		t.Fatalf("%+v", r)
	}
	submit := func(why string) simslack.Result {
		t.Helper()
		d, err := s.SubmitView("alice", s.Snapshot().Modal("alice").ID, simslack.Fill{"why": {why}, "pick": {"7"}})
		return result(t, d, err)
	}
	submit("no")
	if v := s.Snapshot().Modal("alice"); v.Errors["why"] != "longer" {
		t.Fatalf("%+v", v.Errors)
	}
	if r := submit("bad"); r.Error == "" || s.Snapshot().Modal("alice").Errors[""] == "" {
		t.Fatalf("errors for a block that is no input: %+v", r)
	}
	submit("update")
	if title() != "Updated" || s.Snapshot().Modal("alice").ID != id {
		t.Fatal(title())
	}
	submit("push")
	if title() != "Pushed" || len(s.Snapshot().Modals["U0ALICE"]) != 2 {
		t.Fatal(title())
	}
	d, err = s.CloseView("alice", s.Snapshot().Modal("alice").ID, false)
	result(t, d, err)
	if title() != "Updated" {
		t.Fatal(title())
	}
	submit("clear")
	if s.Snapshot().Modal("alice") != nil {
		t.Fatal("still open")
	}
}

func TestTriggerLife(t *testing.T) {
	c := newClock()
	s := start(t, simslack.Options{Now: c.Now})
	run(t, s, ackAll)
	d, err := s.SlashCommand("alice", "#ops", "/droplet help")
	result(t, d, err)
	c.Advance(s, 3*time.Second+time.Millisecond)
	if _, err := client(s).OpenView(d.TriggerID, modal("Late")); err == nil || err.Error() != "expired_trigger_id" {
		t.Fatal(err)
	}
	bad := modal("A title that is longer than twenty-four")
	bad.Submit = nil
	_, err = client(s).OpenView(d.TriggerID, bad)
	if e, ok := err.(slack.SlackErrorResponse); !ok || e.Err != "invalid_arguments" || len(e.ResponseMetadata.Messages) != 2 {
		t.Fatalf("%#v", err)
	}
}

func TestHomeAndShortcut(t *testing.T) {
	s := start(t, simslack.Options{})
	run(t, s, ackAll)
	d, err := s.OpenHome("alice")
	result(t, d, err)
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{section("hi"), buttons("b", "refresh")}}}
	if _, err := client(s).PublishView("U0ALICE", home, ""); err != nil {
		t.Fatal(err)
	}
	v := s.Snapshot().Home("alice")
	d, err = s.Click(simslack.Click{User: "alice", ViewID: v.ID, ActionID: "refresh"})
	result(t, d, err)
	m, _, err := s.Say("bob", "#ops", "", "web-1 hangs")
	if err != nil {
		t.Fatal(err)
	}
	d, err = s.MessageShortcut("alice", "#ops", m.TS, "reboot_from_message")
	result(t, d, err)
	if _, err := client(s).OpenView(d.TriggerID, modal("Sure?")); err != nil {
		t.Fatal(err)
	}
	d, err = s.GlobalShortcut("alice", "new_droplet")
	result(t, d, err)
	if n := s.Snapshot(); len(n.Violations) > 0 {
		t.Fatal(n.Violations)
	}
}
