package handlers

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"dropletops/api"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var slash = parser{catalogue: api.Catalogue(), call: "/droplet"}

func TestParse(t *testing.T) {
	type want struct {
		verb, target string
		args         api.Args
		reason       string
		patience     time.Duration
	}
	for _, tc := range []struct {
		text string
		want want
	}{
		{"", want{verb: "help"}},
		{"   ", want{verb: "help"}},
		{"help", want{verb: "help"}},
		{"HELP", want{verb: "help"}},
		{"help help", want{verb: "help"}},
		{"--help", want{verb: "help"}},
		{"?", want{verb: "help"}},
		{"reboot web-1 —help", want{verb: "help"}},
		{"rebuild -h", want{verb: "help"}},
		{"list --help", want{verb: "help"}},
		{"help backup_policy", want{verb: "help"}},
		{"list", want{verb: "list"}},
		{"list web-* --tag web —status off --GPU", want{verb: "list", target: "web-*", args: api.Args{"tag": "web", "status": "off", "gpu": "true"}}},
		{"backup_policy web-1", want{verb: "backup-policy", target: "web-1"}},
		{"images ubuntu 24 --region nyc3", want{verb: "images", target: "ubuntu 24", args: api.Args{"region": "nyc3"}}},
		{"neighbors", want{verb: "neighbors"}},
		{"reboot web-1", want{verb: "reboot", target: "web-1"}},
		{"  reboot\t web-1 \n", want{verb: "reboot", target: "web-1"}},
		{"reboot\u00a0web-1", want{verb: "reboot", target: "web-1"}},
		{"reboot \u200bweb-1\ufeff", want{verb: "reboot", target: "web-1"}},
		{"Reboot WEB-1", want{verb: "reboot", target: "WEB-1"}},
		{"reboot", want{verb: "reboot"}},
		{"reboot web-1 web-2 web-3", want{verb: "reboot", target: "web-1,web-2,web-3"}},
		{"reboot web-1, web-2 ,web-3 --reason “it hangs”", want{verb: "reboot", target: "web-1,web-2,web-3", reason: "it hangs"}},
		{"stop web-1 web-2 --timeout 30", want{verb: "stop", target: "web-1,web-2", args: api.Args{"timeout": "30"}}},
		{"rebuild web-1,web-2, tag:web debian-12-x64", want{verb: "rebuild", target: "web-1,web-2,tag:web", args: api.Args{"image": "debian-12-x64"}}},
		{"snapshot web-1 web-2", want{verb: "snapshot", target: "web-1", args: api.Args{"name": "web-2"}}},
		{"reboot 3164494", want{verb: "reboot", target: "3164494"}},
		{"reboot tag:web", want{verb: "reboot", target: "tag:web"}},
		{"`reboot web-1`", want{verb: "reboot", target: "web-1"}},
		{"reboot `web-1`", want{verb: "reboot", target: "web-1"}},
		{`reboot "web-1"`, want{verb: "reboot", target: "web-1"}},
		{"reboot “web-1”", want{verb: "reboot", target: "web-1"}},
		{"power_cycle web-1", want{verb: "power-cycle", target: "web-1"}},
		{"Power_Cycle web-1", want{verb: "power-cycle", target: "web-1"}},
		{"power–cycle web-1", want{verb: "power-cycle", target: "web-1"}},
		{"enable_private_networking web-1", want{verb: "enable-private-networking", target: "web-1"}},

		{"resize web-1 s-2vcpu-4gb", want{verb: "resize", target: "web-1", args: api.Args{"size": "s-2vcpu-4gb"}}},
		{"reboot web-1 --timeout 10m", want{verb: "reboot", target: "web-1", patience: 10 * time.Minute}},
		{"stop web-1 --timeout 90s", want{verb: "stop", target: "web-1", args: api.Args{"timeout": "90s"}}},
		{"resize web-1 s-2vcpu-4gb --disk", want{verb: "resize", target: "web-1", args: api.Args{"size": "s-2vcpu-4gb", "disk": "true"}}},
		{"resize web-1 --disk s-2vcpu-4gb", want{verb: "resize", target: "web-1", args: api.Args{"size": "s-2vcpu-4gb", "disk": "true"}}},
		{"resize —disk web-1 s-2vcpu-4gb", want{verb: "resize", target: "web-1", args: api.Args{"size": "s-2vcpu-4gb", "disk": "true"}}},
		{"resize web-1 s-2vcpu-4gb –disk", want{verb: "resize", target: "web-1", args: api.Args{"size": "s-2vcpu-4gb", "disk": "true"}}},
		{"resize web-1 s-2vcpu-4gb -disk", want{verb: "resize", target: "web-1", args: api.Args{"size": "s-2vcpu-4gb", "disk": "true"}}},
		{"resize web-1 s-2vcpu-4gb --Disk=Yes", want{verb: "resize", target: "web-1", args: api.Args{"size": "s-2vcpu-4gb", "disk": "true"}}},
		{"resize web-1 s-2vcpu-4gb --disk=false", want{verb: "resize", target: "web-1", args: api.Args{"size": "s-2vcpu-4gb"}}},
		{"resize web-1 --size s-2vcpu-4gb", want{verb: "resize", target: "web-1", args: api.Args{"size": "s-2vcpu-4gb"}}},
		{"resize --size=s-2vcpu-4gb", want{verb: "resize", args: api.Args{"size": "s-2vcpu-4gb"}}},
		{"`resize web-1 s-2vcpu-4gb --disk`", want{verb: "resize", target: "web-1", args: api.Args{"size": "s-2vcpu-4gb", "disk": "true"}}},

		{"enable-backups web-1 --plan weekly --weekday SUN --hour 4", want{verb: "enable-backups", target: "web-1", args: api.Args{"plan": "weekly", "weekday": "SUN", "hour": "4"}}},
		{"enable-backups web-1 —plan=daily", want{verb: "enable-backups", target: "web-1", args: api.Args{"plan": "daily"}}},

		{`reboot web-1 --reason "disk is full"`, want{verb: "reboot", target: "web-1", reason: "disk is full"}},
		{`reboot web-1 --reason="disk is full"`, want{verb: "reboot", target: "web-1", reason: "disk is full"}},
		{"reboot web-1 —reason “disk is full”", want{verb: "reboot", target: "web-1", reason: "disk is full"}},
		{"reboot web-1 —reason=„disk is full“", want{verb: "reboot", target: "web-1", reason: "disk is full"}},
		{"reboot web-1 --reason «disk is full»", want{verb: "reboot", target: "web-1", reason: "disk is full"}},
		{"reboot web-1 --reason ‘it’s stuck’", want{verb: "reboot", target: "web-1", reason: "it’s stuck"}},
		{"reboot web-1 --reason ‚stuck‘", want{verb: "reboot", target: "web-1", reason: "stuck"}},
		{"reboot web-1 --reason 'it's stuck'", want{verb: "reboot", target: "web-1", reason: "it's stuck"}},
		{`reboot web-1 --reason "“mixed"`, want{verb: "reboot", target: "web-1", reason: "“mixed"}},
		{`reboot web-1 --reason "say \"no\" twice"`, want{verb: "reboot", target: "web-1", reason: `say "no" twice`}},
		{`reboot web-1 --reason "C:\temp is full"`, want{verb: "reboot", target: "web-1", reason: `C:\temp is full`}},
		{`reboot web-1 --reason "--disk"`, want{verb: "reboot", target: "web-1", reason: "--disk"}},
		{"reboot --reason stuck --reason=", want{}},
		{"reboot web-1 --reason stuck", want{verb: "reboot", target: "web-1", reason: "stuck"}},
		{"reboot web-1 --reason it's", want{verb: "reboot", target: "web-1", reason: "it's"}},
		{`reboot --reason "stuck" web-1`, want{verb: "reboot", target: "web-1", reason: "stuck"}},
		{"reboot web-1 --reason 100%s%n", want{verb: "reboot", target: "web-1", reason: "100%s%n"}},
		{`reboot web-1 --reason "$(reboot); <!channel>"`, want{verb: "reboot", target: "web-1", reason: "$(reboot); <!channel>"}},
		{`snapshot web-1 "before the upgrade"`, want{verb: "snapshot", target: "web-1", args: api.Args{"name": "before the upgrade"}}},
		{"destroy web-1 --with volumes, snapshots --reason x", want{verb: "destroy", target: "web-1", args: api.Args{"with": "volumes,snapshots"}, reason: "x"}},
		{"destroy web-1 --with=volumes , snapshots", want{verb: "destroy", target: "web-1", args: api.Args{"with": "volumes,snapshots"}}},
		{"destroy --with volumes ,snapshots web-1", want{verb: "destroy", target: "web-1", args: api.Args{"with": "volumes,snapshots"}}},
		{"reboot web-1 --timeout 10 m", want{verb: "reboot", target: "web-1", patience: 10 * time.Minute}},
		{"reboot --timeout 2 Hours web-1", want{verb: "reboot", target: "web-1", patience: 2 * time.Hour}},
		{"stop web-1 --timeout 90 s", want{verb: "stop", target: "web-1", args: api.Args{"timeout": "90s"}}},
		{"reboot web-1 --timeout 1 day", want{}},
		{"list --tag web, prod", want{}},
		{"list --region nyc3 ,ams3", want{}},
		{"destroy web-1 --with ,", want{}},
		{`destroy web-1 --with volumes, "snapshots"`, want{}},
		{`snapshot web-1 5"`, want{verb: "snapshot", target: "web-1", args: api.Args{"name": `5"`}}},
		{"snapshot web-1", want{verb: "snapshot", target: "web-1"}},
		{"rebuild web-1 ubuntu-24-04-x64", want{verb: "rebuild", target: "web-1", args: api.Args{"image": "ubuntu-24-04-x64"}}},
		{"restore 123 456", want{verb: "restore", target: "123", args: api.Args{"image": "456"}}},
	} {
		t.Run(tc.text, func(t *testing.T) {
			got, err := slash.parse(tc.text)
			if tc.want.verb == "" {
				if err == nil {
					t.Fatalf("parsed: %+v", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(got.args) == 0 {
				got.args = nil
			}
			if diff := cmp.Diff(tc.want, want{got.verb, got.target, got.args, got.reason, got.patience}, cmp.AllowUnexported(want{})); diff != "" {
				t.Error(diff)
			}
			if got.action != nil && got.verb != "help" && got.action.Verb() != got.verb {
				t.Errorf("the action is %s", got.action.Type)
			}
		})
	}
}

// Every sentence says what was wrong and what would be right.
func TestParseMistakes(t *testing.T) {
	mention := parser{catalogue: api.Catalogue(), call: "@dropletops"}
	for _, tc := range []struct {
		p          parser
		text, want string
	}{
		{slash, "rebot web-1", "There is no verb `rebot`. Did you mean `reboot`? All verbs: `/droplet help`."},
		{mention, "rebot web-1", "There is no verb `rebot`. Did you mean `reboot`? All verbs: `@dropletops help`."},
		{slash, "power cycle web-1", "There is no verb `power`. Did you mean `power-cycle`? All verbs: `/droplet help`."},
		{slash, "power web-1", "There is no verb `power`. Did you mean `power-on`, `power-off` or `power-cycle`? All verbs: `/droplet help`."},
		{slash, "shut down web-1", "There is no verb `shut`. Did you mean `shutdown`? All verbs: `/droplet help`."},
		{slash, "restart web-1", "There is no verb `restart`. Did you mean `reboot`? All verbs: `/droplet help`."},
		{slash, "help start", "There is no verb `start`. Did you mean `power-on`? All verbs: `/droplet help`."},
		{slash, "Delete web-1", "There is no verb `Delete`. Did you mean `destroy`? All verbs: `/droplet help`."},
		{slash, "poweroff web-1", "There is no verb `poweroff`. Did you mean `power-off`? All verbs: `/droplet help`."},
		{slash, "turn off web-1", "There is no verb `turn`. Did you mean `stop` or `power-off`? All verbs: `/droplet help`."},
		{slash, "rebuild web-1 web-2 debian-12-x64", "This is more than `rebuild` takes: `debian-12-x64`. Several Droplets go with commas: `web-1,web-2`. A value of several words belongs in quotes. " +
			"Usage: `/droplet rebuild &lt;target&gt; &lt;image&gt; [--snapshot-first] [--reason \"…\"]`. For example: `/droplet rebuild web-1 ubuntu-24-04-x64`."},
		{slash, "powercycle web-1", "There is no verb `powercycle`. Did you mean `power-cycle`? All verbs: `/droplet help`."},
		{slash, "frobnicate", "There is no verb `frobnicate`. All verbs: `/droplet help`."},
		{slash, "<!channel>", "There is no verb `&lt;!channel&gt;`. All verbs: `/droplet help`."},
		{slash, "a`b", "There is no verb `a'b`. All verbs: `/droplet help`."},
		{slash, "web-1 power_cycle", "The verb comes first: `/droplet power-cycle web-1`."},
		{slash, "web-1 info", "The verb comes first: `/droplet info web-1`."},
		{slash, "listt", "There is no verb `listt`. Did you mean `list`? All verbs: `/droplet help`."},
		{slash, "action", "`action` lacks the action's ID. Usage: `/droplet action &lt;id&gt;`. For example: `/droplet action 36804636`."},
		{slash, "info web-1 web-2", "This is more than `info` takes: `web-2`. A value of several words belongs in quotes. Usage: `/droplet info &lt;target&gt;`. For example: `/droplet info web-1`."},
		{slash, "info web-1 --reason x", "`info` has no flag `--reason`. It takes none. Usage: `/droplet info &lt;target&gt;`. For example: `/droplet info web-1`."},
		{slash, "list --regio nyc3", "`list` has no flag `--regio`. Did you mean `--region`? It takes `--tag`, `--region`, `--status`, `--gpu`."},
		{slash, `info ""`, "The Droplet's name is empty. Usage: `/droplet info &lt;target&gt;`. For example: `/droplet info web-1`."},
		{slash, "help resiz", "There is no verb `resiz`. Did you mean `resize`? All verbs: `/droplet help`."},
		{slash, "help resize web-1", "`help` takes one verb, or nothing: `/droplet help reboot`."},
		{slash, "--reason x", "A command begins with its verb, not with a flag: `/droplet reboot web-1`."},
		{slash, "resize web-1 s-1 --dsk", "`resize` has no flag `--dsk`. Did you mean `--disk`? It takes `--size`, `--disk`, `--snapshot-first`, `--reason`, `--timeout`."},
		{slash, "reboot web-1 --force", "`reboot` has no flag `--force`. It takes `--reason`, `--timeout`."},
		{slash, "reboot web-1 —now", "`reboot` has no flag `--now`. It takes `--reason`, `--timeout`."},
		{slash, "resize web-1", "`resize` lacks the size. Usage: `/droplet resize &lt;target&gt; &lt;size&gt; [--disk] [--snapshot-first] [--reason \"…\"]`. For example: `/droplet resize web-1 s-2vcpu-4gb`."},
		{slash, "resize", "`resize` lacks the Droplet and the size. Usage: `/droplet resize &lt;target&gt; &lt;size&gt; [--disk] [--snapshot-first] [--reason \"…\"]`. For example: `/droplet resize web-1 s-2vcpu-4gb`."},
		{slash, "change-backup-policy web-1", "`change-backup-policy` lacks `--plan`. Usage: `/droplet change-backup-policy &lt;target&gt; --plan daily|weekly [--weekday SUN|MON|TUE|WED|THU|FRI|SAT] [--hour 0|4|8|12|16|20] [--reason \"…\"]`. For example: `/droplet change-backup-policy web-1 --plan weekly`."},
		{slash, "enable-backups web-1 --plan", "`--plan` needs one of `daily`, `weekly` behind it."},
		{slash, "enable-backups web-1 --plan --hour 4", "`--plan` needs one of `daily`, `weekly` behind it."},
		{slash, "enable-backups web-1 --plan=\"\"", "`--plan` needs one of `daily`, `weekly` behind it."},
		{slash, "reboot web-1 --timeout soon", "`--timeout` can't be `soon`: it is a time from 10 seconds to 7 days, in seconds or such as 10m or 2h."},
		{slash, "reboot web-1 --timeout 1m --timeout 2m", "`--timeout` is given twice: once is enough."},
		{slash, "resize web-1 --size", "`--size` needs a value such as `s-2vcpu-4gb` behind it."},
		{slash, "resize web-1 s-1 --size s-2", "This is more than `resize` takes: `s-1`. Several Droplets go with commas: `web-1,web-2`. A value of several words belongs in quotes. Usage: `/droplet resize &lt;target&gt; &lt;size&gt; [--disk] [--snapshot-first] [--reason \"…\"]`. For example: `/droplet resize web-1 s-2vcpu-4gb`."},
		{slash, "resize web-1 --size s-1 --size s-2", "`--size` is given twice: once is enough."},
		{slash, "resize web-1 s-1 --disk --disk=no", "`--disk` is given twice: once is enough."},
		{slash, "resize web-1 s-1 --disk=40", "`--disk` is given or left out; it takes no value such as `40`."},
		{slash, "reboot web-1 --reason", "`--reason` needs the reason, in quotes, behind it."},
		{slash, "reboot web-1 --reason a --reason b", "`--reason` is given twice: once is enough."},
		{slash, "snapshot web-1 --reason before deploy", "A reason of several words belongs in quotes: `--reason \"disk is full\"`."},
		{slash, "snapshot web-1 before upgrade", "This is more than `snapshot` takes: `upgrade`. Several Droplets go with commas: `web-1,web-2`. A value of several words belongs in quotes. Usage: `/droplet snapshot &lt;target&gt; [&lt;name&gt;] [--reason \"…\"]`. For example: `/droplet snapshot web-1`."},
		{slash, `reboot ""`, "The Droplet's name is empty. Usage: `/droplet reboot &lt;target&gt; [--reason \"…\"]`. For example: `/droplet reboot web-1`."},
		{slash, `reboot web-1 --reason "disk`, "The quote in front of `disk` is not closed: put one behind its last word, too."},
		{slash, `reboot web-1 "`, "The quote in front of “” is not closed: put one behind its last word, too."},
		{slash, "reboot web-1 — it hangs", "A lone `—` means nothing here: the name of a flag belongs right behind it, as in `--reason \"…\"`."},
		{slash, "reboot web-1\x00", "There is a control character in this. Type it again rather than pasting it."},
		{slash, "reboot \u202e1-bew", "There is a character that turns the direction of writing in this. Type it again rather than pasting it."},
		{slash, "reboot \xff", "There is a character that is no valid UTF-8 in this. Type it again rather than pasting it."},
		{slash, strings.Repeat("ä", 2001), "This has 2001 characters; 2000 are the most that a command may have."},
		{slash, `reboot web-1 --reason "` + strings.Repeat("ä", 501) + `"`, "The reason has 501 characters; 500 are the most that it may have."},
		{slash, strings.Repeat("x", 100), "There is no verb `" + strings.Repeat("x", 80) + "…`. All verbs: `/droplet help`."},
	} {
		t.Run(tc.text, func(t *testing.T) {
			got, err := tc.p.parse(tc.text)
			if err == nil {
				t.Fatalf("parsed: %+v", got)
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What verbs are called elsewhere is none of ours, and all that is meant by it is.
func TestWhatVerbsAreCalledElsewhere(t *testing.T) {
	for other, ours := range meant {
		if slash.knows(other) {
			t.Errorf("%s is a verb of ours", other)
		}
		if got := slash.means(other); !slices.Equal(got, ours) {
			t.Errorf("%s: of %v there are %v", other, ours, got)
		}
	}
}

// An action that is added to the catalogue is understood by its literal alone.
func TestParseFollowsTheCatalogue(t *testing.T) {
	p := parser{call: "/droplet", catalogue: append(api.Catalogue(), &api.Action{Type: "defrost_disk", Params: []api.Param{
		{Name: "degrees", Kind: api.Text, Required: true, Example: "21"},
		{Name: "fan_speed", Kind: api.Choice, Flag: true, Choices: []string{"low", "high"}},
	}})}
	w, err := p.parse("Defrost_Disk web-1 21 --fan-speed high")
	if err != nil || w.action.Type != "defrost_disk" || w.args["degrees"] != "21" || w.args["fan_speed"] != "high" {
		t.Errorf("parsed %+v, %v", w, err)
	}
	for text, want := range map[string]string{
		"defrost web-1":                     "There is no verb `defrost`. Did you mean `defrost-disk`? All verbs: `/droplet help`.",
		"defrost-disk web-1 21 --fan x":     "`defrost-disk` has no flag `--fan`. Did you mean `--fan-speed`? It takes `--degrees`, `--fan-speed`, `--reason`, `--timeout`.",
		"defrost-disk web-1 21 --fan-speed": "`--fan-speed` needs one of `low`, `high` behind it.",
	} {
		if _, err := p.parse(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What is written by render is read again as it was, whatever stands in it.
func TestWordsRoundTrip(t *testing.T) {
	name := rapid.StringMatching(`[a-z][a-z0-9-]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		var ws []word
		for range rapid.IntRange(0, 6).Draw(t, "words") {
			var w word
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				w.text = name.Draw(t, "bare")
			case 1:
				w.text, w.quoted = invisible.Replace(rapid.String().Draw(t, "quoted")), true
			case 2:
				w.flag = name.Draw(t, "flag")
			case 3:
				w.flag, w.valued = name.Draw(t, "flag"), true
				w.text, w.quoted = invisible.Replace(rapid.String().Draw(t, "value")), true
			}
			ws = append(ws, w)
		}
		got, err := split(render(ws))
		if err != nil {
			t.Fatalf("%q: %v", render(ws), err)
		}
		if !slices.Equal(got, ws) {
			t.Fatalf("%q\n got %+v\nwant %+v", render(ws), got, ws)
		}
	})
}

// Whatever is typed is understood or answered with a sentence that is safe to
// show, and what is understood is understood the same way when it is written out.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "reboot web-1", `resize web-1 s-1 --disk --reason "x"`, "—reason “", "`", "--", "\\", `"\`, "help `x",
		"enable-backups a —plan=„daily“ --hour=4", "rebuild \u00a0 x --image=`y`", "<!channel>", "%s%d",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := slash.parse(text)
		if err != nil {
			said := err.Error()
			for _, bad := range []string{"<!", "<@", "<#", "<h", "%!"} {
				if strings.Contains(said, bad) && !strings.Contains(text, "%!") {
					t.Errorf("%q is answered with %q", text, said)
				}
			}
			if strings.ContainsFunc(said, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) || strings.Count(said, "`")%2 == 1 {
				t.Errorf("%q is answered with %q", text, said)
			}
			return
		}
		if w.verb != "help" && w.action == nil {
			t.Fatalf("%q has no action: %+v", text, w)
		}
		if w.action == nil || w.verb == "help" {
			return
		}
		ws := []word{{text: w.verb}}
		if w.target != "" {
			ws = append(ws, word{text: w.target, quoted: true})
		}
		for name, value := range w.args {
			ws = append(ws, word{flag: name, valued: true, text: value, quoted: true})
		}
		if w.reason != "" {
			ws = append(ws, word{flag: reason, valued: true, text: w.reason, quoted: true})
		}
		again, err := slash.parse(render(ws))
		if err != nil && len(text) < longestText/2 {
			t.Fatalf("%q, written as %q: %v", text, render(ws), err)
		}
		if diff := cmp.Diff(w, again, cmp.AllowUnexported(words{}), cmp.Comparer(func(a, b *api.Action) bool { return a.Type == b.Type })); err == nil && diff != "" {
			t.Error(diff)
		}
	})
}
