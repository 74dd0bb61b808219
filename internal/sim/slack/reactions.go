package slack

import (
	"slices"
	"strings"
)

// reacted finds the message that a reaction is about; mu is held.
func (s *Server) reacted(c Call) (*Message, string, error) {
	ch, err := s.target(c.Str("channel"))
	if err != nil {
		return nil, "", err
	}
	name := strings.Trim(c.Str("name"), ":")
	if name == "" || strings.ContainsAny(name, " \t\n") {
		return nil, "", refuse("invalid_name")
	}
	if !ch.has(BotUserID) {
		return nil, "", refuse("not_in_channel")
	}
	m := s.message(ch.ID, c.Str("timestamp"))
	if m == nil {
		return nil, "", refuse("message_not_found")
	}
	return m, name, nil
}

func (s *Server) reactionsAdd(c Call) (map[string]any, error) {
	m, name, err := s.reacted(c)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name })
	if i >= 0 && slices.Contains(m.Reactions[i].Users, BotUserID) {
		return nil, refuse("already_reacted")
	}
	s.replace(m, func(m *Message) {
		m.Reactions = slices.Clone(m.Reactions)
		if i < 0 {
			m.Reactions = append(m.Reactions, Reaction{Name: name, Users: []string{BotUserID}})
			return
		}
		m.Reactions[i].Users = append(slices.Clone(m.Reactions[i].Users), BotUserID)
	})
	return map[string]any{}, nil
}

func (s *Server) reactionsRemove(c Call) (map[string]any, error) {
	m, name, err := s.reacted(c)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool {
		return r.Name == name && slices.Contains(r.Users, BotUserID)
	})
	if i < 0 {
		return nil, refuse("no_reaction")
	}
	s.replace(m, func(m *Message) {
		m.Reactions = slices.Clone(m.Reactions)
		users := slices.DeleteFunc(slices.Clone(m.Reactions[i].Users), func(u string) bool { return u == BotUserID })
		m.Reactions[i].Users = users
		if len(users) == 0 {
			m.Reactions = slices.Delete(m.Reactions, i, i+1)
		}
	})
	return map[string]any{}, nil
}
