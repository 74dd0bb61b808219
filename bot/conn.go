package bot

import (
	"context"
	"encoding/json"
	"net"

	"github.com/slack-go/slack/socketmode"
)

// dial makes a connection that remembers when it last brought something.
func (k *socket) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := k.client.access.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	k.heard.Store(k.client.now().UnixNano())
	return &heardConn{Conn: c, heard: func() { k.heard.Store(k.client.now().UnixNano()) }}, nil
}

type heardConn struct {
	net.Conn
	heard func()
}

func (c *heardConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard()
	}
	return n, err
}

// eventOf tells what an envelope is about, however often it is delivered in
// another one. The type stands in front, so that an event_id and a trigger_id
// can never be taken for each other. A modal that was taken in closes, so that each
// is submitted once: whoever was shown an error since the acknowledgement was lost
// submits it again, with another trigger_id.
func eventOf(kind string, payload json.RawMessage) string {
	var p struct {
		Type      string `json:"type"`
		EventID   string `json:"event_id"`
		TriggerID string `json:"trigger_id"`
		View      struct {
			ID string `json:"id"`
		} `json:"view"`
	}
	_ = json.Unmarshal(payload, &p) // what can't be read has no ID
	id := p.TriggerID
	switch {
	case kind == socketmode.RequestTypeEventsAPI:
		id = p.EventID
	case p.Type == "view_submission" && p.View.ID != "":
		id = "view " + p.View.ID
	}
	if id == "" {
		return ""
	}
	return kind + ":" + id
}
