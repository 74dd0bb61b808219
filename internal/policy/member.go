package policy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"dropletops/approvals"
)

// Members knows who is in Slack's user groups and channels, by answers that are as
// recent as is asked for. An error is one of asking, or says that there is no such
// group or channel: nobody is taken for a member of it.
type Members interface {
	InUserGroup(ctx context.Context, userID, userGroupID string, f approvals.Freshness) (bool, approvals.Seen, error)
	InChannel(ctx context.Context, userID, channelID string, f approvals.Freshness) (bool, approvals.Seen, error)
}

// Group answers one of the file's groups.
func (p *Policy) Group(name string) (approvals.Group, bool) {
	g, ok := p.groups[name]
	return g, ok
}

// In returns which of some groups someone is in, and how recent that is.
func (p *Policy) In(ctx context.Context, who approvals.Who, groups []string, fresh bool) ([]string, approvals.Seen, error) {
	var out []string
	f, seen := approvals.Recent, approvals.Seen{Now: true}
	if fresh {
		f = approvals.Deciding
	}
	for _, name := range groups {
		in, now, err := p.in(ctx, who.UserID, name, f)
		if err != nil && !errors.Is(err, approvals.ErrNoGroup) {
			return nil, approvals.Seen{}, err
		}
		seen = seen.And(now)
		if in && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out, seen, nil
}

// in asks Slack only where the file itself does not tell.
func (p *Policy) in(ctx context.Context, user, group string, f approvals.Freshness) (bool, approvals.Seen, error) {
	seen := approvals.Seen{Now: true} // the file is always at hand
	g, ok := p.groups[group]
	if !ok || user == "" {
		return false, seen, nil
	}
	if slices.Contains(g.Users, user) {
		return true, seen, nil
	}
	if p.members == nil && len(g.UserGroups)+len(g.Channels) > 0 {
		return false, seen, fmt.Errorf("look up the group %s: there is no Slack to ask", group)
	}
	var failed, gone error // another part of the group may still say yes
	ask := func(in bool, now approvals.Seen, err error) bool {
		seen = seen.And(now)
		if errors.Is(err, approvals.ErrNoGroup) {
			gone = errors.Join(gone, err)
		} else {
			failed = errors.Join(failed, err)
		}
		return in && err == nil
	}
	for _, id := range g.UserGroups {
		if ask(p.members.InUserGroup(ctx, user, id, f)) {
			return true, seen, nil
		}
	}
	for _, id := range g.Channels {
		if ask(p.members.InChannel(ctx, user, id, f)) {
			return true, seen, nil
		}
	}
	if failed == nil {
		failed = gone // what Slack did not answer matters more: it may pass
	}
	if failed != nil {
		return false, seen, fmt.Errorf("look up who is in the group %s: %w", group, failed)
	}
	return false, seen, nil
}

// membership is requester.groups: a list that looks a group up when it is asked
// about it, and only then. What it could not look up it keeps as failed, so that
// no condition can step over it.
type membership struct {
	names  []string // all groups there are
	in     func(group string) (bool, error)
	known  map[string]bool
	failed error
}

// membership of a requester.
func (p *Policy) membership(ctx context.Context, who approvals.Who) *membership {
	return &membership{names: slices.Sorted(maps.Keys(p.groups)), known: map[string]bool{},
		in: func(group string) (bool, error) {
			in, _, err := p.in(ctx, who.UserID, group, approvals.Judging)
			return in, err
		}}
}

// membershipOf is one that is given.
func (p *Policy) membershipOf(groups []string) *membership {
	return &membership{names: slices.Sorted(maps.Keys(p.groups)), known: map[string]bool{},
		in: func(group string) (bool, error) { return slices.Contains(groups, group), nil }}
}

func (m *membership) has(group string) (bool, error) {
	if in, ok := m.known[group]; ok {
		return in, nil
	}
	if m.failed != nil {
		return false, m.failed
	}
	if !slices.Contains(m.names, group) {
		return false, nil
	}
	in, err := m.in(group)
	if err != nil {
		m.failed = err
		return false, err
	}
	m.known[group] = in
	return in, nil
}

// Contains is the in of a condition.
func (m *membership) Contains(value ref.Val) ref.Val {
	name, ok := value.(types.String)
	if !ok {
		return types.False
	}
	in, err := m.has(string(name))
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Bool(in)
}

// list looks all groups up, for whatever is not an in.
func (m *membership) list() (traits.Lister, error) {
	var out []string
	for _, name := range m.names {
		in, err := m.has(name)
		if err != nil {
			return nil, err
		}
		if in {
			out = append(out, name)
		}
	}
	return types.NewStringList(types.DefaultTypeAdapter, out), nil
}

// with does something with the whole list.
func (m *membership) with(do func(traits.Lister) ref.Val) ref.Val {
	l, err := m.list()
	if err != nil {
		return types.WrapErr(err)
	}
	return do(l)
}

func (m *membership) Add(other ref.Val) ref.Val {
	return m.with(func(l traits.Lister) ref.Val { return l.Add(other) })
}

func (m *membership) Get(index ref.Val) ref.Val {
	return m.with(func(l traits.Lister) ref.Val { return l.Get(index) })
}

func (m *membership) Size() ref.Val {
	return m.with(func(l traits.Lister) ref.Val { return l.Size() })
}

func (m *membership) Equal(other ref.Val) ref.Val {
	return m.with(func(l traits.Lister) ref.Val { return l.Equal(other) })
}

func (m *membership) ConvertToType(t ref.Type) ref.Val {
	return m.with(func(l traits.Lister) ref.Val { return l.ConvertToType(t) })
}

func (m *membership) ConvertToNative(t reflect.Type) (any, error) {
	l, err := m.list()
	if err != nil {
		return nil, err
	}
	return l.ConvertToNative(t)
}

// Iterator goes over nothing where the groups can't be looked up: an iterator has
// no way to say so, and failed makes the verdict an error all the same.
func (m *membership) Iterator() traits.Iterator {
	l, err := m.list()
	if err != nil {
		return types.NewStringList(types.DefaultTypeAdapter, nil).Iterator()
	}
	return l.Iterator()
}

func (m *membership) Type() ref.Type { return types.ListType }
func (m *membership) Value() any     { return m }
