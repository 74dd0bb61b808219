package policy

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"dropletops/approvals"
)

// kind is a type that conditions know, with its fields in order.
type kind struct {
	name   string
	typ    *cel.Type
	fields []field
}

type field struct {
	name string
	typ  *cel.Type
}

func newKind(name string, fields ...field) *kind {
	return &kind{name: name, typ: cel.ObjectType(name), fields: fields}
}

func (k *kind) names() []string {
	out := make([]string, len(k.fields))
	for i, f := range k.fields {
		out[i] = f.name
	}
	return out
}

// The types of the variables that have fields. docs/POLICY.md has the same.
var (
	actionKind = newKind("Action", field{"type", cel.StringType}, field{"danger", cel.StringType},
		field{"args", cel.MapType(cel.StringType, cel.StringType)})
	dropletKind = newKind("Droplet", field{"id", cel.IntType}, field{"name", cel.StringType}, field{"tags", cel.ListType(cel.StringType)},
		field{"region", cel.StringType}, field{"size", cel.StringType}, field{"status", cel.StringType}, field{"image", cel.StringType},
		field{"created", cel.TimestampType})
	requesterKind = newKind("Requester", field{"id", cel.StringType}, field{"groups", cel.ListType(cel.StringType)})
	kinds         = []*kind{actionKind, dropletKind, requesterKind}
)

// variables are all that a condition can ask about.
var variables = []field{
	{"action", actionKind.typ}, {"droplet", dropletKind.typ}, {"targets", cel.IntType}, {"requester", requesterKind.typ},
	{"channel", cel.StringType}, {"shared", cel.BoolType}, {"now", cel.TimestampType},
}

// object is a value of a kind.
type object struct {
	kind *kind
	vals []ref.Val // as the kind's fields
}

func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s is no %v", o.kind.name, t)
}

func (o *object) ConvertToType(t ref.Type) ref.Val {
	if t.TypeName() == o.kind.name {
		return o
	}
	return types.NewErr("%s is no %s", o.kind.name, t.TypeName())
}

func (o *object) Equal(other ref.Val) ref.Val { return types.Bool(o == other) }
func (o *object) Type() ref.Type              { return o.kind.typ }
func (o *object) Value() any                  { return o }

// provider tells CEL what the kinds have.
type provider struct{ *types.Registry }

func (p provider) FindStructType(name string) (*types.Type, bool) {
	for _, k := range kinds {
		if k.name == name {
			return types.NewTypeTypeWithParam(k.typ), true
		}
	}
	return p.Registry.FindStructType(name)
}

func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	for _, k := range kinds {
		if k.name == name {
			return k.names(), true
		}
	}
	return p.Registry.FindStructFieldNames(name)
}

func (p provider) FindStructFieldType(name, of string) (*types.FieldType, bool) {
	for _, k := range kinds {
		if k.name != name {
			continue
		}
		for i, f := range k.fields {
			if f.name == of {
				return &types.FieldType{Type: f.typ, IsSet: func(any) bool { return true }, GetFrom: fieldOf(i)}, true
			}
		}
		return nil, false
	}
	return p.Registry.FindStructFieldType(name, of)
}

func fieldOf(i int) func(any) (any, error) {
	return func(target any) (any, error) {
		o, ok := target.(*object)
		if !ok || i >= len(o.vals) {
			return nil, errors.New("there is nothing to take the field of")
		}
		if e, ok := o.vals[i].(*types.Err); ok {
			return nil, e
		}
		return o.vals[i], nil
	}
}

// facts are the variables of one Droplet of a case. The same ones serve every rule.
type facts struct {
	action, droplet, requester     *object
	targets, channel, shared, when ref.Val
}

// ResolveName answers a variable.
func (f *facts) ResolveName(name string) (any, bool) {
	switch name {
	case "action":
		return f.action, true
	case "droplet":
		return f.droplet, true
	case "targets":
		return f.targets, true
	case "requester":
		return f.requester, true
	case "channel":
		return f.channel, true
	case "shared":
		return f.shared, true
	case "now":
		return f.when, true
	}
	return nil, false
}

// Parent answers none: there is nothing behind these.
func (f *facts) Parent() cel.Activation { return nil }

// factsOf are a case's, without a Droplet yet.
func factsOf(c approvals.Case, zone *time.Location, m *membership) *facts {
	args := map[string]string{}
	for k, v := range c.Action.Args {
		args[k] = v
	}
	return &facts{
		action: &object{actionKind, []ref.Val{types.String(c.Action.Type), types.String(c.Action.Danger),
			types.NewStringStringMap(types.DefaultTypeAdapter, args)}},
		requester: &object{requesterKind, []ref.Val{types.String(c.Requester.UserID), m}},
		targets:   types.Int(len(c.Targets)), channel: types.String(c.Channel), shared: types.Bool(c.Shared),
		when: types.Timestamp{Time: c.Now.In(zone)},
	}
}

// about puts a Droplet in.
func (f *facts) about(d approvals.Droplet, zone *time.Location) {
	var created ref.Val = types.NewErr("it is not known when the Droplet was created")
	if t, err := time.Parse(time.RFC3339, d.Created); err == nil {
		created = types.Timestamp{Time: t.In(zone)}
	}
	if d.ID == 0 {
		created = f.when // a create is to make it
	}
	var tags, image ref.Val = newTagList(d.Tags), types.String(d.Image)
	if !d.CanRead("tags") { // a rule that asks for them can't be worked out, and so denies
		tags = types.NewErr("the Droplet's tags are not readable with this token, which lacks tag:read")
	}
	if !d.CanRead("image") {
		image = types.NewErr("the Droplet's image is not readable with this token, which lacks image:read")
	}
	f.droplet = &object{dropletKind, []ref.Val{types.Int(d.ID), types.String(d.Name), tags,
		types.String(d.Region), types.String(d.Size), types.String(d.Status), image, created}}
}
