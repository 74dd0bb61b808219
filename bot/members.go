package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dropletops/approvals"
	"github.com/patrickmn/go-cache"

	"github.com/slack-go/slack"
)

// mostPages bounds the reading of a channel's members, 1,000 a page.
const mostPages = 50

// Members knows who is in which user group and channel. It fails closed: what Slack
// does not say is an error, and never a yes. Slack allows 20 look-ups of user groups a
// minute, so each group is looked up as a whole, for all who are asked about.
type Members struct {
	client *Client
	known  *cache.Cache // rolls, by the ID of the user group or channel
	flying coalescer[roll]
}

// roll is who is in a group or channel, and when Slack was asked. One that there is not
// has nobody in it, and says so.
type roll struct {
	in   map[string]bool
	none error // an [approvals.ErrNoGroup]
	at   time.Time
}

// NewMembers makes a Members of the workspace that a Client can see.
func NewMembers(c *Client) *Members {
	return &Members{client: c, known: cache.New(keptFor, cache.NoExpiration)} // no janitor, as in NewDirectory
}

// InUserGroup reports whether someone is in a user group (S…).
func (m *Members) InUserGroup(ctx context.Context, userID, userGroupID string, f approvals.Freshness) (bool, approvals.Seen, error) {
	return m.in(ctx, userID, userGroupID, f, m.userGroup)
}

// InChannel reports whether someone is in a channel (C…, G…).
func (m *Members) InChannel(ctx context.Context, userID, channelID string, f approvals.Freshness) (bool, approvals.Seen, error) {
	return m.in(ctx, userID, channelID, f, m.channel)
}

func (m *Members) in(ctx context.Context, userID, id string, f approvals.Freshness, ask func(context.Context, string) ([]string, error)) (bool, approvals.Seen, error) {
	if known, hit := m.known.Get(id); hit {
		r := known.(roll)
		old := age(m.client.now(), r.at)
		if old <= f.Yes && r.in[userID] || old <= f.No && !r.in[userID] {
			return r.in[userID], approvals.Seen{Age: old}, r.none
		}
	}
	willDo := func(r roll) bool { return f.Yes > 0 || !r.in[userID] }
	r, now, err := m.flying.do(ctx, id, willDo, func(ctx context.Context) (roll, error) { return m.look(ctx, id, ask) })
	if err != nil {
		return false, approvals.Seen{}, fmt.Errorf("look up who is in %s: %w", id, err)
	}
	seen := approvals.Seen{Now: now}
	if !now {
		seen.Age = age(m.client.now(), r.at)
	}
	return r.in[userID], seen, r.none
}

// look asks Slack who is in a group or channel.
func (m *Members) look(ctx context.Context, id string, ask func(context.Context, string) ([]string, error)) (roll, error) {
	r := roll{in: map[string]bool{}, at: m.client.now()}
	ids, err := ask(ctx, id)
	switch {
	case errors.Is(err, approvals.ErrNoGroup):
		r.none = err
	case err != nil:
		return roll{}, err
	}
	for _, id := range ids {
		r.in[id] = true
	}
	m.known.DeleteExpired()
	m.known.SetDefault(id, r)
	return r, nil
}

func (m *Members) userGroup(ctx context.Context, id string) (ids []string, err error) {
	err = m.client.call(ctx, "usergroups.users.list", func(ctx context.Context) (err error) {
		ids, err = m.client.web.GetUserGroupMembersContext(ctx, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look up the user group %s (usergroups.users.list): %w", id, memberProblem(err))
	}
	return ids, nil
}

func (m *Members) channel(ctx context.Context, id string) ([]string, error) {
	var out []string
	q := &slack.GetUsersInConversationParameters{ChannelID: id, Limit: 1000}
	for range mostPages {
		err := m.client.call(ctx, "conversations.members", func(ctx context.Context) error {
			ids, next, err := m.client.web.GetUsersInConversationContext(ctx, q)
			out, q.Cursor = append(out, ids...), next
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("look up who is in the channel %s (conversations.members): %w", id, memberProblem(err))
		}
		if q.Cursor == "" {
			return out, nil
		}
	}
	return nil, fmt.Errorf("look up who is in the channel %s (conversations.members): more than %d,000 are in it", id, mostPages)
}

// Invited reports whether the bot is in a channel.
func (m *Members) Invited(ctx context.Context, channelID string) (bool, error) {
	ch, err := m.client.conversation(ctx, channelID)
	if err != nil {
		return false, fmt.Errorf("look up the channel %s (conversations.info): %w", channelID, memberProblem(err))
	}
	return ch.IsMember, nil
}

// conversation asks Slack about a channel.
func (c *Client) conversation(ctx context.Context, id string) (ch *slack.Channel, err error) {
	err = c.call(ctx, "conversations.info", func(ctx context.Context) (err error) {
		ch, err = c.web.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
		return err
	})
	return ch, err
}

// memberProblem says in words what Slack has no words for. What does not pass by
// itself is an [approvals.ErrNoGroup].
func memberProblem(err error) error {
	lasting := func(words string) error { return fmt.Errorf("%w: %s", approvals.ErrNoGroup, words) }
	switch code(err) {
	case "plan_upgrade_required":
		return lasting("this workspace's plan has no user groups; name users or channels instead")
	case "no_such_subteam", "subteam_disabled":
		return lasting("there is no such user group, or it is disabled")
	case "channel_not_found":
		return lasting("there is no such channel, or it is private and the bot is not in it")
	case "missing_scope":
		return lasting("the bot token lacks a scope for it; manifest.yml has all: " + safe(err))
	}
	if code(err) == "" {
		return err // Slack has not answered
	}
	return errors.New(safe(err))
}
