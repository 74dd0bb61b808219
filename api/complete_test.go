package api_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"dropletops/api"

	"github.com/google/go-cmp/cmp"
)

func TestComplete(t *testing.T) {
	for _, tt := range []struct {
		typ   string
		args  api.Args
		want  api.Args
		param string // that the error is about
		err   string
	}{
		{typ: "reboot", want: api.Args{}},
		{typ: "reboot", args: api.Args{"force": "true"}, param: "force", err: `reboot takes no "force". It is used so: reboot <target>`},
		{typ: "reboot", args: api.Args{"": ""}, param: "", err: `reboot takes no "". It is used so: reboot <target>`},
		{typ: "resize", param: "size", err: "resize needs the size: the new size's slug. For example: resize web-1 s-2vcpu-4gb"},
		{typ: "resize", args: api.Args{"size": " S-1VCPU-1GB ", "disk": "false"}, want: api.Args{"size": "s-1vcpu-1gb"}},
		{typ: "resize", args: api.Args{"size": "s-1vcpu-1gb", "disk": "Yes"}, want: api.Args{"size": "s-1vcpu-1gb", "disk": "true"}},
		{typ: "resize", args: api.Args{"size": "s-1vcpu-1gb", "disk": "maybe"}, param: "disk", err: `--disk cannot be "maybe": it stands alone, without a value.`},
		{typ: "resize", args: api.Args{"size": "../../account"}, param: "size", err: `The size cannot be "../../account": it is a size's slug, such as s-2vcpu-4gb.`},
		{typ: "rebuild", args: api.Args{"image": "ubuntu-24-04-x64"}, want: api.Args{"image": "ubuntu-24-04-x64"}},
		{typ: "rebuild", args: api.Args{"image": "a/b"}, param: "image", err: `The image cannot be "a/b": it is an image's slug or ID, such as ubuntu-24-04-x64.`},
		{typ: "rebuild", args: api.Args{"image": "000"}, param: "image", err: `The image cannot be "000": it is an image's slug or ID, such as ubuntu-24-04-x64.`},
		{typ: "rebuild", args: api.Args{"image": "99999999999999999999"}, param: "image", err: `The image cannot be "99999999999999999999": it is an image's slug or ID, such as ubuntu-24-04-x64.`},
		{typ: "restore", args: api.Args{"image": "007"}, want: api.Args{"image": "7"}},
		{typ: "restore", args: api.Args{"image": "-7"}, param: "image", err: `The image cannot be "-7": it is the ID of a backup, a number such as 12389723.`},
		{typ: "restore", args: api.Args{"image": "ubuntu-24-04-x64"}, param: "image", err: `The image cannot be "ubuntu-24-04-x64": it is the ID of a backup, a number such as 12389723.`},
		{typ: "change_kernel", args: api.Args{"kernel": "0"}, param: "kernel", err: `The kernel cannot be "0": it is the ID of a kernel, a number such as 991.`},
		{typ: "rename", args: api.Args{"name": "Web-2.example.COM"}, want: api.Args{"name": "Web-2.example.COM"}},
		{typ: "rename", args: api.Args{"name": "web_2"}, param: "name", err: `The name cannot be "web_2": a Droplet's name has letters, digits, . and - only, such as web-2.example.com.`},
		{typ: "rename", args: api.Args{"name": "web-"}, param: "name", err: `The name cannot be "web-": a Droplet's name ends with a letter or a digit.`},
		{typ: "rename", args: api.Args{"name": "<!channel>"}, param: "name", err: `The name cannot be "<!channel>": a Droplet's name has letters, digits, . and - only, such as web-2.example.com.`},
		{typ: "rename", args: api.Args{"name": strings.Repeat("a", 256)}, param: "name",
			err: `The name cannot be "` + strings.Repeat("a", 60) + `…": it may have 255 characters at the most.`},
		{typ: "rename", param: "name", err: "rename needs the name: the new name: letters, digits, . and -. For example: rename web-1 web-2.example.com"},
		{typ: "snapshot", want: api.Args{"name": "web-1-2026-11-21-1004"}},
		{typ: "snapshot", args: api.Args{"name": "vor dem Größerwerden"}, want: api.Args{"name": "vor dem Größerwerden"}},
		{typ: "snapshot", args: api.Args{"name": "a\nb"}, param: "name", err: `The name cannot be "a\nb": it holds characters that cannot be printed.`},
		{typ: "enable_backups", want: api.Args{}},
		{typ: "enable_backups", args: api.Args{"weekday": "Wednesday"}, want: api.Args{"plan": "weekly", "weekday": "WED"}},
		{typ: "enable_backups", args: api.Args{"weekday": "tue"}, want: api.Args{"plan": "weekly", "weekday": "TUE"}},
		{typ: "enable_backups", args: api.Args{"hour": "00"}, want: api.Args{"plan": "daily", "hour": "0"}},
		{typ: "enable_backups", args: api.Args{"plan": "DAILY"}, want: api.Args{"plan": "daily"}},
		{typ: "enable_backups", args: api.Args{"plan": "weekly", "hour": "20"}, want: api.Args{"plan": "weekly", "weekday": "SUN", "hour": "20"}},
		{typ: "enable_backups", args: api.Args{"plan": "monthly"}, param: "plan", err: `--plan cannot be "monthly": it is one of daily, weekly.`},
		{typ: "enable_backups", args: api.Args{"hour": "5"}, param: "hour", err: `--hour cannot be "5": it is one of 0, 4, 8, 12, 16, 20.`},
		{typ: "enable_backups", args: api.Args{"plan": "daily", "weekday": "mon"}, param: "weekday",
			err: "A daily backup has no weekday. Leave --weekday MON out, or use --plan weekly."},
		{typ: "change_backup_policy", args: api.Args{"hour": "4"}, param: "plan",
			err: "change-backup-policy needs --plan: how often a backup is taken. For example: --plan weekly"},
	} {
		a, _ := api.Lookup(tt.typ)
		before := len(tt.args)
		got, err := a.Complete(tt.args, api.Droplet{ID: 7, Name: "web-1"}, at)
		if len(tt.args) != before {
			t.Errorf("%s %v: the arguments handed in were changed", tt.typ, tt.args)
		}
		if tt.err == "" {
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%s %v: %v\n%s", tt.typ, tt.args, err, diff)
			}
			continue
		}
		var wrong *api.ArgError
		if !errors.As(err, &wrong) || err.Error() != tt.err || wrong.Param != tt.param || got != nil {
			t.Errorf("%s %v:\n got %v\nwant %s", tt.typ, tt.args, err, tt.err)
		}
	}
}

func TestUsage(t *testing.T) {
	for typ, want := range map[string]string{
		"reboot":               "reboot <target>",
		"resize":               "resize <target> <size> [--disk] [--snapshot-first]",
		"snapshot":             "snapshot <target> [<name>]",
		"change_backup_policy": "change-backup-policy <target> --plan daily|weekly [--weekday SUN|MON|TUE|WED|THU|FRI|SAT] [--hour 0|4|8|12|16|20]",
	} {
		a, _ := api.Lookup(typ)
		if got := a.Usage(); got != want {
			t.Errorf("%s: %s", typ, got)
		}
	}
}

func TestImageParam(t *testing.T) {
	for _, a := range api.Catalogue() {
		p, ok := a.ImageParam()
		if want := a.Type == "rebuild" || a.Type == "restore" || a.Type == "create"; ok != want || ok && p.Name != "image" {
			t.Errorf("%s: %v %v", a.Type, p, ok)
		}
	}
}

// What is completed is canonical: completing it again changes nothing. What is
// refused is refused in one printable line that names the parameter.
func FuzzComplete(f *testing.F) {
	for _, b := range bodies {
		for name, value := range b.args {
			f.Add(b.typ, name, value, "", "")
		}
	}
	f.Add("enable_backups", "plan", "daily", "weekday", "mon")
	f.Add("rename", "name", "\x00\xff<!channel>%s", "na\nme", "{name}")
	for _, b := range creations {
		for name, value := range b.args {
			f.Add("create", name, value, "tags", "a, b,a")
		}
	}
	actions := api.Catalogue()
	f.Fuzz(func(t *testing.T, typ, name, value, name2, value2 string) {
		i := slices.IndexFunc(actions, func(a *api.Action) bool { return a.Type == typ })
		if i < 0 {
			i = len(typ) % len(actions)
		}
		a, d := actions[i], api.Droplet{ID: 7, Name: value2, Status: "active"}
		args := api.Args{name: value, name2: value2}
		for _, p := range a.Params {
			if a.Make != nil && p.Required && args[p.Name] == "" { // two others are all there are
				args[p.Name] = p.Example
			}
		}
		got, err := a.Complete(args, d, at)
		if err != nil {
			var wrong *api.ArgError
			if !errors.As(err, &wrong) || strings.ContainsAny(err.Error(), "\n\r\x00") || !utf8.ValidString(err.Error()) {
				t.Errorf("%q", err)
			}
			return
		}
		again, err := a.Complete(got, d, at)
		if err != nil || !cmp.Equal(got, again) {
			t.Errorf("%v, then %v: %v", got, again, err)
		}
		for name, value := range got {
			if strings.TrimSpace(value) != value || value == "" || !utf8.ValidString(value) {
				t.Errorf("%s is %q", name, value)
			}
		}
		a.InTheWay(d, got, nil)
		a.Effect([]api.Droplet{d}, got, api.Pins{})
		a.Loses([]api.Droplet{d}, got, api.Pins{})
	})
}
