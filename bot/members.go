package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dropletops/approvals"
	"github.com/patrickmn/go-cache"

	"github.com/slack-go/slack"
	"golang.org/x/sync/singleflight"
)

// membersKnownFor is how long a list of members may serve for what decides nothing.
// Slack allows 20 look-ups of user groups a minute, so about as many groups can be
// kept in use.
const membersKnownFor = time.Minute

// mostPages bounds the reading of a channel's members, 1,000 a page.
const mostPages = 50

// Members knows who is in which user group and channel. It fails closed: what Slack
// does not say is an error, and never a yes.
type Members struct {
	client *Client
	known  *cache.Cache // sets of user IDs, by the ID of the user group or channel
	flying singleflight.Group
}

// NewMembers makes a Members of the workspace that a Client can see.
func NewMembers(c *Client) *Members {
	return &Members{client: c, known: cache.New(membersKnownFor, cache.NoExpiration)} // no janitor, as in NewDirectory
}

// InUserGroup says whether someone is in a user group (S…); fresh asks Slack in
// any case.
func (m *Members) InUserGroup(ctx context.Context, userID, userGroupID string, fresh bool) (bool, error) {
	return m.in(ctx, userID, userGroupID, fresh, m.userGroup)
}

// InChannel says whether someone is in a channel (C…, G…); fresh asks Slack in any
// case.
func (m *Members) InChannel(ctx context.Context, userID, channelID string, fresh bool) (bool, error) {
	return m.in(ctx, userID, channelID, fresh, m.channel)
}

func (m *Members) in(ctx context.Context, userID, id string, fresh bool, ask func(context.Context, string) ([]string, error)) (bool, error) {
	if !fresh {
		if set, hit := m.known.Get(id); hit {
			return set.(map[string]bool)[userID], nil
		}
	}
	// Whoever asks the same meanwhile waits for the same answer. It is as fresh as
	// their own would be, but for the moment in which it is under way.
	flight := m.flying.DoChan(id, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookUpWithin) // one who gives up must not end it for the others
		defer cancel()
		ids, err := ask(ctx, id)
		if err != nil {
			return nil, err
		}
		set := make(map[string]bool, len(ids))
		for _, id := range ids {
			set[id] = true
		}
		m.known.DeleteExpired()
		m.known.SetDefault(id, set)
		return set, nil
	})
	select {
	case <-ctx.Done():
		return false, fmt.Errorf("look up who is in %s: %w", id, ctx.Err())
	case got := <-flight:
		if got.Err != nil {
			return false, got.Err
		}
		return got.Val.(map[string]bool)[userID], nil
	}
}

func (m *Members) userGroup(ctx context.Context, id string) ([]string, error) {
	ids, err := m.client.web.GetUserGroupMembersContext(ctx, id)
	if err = m.client.observe("usergroups.users.list", err); err != nil {
		return nil, fmt.Errorf("look up the user group %s (usergroups.users.list): %w", id, memberProblem(err))
	}
	return ids, nil
}

func (m *Members) channel(ctx context.Context, id string) ([]string, error) {
	var out []string
	q := &slack.GetUsersInConversationParameters{ChannelID: id, Limit: 1000}
	for range mostPages {
		ids, next, err := m.client.web.GetUsersInConversationContext(ctx, q)
		if err = m.client.observe("conversations.members", err); err != nil {
			return nil, fmt.Errorf("look up who is in the channel %s (conversations.members): %w", id, memberProblem(err))
		}
		out = append(out, ids...)
		if next == "" {
			return out, nil
		}
		q.Cursor = next
	}
	return nil, fmt.Errorf("look up who is in the channel %s (conversations.members): more than %d,000 are in it", id, mostPages)
}

// Invited says whether the bot is in a channel.
func (m *Members) Invited(ctx context.Context, channelID string) (bool, error) {
	ch, err := m.client.web.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: channelID})
	if err = m.client.observe("conversations.info", err); err != nil {
		return false, fmt.Errorf("look up the channel %s (conversations.info): %w", channelID, memberProblem(err))
	}
	return ch.IsMember, nil
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
	return errors.New(safe(err))
}
