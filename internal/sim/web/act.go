package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	simslack "dropletops/internal/sim/slack"
)

// maxBody is the largest request, in bytes: a modal full of texts of 3,000 characters.
const maxBody = 1 << 20

// deed is what a person does on the page. Which fields it has depends on what it is.
type deed struct {
	As       string   `json:"as"`
	Channel  string   `json:"channel"`
	ThreadTS string   `json:"thread_ts"`
	TS       string   `json:"ts"`
	Text     string   `json:"text"`
	ViewID   string   `json:"view_id"`
	Callback string   `json:"callback_id"`
	BlockID  string   `json:"block_id"`
	ActionID string   `json:"action_id"`
	Query    string   `json:"query"`
	Picks    []string `json:"picks"`
	Entered  []entry  `json:"entered"`
}

// entry is what was put into one input of a modal, named by its block; or into an element of
// another block, named by itself.
type entry struct {
	BlockID  string   `json:"block_id"`
	ActionID string   `json:"action_id"`
	Picks    []string `json:"picks"`
}

// said is what comes of a deed for the person alone.
type said struct {
	Notice string  `json:"notice,omitempty"`
	Groups []group `json:"groups,omitempty"`
	// Errors are what the app finds wrong with a submission, by block_id; under "" with the whole of it.
	Errors map[string]string `json:"errors,omitempty"`
	Error  string            `json:"error,omitempty"`
}

// group is a group of a menu's options; one without a label holds those that are in none.
type group struct {
	Label   map[string]any   `json:"label,omitempty"`
	Options []map[string]any `json:"options"`
}

// act reads a deed, does it and answers.
func act(do func(context.Context, deed) (said, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var d deed
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&d); err != nil {
			answer(w, http.StatusBadRequest, said{Error: "The page sent something that is no JSON object: " + err.Error()})
			return
		}
		out, err := do(r.Context(), d)
		if err != nil {
			answer(w, http.StatusUnprocessableEntity, said{Error: sentence(err)})
			return
		}
		answer(w, http.StatusOK, out)
	}
}

func answer(w http.ResponseWriter, status int, s said) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(s) // a browser that is gone needs no answer
}

// sentence is an error of the built-in Slack as a person may read it.
func sentence(err error) string {
	words := strings.TrimPrefix(err.Error(), "built-in Slack: ")
	if words == "" {
		return "Something went wrong."
	}
	return strings.ToUpper(words[:1]) + words[1:] + "."
}

// as checks who acts: the page can be anybody who can sign in.
func (s *Server) as(d deed) error {
	u, ok := s.slack.Snapshot().User(d.As)
	if !ok || !canSignIn(u) {
		return errors.New("nobody called " + d.As + " can sign in to this workspace")
	}
	return nil
}

// say posts what was typed: a message, or with a slash in front a command.
func (s *Server) say(_ context.Context, d deed) (said, error) {
	if err := s.as(d); err != nil {
		return said{}, err
	}
	if strings.HasPrefix(d.Text, "/") {
		return s.command(d)
	}
	_, _, err := s.slack.Say(d.As, d.Channel, d.ThreadTS, d.Text)
	return said{}, err
}

// command is a slash command: one of Slack's own that a demo needs, or one of the app's. Whatever
// the app has to say, also that it does not answer, comes as a message.
func (s *Server) command(d deed) (said, error) {
	name, text, _ := strings.Cut(strings.TrimSpace(d.Text), " ")
	user := strings.TrimPrefix(strings.TrimSpace(text), "@")
	switch {
	case d.ThreadTS != "":
		return said{Notice: "`" + name + "` is not supported in threads. Sorry!"}, nil
	case name == "/invite":
		return said{}, s.member(d, func() error { return s.slack.Invite(d.Channel, user) })
	case name == "/remove" || name == "/kick":
		return said{}, s.member(d, func() error { return s.slack.Kick(d.Channel, user) })
	}
	_, err := s.slack.SlashCommand(d.As, d.Channel, d.Text)
	if err != nil {
		return said{Notice: sentence(err)}, nil
	}
	return said{}, nil
}

// member does what only somebody in the channel can do.
func (s *Server) member(d deed, do func() error) error {
	snap := s.slack.Snapshot()
	me, _ := snap.User(d.As)
	if c, ok := snap.Channel(d.Channel); !ok || !slices.Contains(c.Members, me.ID) {
		return errors.New("you are not in this channel")
	}
	return do()
}

func (d deed) on() simslack.Click {
	return simslack.Click{
		User: d.As, Channel: d.Channel, TS: d.TS, ViewID: d.ViewID, ActionID: d.ActionID, BlockID: d.BlockID, Choose: d.Picks, Fill: d.fill(),
	}
}

// fill is what stands in the inputs of a modal.
func (d deed) fill() simslack.Fill {
	fill := simslack.Fill{}
	for _, e := range d.Entered {
		fill[cmp.Or(e.BlockID, e.ActionID)] = e.Picks
	}
	return fill
}

func (s *Server) click(ctx context.Context, d deed) (said, error) {
	// Slack's client shows a warning sign beside the button.
	_, err := s.sent(ctx, d, "the app did not take the click", func() (*simslack.Delivery, error) { return s.slack.Click(d.on()) })
	return said{}, err
}

// sent sends what a person does, and waits for what becomes of it; trouble says what it means that
// the app did not take it.
func (s *Server) sent(ctx context.Context, d deed, trouble string, send func() (*simslack.Delivery, error)) (simslack.Result, error) {
	if err := s.as(d); err != nil {
		return simslack.Result{}, err
	}
	sending, err := send()
	if err != nil {
		return simslack.Result{}, err
	}
	res, err := sending.Wait(ctx)
	if err == nil && res.Error != "" {
		err = errors.New(trouble + ": " + res.Error)
	}
	return res, err
}

// suggest asks the app for the options of a menu.
func (s *Server) suggest(ctx context.Context, d deed) (said, error) {
	res, err := s.sent(ctx, d, "the app offered no options", func() (*simslack.Delivery, error) { return s.slack.Suggest(d.on(), d.Query) })
	if err != nil {
		return said{}, err
	}
	var body struct {
		Groups []group `json:"option_groups"`
	}
	if err := json.Unmarshal(res.Payload, &body); err != nil || len(body.Groups) == 0 {
		return said{Groups: []group{{Options: append([]map[string]any{}, res.Options...)}}}, nil
	}
	return said{Groups: body.Groups}, nil
}

func (s *Server) submit(ctx context.Context, d deed) (said, error) {
	if err := s.as(d); err != nil {
		return said{}, err
	}
	sending, err := s.slack.SubmitView(d.As, d.ViewID, d.fill())
	if err != nil {
		return said{}, err
	}
	// What the app made of it is on the view.
	_, err = sending.Wait(ctx)
	var out said
	if v := s.slack.Snapshot().Modal(d.As); v != nil && v.ID == d.ViewID {
		out.Errors = v.Errors
	}
	return out, err
}

// shortcut uses one on a message.
func (s *Server) shortcut(ctx context.Context, d deed) (said, error) {
	_, err := s.sent(ctx, d, "the app did not take the shortcut", func() (*simslack.Delivery, error) {
		return s.slack.MessageShortcut(d.As, d.Channel, d.TS, d.Callback)
	})
	return said{}, err
}

func (s *Server) closeView(_ context.Context, d deed) (said, error) {
	if err := s.as(d); err != nil {
		return said{}, err
	}
	_, err := s.slack.CloseView(d.As, d.ViewID, false)
	return said{}, err
}
