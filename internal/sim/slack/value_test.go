package slack_test

import (
	"strings"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	simslack "dropletops/internal/sim/slack"
)

func inputOf(id string, element slack.BlockElement, dispatch bool) *slack.InputBlock {
	b := slack.NewInputBlock(id, plain(id), nil, element)
	b.Optional, b.DispatchAction = true, dispatch
	return b
}

// filledModal has one input of each kind that can be wrong, and opens it for somebody.
func filledModal(t *testing.T, s *simslack.Server, user string) *simslack.View {
	t.Helper()
	number := slack.NewNumberInputBlockElement(nil, "number", false)
	number.MinValue, number.MaxValue = "1", "10"
	text := slack.NewPlainTextInputBlockElement(nil, "text")
	text.MinLength, text.MaxLength = 3, 5
	people := slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeUser, plain("who"), "people")
	most := 1
	people.MaxSelectedItems = &most
	external := func(id string, from int) *slack.SelectBlockElement {
		e := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain("pick"), id)
		e.MinQueryLength = &from
		return e
	}
	box := slack.NewOptionBlockObject("disk", plain("Grow the disk"), nil)
	m := slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain("Inputs"), Submit: plain("Send"), NotifyOnClose: true,
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			inputOf("number", number, false), inputOf("text", text, false), inputOf("people", people, false),
			inputOf("place", slack.NewOptionsSelectBlockElement(slack.OptTypeConversations, nil, "place"), false),
			inputOf("mail", slack.NewEmailTextInputBlockElement(nil, "mail"), false),
			inputOf("first", external("first", 2), true), inputOf("second", external("second", 0), false),
			inputOf("options", slack.NewCheckboxGroupsBlockElement("options", box), false),
			buttons("row", "go"),
		}},
	}
	_, d, err := s.Mention(user, "#partners", "", "hello")
	result(t, d, err)
	// A mention has no trigger: the modal comes of a click on what answers it.
	if _, _, err := client(s).PostMessage("C0PARTNERS", slack.MsgOptionBlocks(buttons("ask", "open"))); err != nil {
		t.Fatal(err)
	}
	all := s.Snapshot().BotMessages("#partners")
	d, err = s.Click(simslack.Click{User: user, Channel: "#partners", TS: all[len(all)-1].TS, ActionID: "open"})
	result(t, d, err)
	if _, err := client(s).OpenView(d.TriggerID, m); err != nil {
		t.Fatal(err)
	}
	return s.Snapshot().Modal(user)
}

// offers acknowledges everything, and offers one option whatever is asked for.
func offers(c *socketmode.Client, e socketmode.Event) {
	if data, ok := e.Data.(slack.InteractionCallback); ok && data.Type == slack.InteractionTypeBlockSuggestion {
		_ = c.Ack(*e.Request, slack.OptionsResponse{Options: []*slack.OptionBlockObject{slack.NewOptionBlockObject(data.ActionID+"-1", plain("one"), nil)}})
		return
	}
	ackAll(c, e)
}

// A click in a modal carries what stands in all its inputs, in the view and nowhere else.
func TestClickInModalCarriesWhatIsTyped(t *testing.T) {
	s := start(t, simslack.Options{})
	run(t, s, offers)
	v := filledModal(t, s, "alice")
	d, err := s.Click(simslack.Click{User: "alice", ViewID: v.ID, ActionID: "go", Fill: simslack.Fill{"text": {"hi"}, "options": {"disk"}}})
	result(t, d, err)
	if got := fields(t, d, "view", "state", "values", "text", "text")["value"]; got != "hi" {
		t.Errorf("the text in the view's state is %v", got)
	}
	if got := fields(t, d, "view", "state", "values", "options", "options")["selected_options"].([]any); len(got) != 1 {
		t.Errorf("the boxes in the view's state are %v", got)
	}
	if got, there := fields(t, d)["state"]; there {
		t.Errorf("a click in a view has a state of its own: %v", got)
	}
	d, err = s.SubmitView("alice", v.ID, simslack.Fill{"text": {"hello"}})
	result(t, d, err)
	values := fields(t, d, "view", "state", "values")
	for _, id := range []string{"number", "text", "people", "place", "mail", "first", "second", "options"} {
		if values[id] == nil {
			t.Errorf("the submission lacks %q: %v", id, values)
		}
	}
	if got := fields(t, d, "view", "state", "values", "options", "options")["selected_options"].([]any); len(got) != 1 {
		t.Errorf("what was ticked before is gone: %v", got)
	}
}

// What Slack's client does not send, nobody sends.
func TestInputsThatAreNotSent(t *testing.T) {
	s := start(t, simslack.Options{})
	run(t, s, offers)
	v := filledModal(t, s, "alice")
	for _, wrong := range []struct{ id, value, words string }{
		{"number", "1.5", "whole"}, {"number", "x", "number"}, {"number", "11", "at most 10"}, {"number", "0", "at least 1"},
		{"text", "hi", "at least 3"}, {"text", "too long", "fewer"}, {"people", "alice", "ID of somebody"},
		{"place", "C0NOWHERE", "conversation"}, {"mail", "nobody", "email"}, {"first", "first-1", "options"}, {"options", "none", "options"},
	} {
		_, err := s.SubmitView("alice", v.ID, simslack.Fill{wrong.id: {wrong.value}})
		if err == nil || !strings.Contains(err.Error(), wrong.words) {
			t.Errorf("%s %q: %v", wrong.id, wrong.value, err)
		}
	}
	if _, err := s.SubmitView("alice", v.ID, simslack.Fill{"people": {"U0BOB", "U0CAROL"}}); err == nil {
		t.Error("more people were chosen than max_selected_items")
	}
	if _, err := s.SubmitView("carol", v.ID, nil); err == nil {
		t.Error("carol submitted alice's view")
	}
	ask := func(action, query string) (*simslack.Delivery, error) {
		return s.Suggest(simslack.Click{User: "alice", ViewID: v.ID, ActionID: action}, query)
	}
	if _, err := ask("first", "w"); err == nil || !strings.Contains(err.Error(), "min_query_length") {
		t.Errorf("asked with fewer characters than min_query_length: %v", err)
	}
	d, err := ask("first", "we")
	result(t, d, err)
	d, err = ask("second", "")
	result(t, d, err)
	if _, err := s.Click(simslack.Click{User: "alice", ViewID: v.ID, ActionID: "second", Choose: []string{"second-1"}}); err == nil || !strings.Contains(err.Error(), "dispatch_action") {
		t.Errorf("an input without dispatch_action was sent by itself: %v", err)
	}
	if _, err := s.Click(simslack.Click{User: "alice", ViewID: v.ID, ActionID: "first", Choose: []string{"second-1"}}); err == nil {
		t.Error("an option of another menu was chosen")
	}
	d, err = s.Click(simslack.Click{User: "alice", ViewID: v.ID, ActionID: "first", Choose: []string{"first-1"}})
	result(t, d, err)
	d, err = s.SubmitView("alice", v.ID, simslack.Fill{"number": {"7"}, "people": {"U0BOB"}, "place": {"C0OPS"}, "mail": {"a@b.io"}, "second": {"second-1"}})
	result(t, d, err)
	values := fields(t, d, "view", "state", "values")
	if got := fields(t, d, "view", "state", "values", "people", "people")["selected_users"].([]any); len(got) != 1 || got[0] != "U0BOB" {
		t.Errorf("the people are %v", values["people"])
	}
	if got := fields(t, d, "view", "state", "values", "first", "first", "selected_option")["value"]; got != "first-1" {
		t.Errorf("what was chosen before is %v", values["first"])
	}
}

// Somebody of another workspace opens a modal from a shared channel: payloads say whose it is.
func TestForeignModal(t *testing.T) {
	s := start(t, simslack.Options{})
	run(t, s, offers)
	v := filledModal(t, s, "erin")
	d, err := s.SubmitView("erin", v.ID, nil)
	result(t, d, err)
	if user, team, view := fields(t, d, "user"), fields(t, d, "team"), fields(t, d, "view"); user["team_id"] != simslack.PartnerTeamID ||
		team["id"] != simslack.PartnerTeamID || view["app_installed_team_id"] != simslack.TeamID {
		t.Errorf("user %v, team %v, app in %v", user, team, view["app_installed_team_id"])
	}
}

func TestViewClosed(t *testing.T) {
	s := start(t, simslack.Options{})
	run(t, s, offers)
	v := filledModal(t, s, "alice")
	d, err := s.CloseView("alice", v.ID, false)
	result(t, d, err)
	if p := fields(t, d); p["type"] != "view_closed" || p["is_cleared"] != false || p["trigger_id"] != nil {
		t.Errorf("%v", p)
	}
	if _, err := client(s).UpdateView(modal("Late"), "", "", v.ID); err == nil || err.Error() != "not_found" {
		t.Errorf("a closed view was updated: %v", err)
	}
}

func TestGroupsAndSharedChannels(t *testing.T) {
	s := start(t, simslack.Options{})
	api := client(s)
	if ids, err := api.GetUserGroupMembers("S0SRE"); err != nil || len(ids) != 2 {
		t.Errorf("members %v (%v)", ids, err)
	}
	s.SetFreePlan(true)
	if _, err := api.GetUserGroupMembers("S0SRE"); err == nil || err.Error() != "plan_upgrade_required" {
		t.Errorf("members on the free plan: %v", err)
	}
	if _, err := api.GetUserGroups(); err == nil || err.Error() != "plan_upgrade_required" {
		t.Errorf("groups on the free plan: %v", err)
	}
	s.SetFreePlan(false)
	s.SetScopes("chat:write")
	if _, err := api.GetUserGroupMembers("S0SRE"); err == nil || err.Error() != "missing_scope" {
		t.Errorf("members without usergroups:read: %v", err)
	}
	s.SetScopes(simslack.DefaultScopes()...)
	if err := s.UpdateChannel("#random", func(c *simslack.Channel) { c.IsOrgShared = true }); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][3]bool{"C0OPS": {}, "C0PARTNERS": {true, true, false}, "C0RANDOM": {true, false, true}} {
		c, err := api.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: name})
		if err != nil {
			t.Fatal(err)
		}
		if got := [3]bool{c.IsShared, c.IsExtShared, c.IsOrgShared}; got != want {
			t.Errorf("%s is shared, with others, in the Grid: %v, want %v", name, got, want)
		}
	}
	first, next, err := api.GetUsersInConversation(&slack.GetUsersInConversationParameters{ChannelID: "C0OPS", Limit: 4})
	if err != nil || len(first) != 4 || next == "" {
		t.Fatalf("%v, next %q (%v)", first, next, err)
	}
	rest, next, err := api.GetUsersInConversation(&slack.GetUsersInConversationParameters{ChannelID: "C0OPS", Limit: 4, Cursor: next})
	if err != nil || len(rest) != 2 || next != "" {
		t.Errorf("%v, next %q (%v)", rest, next, err)
	}
}
