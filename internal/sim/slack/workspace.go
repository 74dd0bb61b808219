package slack

import (
	"fmt"
	"slices"
	"strings"
)

// Workspace is who and what there is: people, channels, user groups.
type Workspace struct {
	Users      []User
	Channels   []Channel
	UserGroups []UserGroup
	FreePlan   bool // has no user groups: usergroups.* answer plan_upgrade_required
}

// User is a member of a workspace, with the fields of users.info that say what they may do.
type User struct {
	ID                string `json:"id"`
	TeamID            string `json:"team_id"`
	Name              string `json:"name"`
	RealName          string `json:"real_name"`
	DisplayName       string `json:"display_name"`
	IsBot             bool   `json:"is_bot"`
	IsAppUser         bool   `json:"is_app_user"`
	Deleted           bool   `json:"deleted"`
	IsAdmin           bool   `json:"is_admin"`
	IsRestricted      bool   `json:"is_restricted"`       // a guest
	IsUltraRestricted bool   `json:"is_ultra_restricted"` // a guest of one channel
	IsStranger        bool   `json:"is_stranger"`         // of another workspace
	EnterpriseID      string `json:"enterprise_id,omitempty"`
}

// ChannelKind tells channels apart as Slack's `types` argument does.
type ChannelKind string

// The kinds of channel.
const (
	PublicChannel  ChannelKind = "public_channel"
	PrivateChannel ChannelKind = "private_channel"
	IM             ChannelKind = "im"
	// MPIM is a direct message between several people. An app is in it from its start or never: it
	// can't be invited.
	MPIM ChannelKind = "mpim"
)

// Channel is a conversation and who is in it.
type Channel struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"` // without the #; empty for a direct message
	Kind        ChannelKind `json:"kind"`
	Members     []string    `json:"members"` // user IDs
	IsArchived  bool        `json:"is_archived"`
	IsExtShared bool        `json:"is_ext_shared"` // Slack Connect
	IsOrgShared bool        `json:"is_org_shared"` // with other workspaces of the Enterprise Grid
	Topic       string      `json:"topic"`
}

// UserGroup is a group that can be mentioned and named in a policy.
type UserGroup struct {
	ID       string   `json:"id"`
	Handle   string   `json:"handle"`
	Name     string   `json:"name"`
	Users    []string `json:"users"`
	Disabled bool     `json:"disabled"`
}

// DefaultWorkspace is a small company: three members (alice is an admin), a guest of several
// channels and one of a single channel, a bot, somebody who left, and erin of another workspace.
func DefaultWorkspace() *Workspace {
	user := func(id, name, real string) User {
		return User{ID: id, TeamID: TeamID, Name: name, RealName: real, DisplayName: name}
	}
	alice := user("U0ALICE", "alice", "Alice Ahlgren")
	alice.IsAdmin = true
	bob := user("U0BOB", "bob", "Bob Berger")
	carol := user("U0CAROL", "carol", "Carol Castro")
	guest := user("U0GUEST", "guest", "Gus Guest")
	guest.IsRestricted = true
	single := user("U0SINGLE", "single", "Sina Single")
	single.IsRestricted, single.IsUltraRestricted = true, true
	deploybot := user("U0DEPLOYBOT", "deploybot", "Deploy Bot")
	deploybot.IsBot = true
	dave := user("U0DAVE", "dave", "Dave Departed")
	dave.Deleted = true
	erin := user("U0ERIN", "erin", "Erin External")
	erin.TeamID, erin.IsStranger = PartnerTeamID, true
	bot := user(BotUserID, "dropletops", "Dropletops")
	bot.IsBot, bot.IsAppUser = true, true

	people := []string{"U0ALICE", "U0BOB", "U0CAROL", "U0DEPLOYBOT"}
	with := func(more ...string) []string { return append(slices.Clone(people), more...) }
	return &Workspace{
		Users: []User{alice, bob, carol, guest, single, deploybot, dave, erin, bot},
		Channels: []Channel{
			{ID: "C0OPS", Name: "ops", Kind: PublicChannel, Members: with("U0GUEST", BotUserID), Topic: "Droplets"},
			{ID: "C0INCIDENTS", Name: "incidents", Kind: PublicChannel, Members: with("U0GUEST", "U0SINGLE", BotUserID), Topic: "What is on fire"},
			{ID: "C0RANDOM", Name: "random", Kind: PublicChannel, Members: with("U0GUEST")},
			{ID: "C0SECURITY", Name: "security", Kind: PrivateChannel, Members: []string{"U0ALICE", "U0BOB", BotUserID}},
			{ID: "C0BOARD", Name: "board", Kind: PrivateChannel, Members: []string{"U0ALICE", "U0CAROL"}},
			{ID: "C0PARTNERS", Name: "partners", Kind: PublicChannel, IsExtShared: true, Members: with("U0ERIN", BotUserID)},
			{ID: "D0ALICE", Kind: IM, Members: []string{"U0ALICE", BotUserID}},
		},
		UserGroups: []UserGroup{
			{ID: "S0SRE", Handle: "sre", Name: "Site reliability", Users: []string{"U0ALICE", "U0BOB"}},
			{ID: "S0ONCALL", Handle: "oncall", Name: "On call", Users: []string{"U0CAROL"}},
		},
	}
}

// user finds somebody by ID, name or @name; mu is held.
func (s *Server) user(ref string) *User {
	ref = strings.TrimPrefix(ref, "@")
	for i := range s.workspace.Users {
		if u := &s.workspace.Users[i]; u.ID == ref || u.Name == ref {
			return u
		}
	}
	return nil
}

// channel finds a channel by ID, name or #name; mu is held.
func (s *Server) channel(ref string) *Channel {
	ref = strings.TrimPrefix(ref, "#")
	if ref == "" {
		return nil
	}
	for i := range s.workspace.Channels {
		if c := &s.workspace.Channels[i]; c.ID == ref || c.Name == ref {
			return c
		}
	}
	return nil
}

func (c *Channel) has(userID string) bool { return slices.Contains(c.Members, userID) }

// openIM finds or makes the direct message between the bot and somebody; mu is held.
func (s *Server) openIM(userID string) (c *Channel, existed bool) {
	for i := range s.workspace.Channels {
		if c := &s.workspace.Channels[i]; c.Kind == IM && c.has(userID) {
			return c, true
		}
	}
	s.workspace.Channels = append(s.workspace.Channels,
		Channel{ID: s.id("D0"), Kind: IM, Members: []string{userID, BotUserID}})
	s.touch()
	return &s.workspace.Channels[len(s.workspace.Channels)-1], false
}

// UpdateUser changes somebody at run time: change gets the user as it is now.
func (s *Server) UpdateUser(ref string, change func(*User)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user(ref)
	if u == nil {
		return fmt.Errorf("built-in Slack: update user %q: no such user", ref)
	}
	change(u)
	s.touch()
	return nil
}

// UpdateChannel changes a channel at run time: archive it, rename it, change who is in it.
func (s *Server) UpdateChannel(ref string, change func(*Channel)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(ref)
	if c == nil {
		return fmt.Errorf("built-in Slack: update channel %q: no such channel", ref)
	}
	c.Members = slices.Clone(c.Members) // snapshots share the old one
	change(c)
	s.touch()
	return nil
}

// MoveChannel gives a channel another ID, as Slack does to a private channel (G…) that it converts
// (C…). The messages keep their timestamps; the old ID names no channel any more.
func (s *Server) MoveChannel(ref, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(ref)
	if c == nil || s.channel(id) != nil {
		return fmt.Errorf("built-in Slack: move channel %q to %q: there is no such channel, or the ID is taken", ref, id)
	}
	moved := func(list []*Message) []*Message {
		out := make([]*Message, len(list))
		for i, m := range list {
			if out[i] = m; m.Channel == c.ID {
				now := *m
				now.Channel = id
				out[i] = &now
			}
		}
		return out
	}
	s.messages[id], s.ephemerals, s.lastTS[id] = moved(s.messages[c.ID]), moved(s.ephemerals), s.lastTS[c.ID]
	delete(s.messages, c.ID)
	for _, u := range s.responseURLs {
		if u.channel == c.ID {
			u.channel = id
		}
	}
	c.ID = id
	s.touch()
	return nil
}

// SetFreePlan takes the user groups away from the workspace, or gives them back.
func (s *Server) SetFreePlan(free bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.workspace.FreePlan = free
	s.touch()
}

// UpdateUserGroup changes a user group at run time.
func (s *Server) UpdateUserGroup(handle string, change func(*UserGroup)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.workspace.UserGroups {
		if g := &s.workspace.UserGroups[i]; g.ID == handle || g.Handle == handle {
			g.Users = slices.Clone(g.Users)
			change(g)
			s.touch()
			return nil
		}
	}
	return fmt.Errorf("built-in Slack: update user group %q: no such group", handle)
}

// AddUser adds somebody; TeamID and the names are filled in from Name where empty.
func (s *Server) AddUser(u User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.Name == "" || s.user(u.Name) != nil {
		return fmt.Errorf("built-in Slack: add user %q: the name is empty or taken", u.Name)
	}
	u.ID = orElse(u.ID, s.id("U0"))
	u.TeamID = orElse(u.TeamID, TeamID)
	u.RealName = orElse(u.RealName, u.Name)
	u.DisplayName = orElse(u.DisplayName, u.Name)
	s.workspace.Users = append(slices.Clone(s.workspace.Users), u)
	s.touch()
	return nil
}

// AddChannel adds a channel; Members may be names.
func (s *Server) AddChannel(c Channel) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Name == "" || s.channel(c.Name) != nil {
		return fmt.Errorf("built-in Slack: add channel %q: the name is empty or taken", c.Name)
	}
	c.ID = orElse(c.ID, s.id("C0"))
	if c.Kind == "" {
		c.Kind = PublicChannel
	}
	members := make([]string, 0, len(c.Members))
	for _, ref := range c.Members {
		u := s.user(ref)
		if u == nil {
			return fmt.Errorf("built-in Slack: add channel %q: no such user %q", c.Name, ref)
		}
		members = append(members, u.ID)
	}
	c.Members = members
	s.workspace.Channels = append(slices.Clone(s.workspace.Channels), c)
	s.touch()
	return nil
}

// Deactivate makes somebody a deleted user.
func (s *Server) Deactivate(user string) error {
	return s.UpdateUser(user, func(u *User) { u.Deleted = true })
}

// Archive archives a channel.
func (s *Server) Archive(channel string) error {
	return s.UpdateChannel(channel, func(c *Channel) { c.IsArchived = true })
}

// Invite brings somebody into a channel; the bot is "dropletops".
func (s *Server) Invite(channel, user string) error {
	id, err := s.UserID(user)
	if err != nil {
		return err
	}
	if c, ok := s.Snapshot().Channel(channel); ok && (c.Kind == MPIM || c.Kind == IM) {
		return fmt.Errorf("built-in Slack: %s is a direct message, which nobody can be invited to", channel)
	}
	return s.UpdateChannel(channel, func(c *Channel) {
		if !c.has(id) {
			c.Members = append(c.Members, id)
		}
	})
}

// Kick takes somebody out of a channel.
func (s *Server) Kick(channel, user string) error {
	id, err := s.UserID(user)
	if err != nil {
		return err
	}
	return s.UpdateChannel(channel, func(c *Channel) {
		c.Members = slices.DeleteFunc(c.Members, func(m string) bool { return m == id })
	})
}

// UserID is the ID of somebody named by name or ID.
func (s *Server) UserID(ref string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.user(ref); u != nil {
		return u.ID, nil
	}
	return "", fmt.Errorf("built-in Slack: no such user %q", ref)
}

// ChannelID is the ID of a channel named by #name, name or ID.
func (s *Server) ChannelID(ref string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channel(ref); c != nil {
		return c.ID, nil
	}
	return "", fmt.Errorf("built-in Slack: no such channel %q", ref)
}
