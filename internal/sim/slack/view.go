package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// maxStack is how many modals lie on each other at most. Source: views.push's push_limit_reached.
const maxStack = 3

// maxViewBytes is the largest view, in bytes of JSON. Source: views.open's view_too_large, 250 KB.
const maxViewBytes = 250 << 10

// View is a modal or a home tab as a person has it open. A View in a snapshot never changes.
type View struct {
	ID              string                    `json:"id"`
	Type            string                    `json:"type"` // modal or home
	User            string                    `json:"user"`
	CallbackID      string                    `json:"callback_id"`
	ExternalID      string                    `json:"external_id,omitempty"`
	PrivateMetadata string                    `json:"private_metadata"`
	Hash            string                    `json:"hash"`
	RootID          string                    `json:"root_view_id"`
	PreviousID      string                    `json:"previous_view_id,omitempty"`
	Title           map[string]any            `json:"title,omitempty"`
	Submit          map[string]any            `json:"submit,omitempty"`
	Close           map[string]any            `json:"close,omitempty"`
	Blocks          []Block                   `json:"blocks"`
	ClearOnClose    bool                      `json:"clear_on_close"`
	NotifyOnClose   bool                      `json:"notify_on_close"`
	Values          map[string]map[string]any `json:"values"` // what was filled in: block_id, action_id
	// Errors are what the person sees under the inputs, by block_id; the key "" is a message of
	// Slack's own about the whole view.
	Errors map[string]string `json:"errors,omitempty"`
}

// checkView validates a view and makes one without an identity; mu is held.
func (s *Server) checkView(v any, kinds ...string) (*View, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: view")
	}
	if b, _ := json.Marshal(m); len(b) > maxViewBytes {
		return nil, refuse("view_too_large")
	}
	kind := asString(m["type"])
	if !slices.Contains(kinds, kind) {
		return nil, refuse("invalid_arguments", fmt.Sprintf("[ERROR] unsupported type: %s [json-pointer:/view/type]", kind))
	}
	blocks, err := s.checkBlocks(m["blocks"], viewSurface)
	if err != nil {
		return nil, err
	}
	c := &checker{s: s}
	view := &View{
		Type: kind, CallbackID: asString(m["callback_id"]), ExternalID: asString(m["external_id"]),
		PrivateMetadata: asString(m["private_metadata"]), Blocks: blocks, Values: map[string]map[string]any{},
		ClearOnClose: m["clear_on_close"] == true, NotifyOnClose: m["notify_on_close"] == true,
	}
	if utf8.RuneCountInString(view.PrivateMetadata) > 3000 {
		c.fail("/view/private_metadata", "must be less than 3001 characters")
	}
	if utf8.RuneCountInString(view.CallbackID) > 255 || utf8.RuneCountInString(view.ExternalID) > 255 {
		c.fail("/view", "callback_id and external_id must be less than 256 characters")
	}
	if kind == "modal" {
		short := textRule{plain: true, most: 24}
		c.text("/view/title", m["title"], textRule{plain: true, most: 24, required: true})
		c.text("/view/submit", m["submit"], short)
		c.text("/view/close", m["close"], short)
		view.Title, _ = m["title"].(map[string]any)
		view.Submit, _ = m["submit"].(map[string]any)
		view.Close, _ = m["close"].(map[string]any)
		if view.Submit == nil && slices.ContainsFunc(blocks, func(b Block) bool { return b["type"] == "input" }) {
			c.fail("/view", "missing required field: submit (a modal with an input block needs it)")
		}
	}
	if len(c.errors) > 0 {
		return nil, refuse("invalid_arguments", c.errors...)
	}
	view.fillInitial(nil)
	return view, nil
}

// wire is a view as the Web API and payloads show it to the app.
func (v *View) wire(u *User) map[string]any {
	w := map[string]any{
		"id": v.ID, "team_id": u.TeamID, "type": v.Type, "blocks": v.Blocks, "private_metadata": v.PrivateMetadata,
		"callback_id": v.CallbackID, "external_id": v.ExternalID, "hash": v.Hash,
		"state": map[string]any{"values": v.Values}, "clear_on_close": v.ClearOnClose,
		"notify_on_close": v.NotifyOnClose, "root_view_id": v.RootID, "previous_view_id": nil,
		"app_id": AppID, "bot_id": BotID, "app_installed_team_id": TeamID,
		"title": v.Title, "submit": v.Submit, "close": v.Close,
	}
	if v.PreviousID != "" {
		w["previous_view_id"] = v.PreviousID
	}
	return w
}

// shown is a view in an answer of the Web API; mu is held.
func (s *Server) shown(v *View) map[string]any { return v.wire(s.user(v.User)) }

// admit gives a view its identity and puts it on a person's stack; mu is held.
func (s *Server) admit(v *View, userID string) (*View, error) {
	if v.ExternalID != "" {
		for _, o := range s.views {
			if o.ExternalID == v.ExternalID {
				return nil, refuse("duplicate_external_id")
			}
		}
	}
	v.ID, v.User = s.id("V0"), userID
	v.Hash = s.hash()
	v.RootID = v.ID
	if stack := s.stacks[userID]; len(stack) > 0 && v.Type == "modal" {
		v.RootID, v.PreviousID = stack[0], stack[len(stack)-1]
	}
	s.views[v.ID] = v
	if v.Type == "modal" {
		s.stacks[userID] = append(slices.Clip(s.stacks[userID]), v.ID)
	}
	s.touch()
	return v, nil
}

func (s *Server) hash() string {
	s.serial++
	return fmt.Sprintf("%d.%08x", s.now().Unix(), s.serial)
}

// renew replaces what an open view shows and keeps its identity; mu is held.
func (s *Server) renew(old, v *View) *View {
	v.ID, v.User, v.RootID, v.PreviousID = old.ID, old.User, old.RootID, old.PreviousID
	v.Hash = s.hash()
	v.fillInitial(old.Values)
	s.views[v.ID] = v
	s.touch()
	return v
}

// closeViews takes a person's modals off from the one given upwards; mu is held.
func (s *Server) closeViews(userID string, from int) {
	stack := s.stacks[userID]
	for _, id := range stack[from:] {
		delete(s.views, id)
	}
	s.stacks[userID] = slices.Clone(stack[:from])
	s.touch()
}

// fillInitial sets each input's value to what was typed before, or to its initial value.
func (v *View) fillInitial(before map[string]map[string]any) {
	for _, b := range v.Blocks {
		blockID := asString(b["block_id"])
		for _, e := range elementsOf(b) {
			id := asString(e["action_id"])
			if !stateful(e) {
				continue
			}
			value := before[blockID][id]
			if was, _ := value.(map[string]any); was == nil || was["type"] != e["type"] {
				value = stateOf(e)
			}
			if v.Values[blockID] == nil {
				v.Values[blockID] = map[string]any{}
			}
			v.Values[blockID][id] = value
		}
	}
}

// opened checks a modal and uses its trigger up; mu is held.
func (s *Server) opened(c Call) (*View, *trigger, error) {
	v, err := s.checkView(c.Args["view"], "modal")
	if err != nil {
		return nil, nil, err
	}
	t, err := s.exchange(c)
	return v, t, err
}

func (s *Server) viewsOpen(c Call) (map[string]any, error) {
	v, t, err := s.opened(c)
	if err != nil {
		return nil, err
	}
	s.closeViews(t.user, 0) // a new root takes the place of what is open
	if v, err = s.admit(v, t.user); err != nil {
		return nil, err
	}
	return map[string]any{"view": s.shown(v)}, nil
}

func (s *Server) viewsPush(c Call) (map[string]any, error) {
	v, t, err := s.opened(c)
	if err != nil {
		return nil, err
	}
	switch stack := s.stacks[t.user]; {
	case len(stack) == 0 || t.inView == "":
		return nil, refuse("not_found")
	case len(stack) >= maxStack:
		return nil, refuse("push_limit_reached")
	}
	if v, err = s.admit(v, t.user); err != nil {
		return nil, err
	}
	return map[string]any{"view": s.shown(v)}, nil
}

func (s *Server) viewsUpdate(c Call) (map[string]any, error) {
	v, err := s.checkView(c.Args["view"], "modal", "home")
	if err != nil {
		return nil, err
	}
	old := s.views[c.Str("view_id")]
	if id := c.Str("external_id"); old == nil && id != "" {
		for _, o := range s.views {
			if o.ExternalID == id {
				old = o
			}
		}
	}
	switch hash := c.Str("hash"); {
	case old == nil || old.Type != v.Type:
		return nil, refuse("not_found")
	case hash != "" && hash != old.Hash:
		return nil, refuse("hash_conflict")
	}
	return map[string]any{"view": s.shown(s.renew(old, v))}, nil
}

func (s *Server) viewsPublish(c Call) (map[string]any, error) {
	if err := c.missing("user_id"); err != nil {
		return nil, err
	}
	u := s.user(c.Str("user_id"))
	if u == nil || u.Deleted || u.TeamID != TeamID {
		return nil, refuse("user_not_found")
	}
	v, err := s.checkView(c.Args["view"], "home")
	if err != nil {
		return nil, err
	}
	if old := s.views[s.homes[u.ID]]; old != nil {
		if hash := c.Str("hash"); hash != "" && hash != old.Hash {
			return nil, refuse("hash_conflict")
		}
		return map[string]any{"view": s.shown(s.renew(old, v))}, nil
	}
	if v, err = s.admit(v, u.ID); err != nil {
		return nil, err
	}
	s.homes[u.ID] = v.ID
	return map[string]any{"view": s.shown(v)}, nil
}
