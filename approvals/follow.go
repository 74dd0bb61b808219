package approvals

import (
	"context"
	"errors"
	"fmt"
)

// Follow has what stands in a channel follow it to another ID: Slack gives a private
// channel one when it converts it (G… to C…), and its messages keep their timestamps. A
// message with the timestamp of a request's card and the metadata of that request (carries)
// is that card, wherever it stands now. Any other message changes nothing.
func (s *Service) Follow(ctx context.Context, id string, clicked MessageRef, carries string) error {
	if carries == "" || carries != id || clicked.ChannelID == "" {
		return nil
	}
	r, err := s.Store.Request(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load request %s: %w", id, err)
	}
	if r.Card.TS == "" || r.Card.TS != clicked.TS || r.Card.ChannelID == clicked.ChannelID {
		return nil
	}
	return s.Store.MoveChannel(ctx, r.Card.ChannelID, clicked.ChannelID, Line{At: s.Now(), RequestID: id, What: "channel moved", Who: Self,
		Why: "Slack has given the channel another ID", Detail: map[string]string{"from": r.Card.ChannelID, "to": clicked.ChannelID}})
}
