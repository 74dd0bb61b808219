package slack

import (
	"fmt"
	"time"
)

// triggerLife is how long a trigger_id can be exchanged.
// Source: https://docs.slack.dev/interactivity/handling-user-interaction
const triggerLife = 3 * time.Second

type trigger struct {
	user   string
	at     time.Time
	used   bool
	inView string // the view in which the person acted, which views.push needs
}

// newTrigger makes a trigger_id; mu is held.
func (s *Server) newTrigger(userID, viewID string) string {
	s.serial++
	id := fmt.Sprintf("%d.%d.%032x", s.now().UnixMilli(), s.serial, s.serial*0x9E3779B1)
	s.triggers[id] = &trigger{user: userID, at: s.now(), inView: viewID}
	return id
}

// exchange uses a trigger_id up; mu is held.
func (s *Server) exchange(c Call) (*trigger, error) {
	if err := c.missing("trigger_id"); err != nil {
		return nil, err
	}
	t := s.triggers[c.Str("trigger_id")]
	switch {
	case t == nil:
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case s.now().Sub(t.at) > s.slower(triggerLife):
		return nil, refuse("expired_trigger_id")
	}
	t.used = true
	return t, nil
}
