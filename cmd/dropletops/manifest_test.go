package main

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/go/packages"

	"dropletops/bot"
	"dropletops/handlers"
)

// root is the project's root, seen from this package.
const root = "../.."

// manifest is what the code must agree with in manifest.yml.
type manifest struct {
	Features struct {
		SlashCommands []struct {
			Command      string `yaml:"command"`
			ShouldEscape bool   `yaml:"should_escape"`
		} `yaml:"slash_commands"`
		Shortcuts []struct {
			Type       string `yaml:"type"`
			CallbackID string `yaml:"callback_id"`
		} `yaml:"shortcuts"`
	} `yaml:"features"`
	OAuth struct {
		Scopes struct {
			Bot  []string `yaml:"bot"`
			User []string `yaml:"user"`
		} `yaml:"scopes"`
	} `yaml:"oauth_config"`
	Settings struct {
		Events struct {
			Bot []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		Interactivity struct {
			Enabled bool `yaml:"is_enabled"`
		} `yaml:"interactivity"`
		SocketMode bool `yaml:"socket_mode_enabled"`
	} `yaml:"settings"`
}

func (m manifest) botScopes() []string { return m.OAuth.Scopes.Bot }

func loadManifest(t *testing.T) manifest {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "manifest.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := yaml.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestManifestFitsSlacksSchema(t *testing.T) {
	path := filepath.Join(root, "..", "shared", "data", "slack-manifest.schema.v2.json")
	b, err := os.ReadFile(path)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("Slack's manifest schema is needed with CI=true: %v", err)
		}
		t.Skip("skipped: no ../shared/data/slack-manifest.schema.v2.json beside the project")
	}
	// Go's regular expressions have no lookahead; this says the same without.
	b = bytes.ReplaceAll(b, []byte(`^(?![\\.\\-])([-a-z0-9\\.])+([a-z0-9])$`), []byte(`^[a-z0-9][-a-z0-9\\.]*[a-z0-9]$`))
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("manifest.json", schema); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	read := func(y []byte) any {
		j, err := yaml.YAMLToJSON(y)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(j))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	y, err := os.ReadFile(filepath.Join(root, "manifest.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(read(y)); err != nil {
		t.Errorf("manifest.yml: %v", err)
	}
	// The schema must be one that can refuse.
	if err := s.Validate(read(bytes.Replace(y, []byte("- users:read"), []byte("- 7"), 1))); err == nil {
		t.Error("the schema takes a scope that is a number: nothing was checked")
	}
}

// scopeOf is the bot scope that each method of slack-go's clients needs; empty
// where it needs none, or is called with the app-level token.
var scopeOf = map[string]string{
	"AuthTestContext":               "",
	"PostMessageContext":            "chat:write",
	"UpdateMessageContext":          "chat:write",
	"PostEphemeralContext":          "chat:write",
	"GetUserInfoContext":            "users:read",
	"OpenViewContext":               "", // its trigger is what it needs
	"UpdateViewContext":             "",
	"GetConversationInfoContext":    "channels:read groups:read mpim:read",
	"GetConversationHistoryContext": historyScopes,
	"GetConversationRepliesContext": historyScopes,
	"GetUserGroupMembersContext":    "usergroups:read",
	"GetUsersInConversationContext": "channels:read groups:read",
	"StartSocketModeContext":        "", // the app-level token's connections:write
	"RunContext":                    "", // of socketmode: the same
	"AckCtx":                        "", // a frame on the socket
}

// historyScopes are one for each kind of channel that a bot is asked in. Group direct
// messages are left out: a card whose place is lost there is posted again.
const historyScopes = "channels:history groups:history im:history"

// scopeOfEvent is the bot scope that an event needs.
var scopeOfEvent = map[string]string{"app_mention": "app_mentions:read"}

// TestManifestAsksForWhatTheCodeUses reads the code of the rooms that talk to
// Slack: each method of slack-go that it calls, and each event that it handles.
func TestManifestAsksForWhatTheCodeUses(t *testing.T) {
	t.Parallel()
	pkgs, err := packages.Load(&packages.Config{Dir: root,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports,
	}, "./bot", "./handlers", "./internal/card")
	if err != nil {
		t.Fatal(err)
	}
	use := map[string]bool{"commands": true} // for the slash command
	var events []string
	for _, p := range pkgs {
		for _, e := range p.Errors {
			t.Fatalf("%s: %v", p.PkgPath, e)
		}
		for id, o := range p.TypesInfo.Uses {
			m, ok := o.(*types.Func)
			if !ok || !isClientMethod(m) {
				continue
			}
			scope, known := scopeOf[m.Name()]
			if !known {
				t.Errorf("%s: no scope is known for %s: add it to the table, and to manifest.yml", p.Fset.Position(id.Pos()), m.FullName())
			}
			for _, s := range strings.Fields(scope) { // by the kind of channel
				use[s] = true
			}
		}
		if strings.HasSuffix(p.PkgPath, "/handlers") {
			events = append(events, eventsOf(p)...)
		}
	}
	if !use["chat:write"] || len(events) == 0 {
		t.Fatalf("the reading of the code finds nothing: scopes %v, events %v", use, events)
	}
	for _, e := range events {
		scope, known := scopeOfEvent[e]
		if !known {
			t.Errorf("no scope is known for the event %s: add it to the table, and to manifest.yml", e)
		}
		use[scope] = true
	}
	m := loadManifest(t)
	var scopes []string
	for s := range use {
		scopes = append(scopes, s)
	}
	same(t, "bot scopes", m.botScopes(), scopes)
	var told []string
	for _, s := range bot.Scopes() {
		told = append(told, s.Name)
	}
	same(t, "bot scopes", m.botScopes(), told)
	same(t, "bot events", m.Settings.Events.Bot, events)
	if len(m.OAuth.Scopes.User) > 0 {
		t.Error("manifest.yml asks for user scopes; the code uses none")
	}
	var shortcuts []string
	for _, s := range m.Features.Shortcuts {
		shortcuts = append(shortcuts, s.Type+" "+s.CallbackID)
	}
	same(t, "shortcuts", shortcuts, []string{"message " + handlers.OperateShortcut})
	var commands []string
	for _, c := range m.Features.SlashCommands {
		commands = append(commands, c.Command)
		if !c.ShouldEscape {
			t.Errorf("%s lacks should_escape", c.Command)
		}
	}
	same(t, "commands", commands, []string{"/droplet"})
	if !m.Settings.SocketMode || !m.Settings.Interactivity.Enabled {
		t.Error("manifest.yml must turn socket mode and interactivity on")
	}
}

// isClientMethod says whether f is a call of Slack's: an exported method of
// slack.Client or of socketmode.Client that takes a context or goes out.
func isClientMethod(f *types.Func) bool {
	sig, ok := f.Type().(*types.Signature)
	if !ok || sig.Recv() == nil || !f.Exported() || f.Pkg() == nil || !strings.HasPrefix(f.Pkg().Path(), "github.com/slack-go/slack") {
		return false
	}
	recv := types.TypeString(sig.Recv().Type(), func(p *types.Package) string { return p.Name() })
	return recv == "*slack.Client" || recv == "*socketmode.Client"
}

// eventsOf are the string literals that the Type of an inner event is held
// against.
func eventsOf(p *packages.Package) []string {
	var out []string
	inner := func(e ast.Expr) bool {
		s, ok := e.(*ast.SelectorExpr)
		if !ok || s.Sel.Name != "Type" {
			return false
		}
		tv, ok := p.TypesInfo.Types[s.X]
		if !ok {
			return false
		}
		st, ok := tv.Type.Underlying().(*types.Struct)
		if !ok {
			return false
		}
		// The struct of an inner event is the one that has a thread_ts and a bot_id.
		fields := map[string]bool{}
		for f := range st.Fields() {
			fields[f.Name()] = true
		}
		return fields["ThreadTS"] && fields["BotID"]
	}
	add := func(e ast.Expr) {
		if l, ok := e.(*ast.BasicLit); ok {
			var s string
			if json.Unmarshal([]byte(l.Value), &s) == nil && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	for _, f := range p.Syntax {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if inner(n.X) {
					add(n.Y)
				}
			case *ast.SwitchStmt:
				if n.Tag != nil && inner(n.Tag) {
					for _, c := range n.Body.List {
						for _, e := range c.(*ast.CaseClause).List {
							add(e)
						}
					}
				}
			}
			return true
		})
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s in manifest.yml are %v, the code uses %v", what, got, want)
	}
}
