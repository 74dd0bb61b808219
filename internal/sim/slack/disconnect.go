package slack

import (
	"fmt"
	"slices"
	"time"
)

// The reasons of a disconnect that Slack gives.
const (
	Warning           = "warning"
	RefreshRequested  = "refresh_requested"
	LinkDisabled      = "link_disabled"
	TooManyWebsockets = "too_many_websockets"
)

// lingers is how long a socket may stay open after a disconnect that is not a warning.
const lingers = time.Second

// disconnect sends the frame and ends the socket: at once no more envelopes, and closed from this
// side if the client does not close. After a warning envelopes go on for 10 s; mu is held.
func (s *Server) disconnect(k *socket, reason string) {
	if !slices.Contains(s.sockets, k) {
		return // it left while it was warned
	}
	k.send(map[string]any{
		"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "applink-" + k.id},
	})
	s.connections[k.log].Why = "disconnect: " + reason
	if reason == Warning {
		s.after(warned, func() { s.disconnect(k, RefreshRequested) })
		return
	}
	k.ready = false
	s.connections[k.log].Ready = false
	s.after(lingers, k.drop)
}

// Disconnect sends a disconnect with that reason to the sockets named, or to all of them.
func (s *Server) Disconnect(reason string, socketIDs ...string) int {
	return s.each(socketIDs, func(k *socket) { s.disconnect(k, reason) })
}

// DropSockets cuts the TCP connection of the sockets named, or of all, without a word.
func (s *Server) DropSockets(socketIDs ...string) int {
	return s.each(socketIDs, func(k *socket) {
		k.ready, s.connections[k.log].Ready = false, false
		k.drop()
	})
}

func (s *Server) each(ids []string, do func(*socket)) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.sockets {
		named := len(ids) == 0
		for _, id := range ids {
			named = named || id == k.id
		}
		if named {
			do(k)
			n++
		}
	}
	s.touch()
	return n
}

// RefuseConnections lets every dial to the WebSocket fail with 403, until it is called with false.
func (s *Server) RefuseConnections(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = on
}

// DisconnectOnConnect answers the next connections with a disconnect in place of hello.
func (s *Server) DisconnectOnConnect(reason string, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onConnect = onConnect{reason: reason, times: times}
}

// Violation is something a client did on the socket that Slack would not take.
type Violation struct {
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"`
	EnvelopeID string    `json:"envelope_id,omitempty"`
	Detail     string    `json:"detail"`
}

func (v Violation) String() string { return fmt.Sprintf("%s %s: %s", v.Kind, v.EnvelopeID, v.Detail) }

func (s *Server) violate(kind, envelopeID, detail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violated(kind, envelopeID, detail)
}

// violated is violate with mu held.
func (s *Server) violated(kind, envelopeID, detail string) {
	s.violations = append(s.violations, Violation{At: s.now(), Kind: kind, EnvelopeID: envelopeID, Detail: detail})
	s.log.Warn("slack protocol violation", "kind", kind, "envelope_id", envelopeID, "detail", detail)
	s.touch()
}
