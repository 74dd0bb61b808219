package slack

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// wireChannel is a channel as conversations.info shows it; mu is held.
func (s *Server) wireChannel(ch *Channel) map[string]any {
	w := map[string]any{
		"id": ch.ID, "created": 1700000000, "is_archived": ch.IsArchived, "is_shared": ch.IsExtShared || ch.IsOrgShared,
		"is_ext_shared": ch.IsExtShared, "is_org_shared": ch.IsOrgShared, "is_pending_ext_shared": false,
		"is_im": ch.Kind == IM, "is_mpim": ch.Kind == MPIM, "is_group": false, "is_channel": ch.Kind != IM,
		"is_private": ch.Kind != PublicChannel, "is_member": ch.has(BotUserID), "context_team_id": TeamID,
		"shared_team_ids": []string{TeamID}, "num_members": len(ch.Members),
		"topic":   map[string]any{"value": ch.Topic, "creator": "", "last_set": 0},
		"purpose": map[string]any{"value": "", "creator": "", "last_set": 0},
	}
	if ch.IsExtShared {
		w["shared_team_ids"] = []string{TeamID, PartnerTeamID}
		w["connected_team_ids"], w["conversation_host_id"] = []string{PartnerTeamID}, TeamID
	}
	if ch.Kind == IM {
		w["is_open"], w["user"] = true, s.other(ch)
		delete(w, "num_members")
		return w
	}
	w["name"], w["name_normalized"], w["creator"] = ch.Name, ch.Name, "U0ALICE"
	w["is_general"] = false
	return w
}

// other is who the bot has a direct message with; mu is held.
func (s *Server) other(ch *Channel) string {
	for _, m := range ch.Members {
		if m != BotUserID {
			return m
		}
	}
	return ""
}

// scopeOf is the suffix of the scopes that a channel's kind needs, as in channels:read.
var scopeOf = map[ChannelKind]string{PublicChannel: "channels", PrivateChannel: "groups", IM: "im", MPIM: "mpim"}

// readable is target for reading, with the scope that the channel's kind needs; mu is held.
func (s *Server) readable(ref, verb string) (*Channel, error) {
	ch, err := s.target(ref)
	if err != nil {
		return nil, err
	}
	if scope := scopeOf[ch.Kind] + ":" + verb; !s.granted(scope) {
		return nil, &apiError{code: "missing_scope", extra: map[string]any{
			"needed": scope, "provided": strings.Join(s.scopes, ","),
		}}
	}
	return ch, nil
}

func (s *Server) conversationsInfo(c Call) (map[string]any, error) {
	ch, err := s.readable(c.Str("channel"), "read")
	if err != nil {
		return nil, err
	}
	w := s.wireChannel(ch)
	if !c.Bool("include_num_members") {
		delete(w, "num_members")
	}
	return map[string]any{"channel": w}, nil
}

func (s *Server) conversationsList(c Call) (map[string]any, error) {
	kinds := strings.Split(orElse(c.Str("types"), string(PublicChannel)), ",")
	var list []any
	for i := range s.workspace.Channels {
		ch := &s.workspace.Channels[i]
		if !slices.Contains(kinds, string(ch.Kind)) || (ch.Kind != PublicChannel && !ch.has(BotUserID)) ||
			(c.Bool("exclude_archived") && ch.IsArchived) {
			continue
		}
		list = append(list, s.wireChannel(ch))
	}
	for _, k := range kinds {
		if scope := scopeOf[ChannelKind(k)] + ":read"; scopeOf[ChannelKind(k)] != "" && !s.granted(scope) {
			return nil, &apiError{code: "missing_scope", extra: map[string]any{
				"needed": scope, "provided": strings.Join(s.scopes, ","),
			}}
		}
	}
	return page(c, "channels", list, 100, 1000)
}

func (s *Server) conversationsMembers(c Call) (map[string]any, error) {
	ch, err := s.readable(c.Str("channel"), "read")
	if err != nil {
		return nil, err
	}
	list := make([]any, len(ch.Members))
	for i, m := range ch.Members {
		list[i] = m
	}
	return page(c, "members", list, 100, 1000)
}

// page cuts a list by limit and cursor, as every list method does.
func page(c Call, key string, list []any, usual, most int) (map[string]any, error) {
	n, refusal := c.integer("limit", usual, 0, most)
	if refusal != nil {
		return nil, refusal
	}
	if n == 0 {
		n = usual
	}
	from := 0
	if cursor := c.Str("cursor"); cursor != "" {
		b, err := base64.StdEncoding.DecodeString(cursor)
		at, aerr := strconv.Atoi(strings.TrimPrefix(string(b), "next:"))
		if err != nil || aerr != nil || at < 0 || at > len(list) {
			return nil, refuse("invalid_cursor")
		}
		from = at
	}
	to, next := min(from+n, len(list)), ""
	if to < len(list) {
		next = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(to)))
	}
	part := append([]any{}, list[from:to]...)
	return map[string]any{
		key: part, "has_more": next != "",
		"response_metadata": map[string]any{"next_cursor": next},
	}, nil
}

func (s *Server) conversationsHistory(c Call) (map[string]any, error) {
	ch, err := s.readable(c.Str("channel"), "history")
	if err != nil {
		return nil, err
	}
	if err := c.timeline(); err != nil {
		return nil, err
	}
	if !ch.has(BotUserID) {
		return nil, refuse("not_in_channel")
	}
	var list []any
	for _, m := range slices.Backward(s.messages[ch.ID]) { // newest first
		if !m.Deleted && (m.ThreadTS == "" || m.ThreadTS == m.TS) && between(c, m.TS) {
			list = append(list, s.wire(m, c.Bool("include_all_metadata")))
		}
	}
	return page(c, "messages", list, 100, 999)
}

func (s *Server) conversationsReplies(c Call) (map[string]any, error) {
	ch, err := s.readable(c.Str("channel"), "history")
	if err != nil {
		return nil, err
	}
	if !ch.has(BotUserID) {
		return nil, refuse("not_in_channel")
	}
	if err := c.missing("ts"); err != nil {
		return nil, err
	}
	if err := c.timeline(); err != nil {
		return nil, err
	}
	m := s.message(ch.ID, c.Str("ts"))
	if m == nil {
		return nil, refuse("thread_not_found")
	}
	root := orElse(m.ThreadTS, m.TS)
	var list []any
	if p := s.message(ch.ID, root); p != nil {
		list = append(list, s.wire(p, c.Bool("include_all_metadata")))
	}
	for _, m := range s.replies(ch.ID, root) {
		if between(c, m.TS) {
			list = append(list, s.wire(m, c.Bool("include_all_metadata")))
		}
	}
	return page(c, "messages", list, 1000, 1000)
}

// timeline refuses an oldest or latest that is no time in seconds.
func (c Call) timeline() error {
	for _, name := range []string{"oldest", "latest"} {
		if v := c.Str(name); v != "" {
			if _, err := strconv.ParseFloat(v, 64); err != nil {
				return refuse("invalid_ts_" + name)
			}
		}
	}
	return nil
}

// between applies oldest, latest and inclusive. Timestamps of one length compare as strings.
func between(c Call, ts string) bool {
	oldest, latest := c.Str("oldest"), c.Str("latest")
	if c.Bool("inclusive") && (ts == oldest || ts == latest) {
		return true
	}
	return (oldest == "" || oldest == "0" || ts > oldest) && (latest == "" || ts < latest)
}

func (s *Server) conversationsJoin(c Call) (map[string]any, error) {
	ch, err := s.target(c.Str("channel"))
	switch {
	case err != nil:
		return nil, err
	case ch.Kind != PublicChannel:
		return nil, refuse("method_not_supported_for_channel_type")
	case ch.IsArchived:
		return nil, refuse("is_archived")
	}
	if !ch.has(BotUserID) {
		ch.Members = append(slices.Clone(ch.Members), BotUserID)
		s.touch()
	}
	return map[string]any{"channel": s.wireChannel(ch)}, nil
}

func (s *Server) conversationsOpen(c Call) (map[string]any, error) {
	if id := c.Str("channel"); id != "" {
		ch, err := s.target(id)
		if err != nil {
			return nil, err
		}
		return map[string]any{"channel": s.wireChannel(ch)}, nil
	}
	if c.Str("users") == "" {
		return nil, refuse("users_list_not_supplied")
	}
	ids := strings.Split(c.Str("users"), ",")
	if len(ids) > 1 {
		return nil, refuse("not_enough_users", "[ERROR] the built-in Slack opens direct messages with one person only")
	}
	u := s.user(ids[0])
	switch {
	case u == nil:
		return nil, refuse("user_not_found")
	case u.Deleted:
		return nil, refuse("user_disabled")
	case u.IsBot:
		return nil, refuse("cannot_dm_bot")
	}
	ch, existed := s.openIM(u.ID)
	w := map[string]any{"channel": map[string]any{"id": ch.ID}, "no_op": existed, "already_open": existed}
	if c.Bool("return_im") {
		w["channel"] = s.wireChannel(ch)
	}
	return w, nil
}
