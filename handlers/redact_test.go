package handlers

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// What a script holds stands in no line of the audit log, however it came: that is kept
// for ever. The digest binds it all the same.
func TestAScriptIsNotWrittenDown(t *testing.T) {
	const secret = "hunter2"
	script := "#cloud-config\nchpasswd: \"root:" + secret + "\"\n"
	quoted := inQuotes(script)
	for name, text := range map[string]string{
		"typed":          "create new-1" + ofAKind + " --reason why --user-data " + quoted,
		"with =":         "create new-1" + ofAKind + " --user-data=" + quoted + " --reason why",
		"as clients do":  "create new-1" + ofAKind + " —User_Data “" + secret + "” --reason why",
		"not closed":     "create new-1" + ofAKind + " --user-data \"" + secret,
		"without quotes": "create new-1" + ofAKind + " --user-data #cloud-config echo " + secret,
		"with = without": "create new-1" + ofAKind + " --user-data=#cloud-config echo " + secret,
		"and one word":   "create new-1" + ofAKind + " --user-data=" + secret,
		"behind a tick":  "create new-1" + ofAKind + " `--user-data` `" + secret + "`",
	} {
		t.Run(name, func(t *testing.T) {
			b := makingBench(t)
			b.do(b.slash("UALICE", text))
			b.do(b.slash("UGUEST", text))
			b.do(b.mention(object{"text": "<@UDROPLETOPS> " + text}))
			lines, err := json.Marshal(b.store.lines)
			if err != nil || strings.Contains(string(lines), secret) || !strings.Contains(string(lines), "create new-1") {
				t.Errorf("written down: %s, %v", lines, err)
			}
			if made := len(b.store.order) > 0; made == (name == "not closed" || strings.Contains(name, "without")) {
				t.Errorf("%d requests", len(b.store.order))
			}
			if name != "typed" {
				return
			}
			r := b.store.requests[b.store.order[0]]
			if r.Action.Args["user-data"] != strings.TrimSpace(script) || r.Origin.Words != "/droplet create new-1"+ofAKind+" --reason why --user-data \"(39 characters withheld)\"" ||
				!strings.Contains(string(lines), `"arg_user-data":"(38 characters)"`) {
				t.Errorf("%q, %q: %s", r.Action.Args["user-data"], r.Origin.Words, lines)
			}
			before := r.Digest()
			r.Action.Args["user-data"] += " "
			if r.Digest() == before {
				t.Error("a decision does not bind it")
			}
		})
	}
	b := makingBench(t)
	b.do(b.slash("UALICE", "create new-1"))
	b.puts("UALICE", "arg.region", map[string]string{"arg.region": "nyc3"})
	fill := map[string]string{"arg.size": "s-1vcpu-1gb", "arg.image": "ubuntu-24-04-x64", "arg.user-data": script}
	b.asks(b.filled("view_submission", "UALICE", fill, ""))
	if lines, _ := json.Marshal(b.store.lines); strings.Contains(string(lines), secret) {
		t.Errorf("written down of a modal: %s", lines)
	}
}

// What is stored keeps verb, targets and known flags wherever they stand; of a script, and
// behind a flag that is not known, there is only how long it is; of chat as well.
func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"":             ``,
		"reboot web-1": `reboot web-1`,
		"reboot web-1, web-2 --reason “it hangs”":                                 "reboot web-1, web-2 --reason “it hangs”",
		`create new-1 --reason "the new user-data is in"`:                         `create new-1 --reason "the new user-data is in"`,
		`create new-1 --user-data "PASSWORD=x1" --region nyc3`:                    `create new-1 --user-data "(11 characters withheld)" --region nyc3`,
		`create --user-data "PASSWORD=x1" new-1 new-2 --region nyc3`:              `create --user-data "(11 characters withheld)" new-1 new-2 --region nyc3`,
		"create new-1 --user\u00ad-data \"PASSWORD=x1\"":                          `create new-1 --user-data "(11 characters withheld)"`,
		"create new-1 --user\u200d-da\ufe0fta \"PASSWORD=x1\"":                    `create new-1 --user-data "(11 characters withheld)"`,
		"create new-1 --us\u0435r-data \"PASSWORD=x1\"":                           `create new-1 --unknown-flag "(11 characters withheld)"`,
		`create new-1 --userdata "PASSWORD=x1" --size s-1vcpu-1gb`:                `create new-1 --userdata "(11 characters withheld)" --size s-1vcpu-1gb`,
		`create new-1 --cloud-init=PASSWORD=x1 --tags web`:                        `create new-1 --cloud-init "(11 characters withheld)" --tags web`,
		`create new-1 --cloud-init #!/bin/sh echo x1 --region nyc3 --tags x2 web`: `create new-1 --cloud-init "(9 characters withheld)" "(4 characters withheld)" "(2 characters withheld)" --region nyc3 --tags "(2 characters withheld)" "(3 characters withheld)"`,
		`craete new-1 --user-data "PASSWORD=x1" --region nyc3`:                    `craete new-1 --user-data "(11 characters withheld)" --region nyc3`,
		`reboot web-1 --user-data "PASSWORD=x1"`:                                  `reboot web-1 --user-data "(11 characters withheld)"`,
		`create new-1 --user-data "PASSWORD=x1 --region nyc3`:                     `create new-1 --user-data "(25 characters withheld)"`,
		"create new-1 --user-data\n“PASSWORD=x1”\n--region nyc3":                  `create new-1 --user-data "(11 characters withheld)" --region nyc3`,
		"create new-1 --\nuser-data PASSWORD=x1":                                  `create new-1 "(2 characters withheld)" "(9 characters withheld)" "(11 characters withheld)"`,
		`create new-1 --user-data="a" --user-data "b"`:                            `create new-1 --user-data "(1 character withheld)" --user-data "(1 character withheld)"`,
		`create new-1 --user-data:x1`:                                             `create new-1 --unknown-flag`,
		`create new-1 user-data x1`:                                               `create new-1 "(9 characters withheld)" "(2 characters withheld)"`,
		`create new-1 --reason “because --user-data "x1"`:                         `create new-1 --reason "(23 characters withheld)"`,
		"hey, the root password is x1":                                            `"(28 characters withheld)"`,
		"thanks":                                                                  `"(6 characters withheld)"`,
		"show me the password x1":                                                 `"(23 characters withheld)"`,
		"rebot web-1":                                                             `rebot web-1`,
		"turn off web-1":                                                          `turn off web-1`,
		"web-1 reboot":                                                            `web-1 reboot`,
		"restore the password x1":                                                 `restore the password "(2 characters withheld)"`,
	} {
		if got := redact(text); got != want {
			t.Errorf("%q is stored as\n%s, want\n%s", text, got, want)
		}
	}
}

// A card shows all of a script to whoever approves, so one that it can't show is refused.
func TestAScriptThatNoCardShows(t *testing.T) {
	b := makingBench(t)
	said := b.do(b.slash("UALICE", "create new-1"+ofAKind+" --user-data '"+strings.Repeat("&amp;", 1500)+"'")).Message.Text
	if !strings.Contains(said, "no card could show all of it") {
		t.Errorf("said %q", said)
	}
}

// scriptFlags are ways to spell a flag for a script, right and wrong.
var scriptFlags = []string{"--user-data", "—user_data", "--User\u00ad-Data", "--userdata", "--cloud-init", "--user\u200d-data", "--us\u0435r-data", "‐‐user-data", "--script", "--\nuser-data", "user-data", "-－user-data", "--user-dta"}

// Every way to spell and quote, at every place.
func TestASecretIsNeverStored(t *testing.T) {
	for _, before := range []string{"", "create a", "create", "craete a b", "reboot web-1", `create a --reason "why"`, "create a --region nyc3 --ipv6", "hello there", "list --tag x"} {
		for _, flag := range scriptFlags {
			for _, script := range []string{"", "x", "#!/bin/sh\necho ", "it's ", "\u200b", " --tags x ", "\u2028", "PASSWORD="} {
				for _, after := range []string{"", "b", "--region nyc3 --size s-1vcpu-1gb", "“", "\n--ipv6", "--user-data y"} {
					neverStored(t, "S3CRETx", before, flag, script, after)
				}
			}
		}
	}
}

// neverStored holds what is stored of a command with a secret behind a flag against it.
func neverStored(t *testing.T, secret, before, name, script, after string) {
	t.Helper()
	for _, text := range []string{
		before + " " + name + " " + inQuotes(script+secret) + " " + after, before + " " + name + "=" + inQuotes(secret+script) + " " + after,
		before + " " + name + " " + secret + script + " " + after, before + " " + name + "=" + secret + " " + after,
		before + " " + name + " \"" + secret + script + " " + after, before + " " + name + secret + " " + after,
	} {
		stored := redact(text)
		if strings.Contains(stored, secret) && !elsewhere(text, secret) {
			t.Fatalf("%q is stored as %q", text, stored)
		}
		was, err := slash.parse(text)
		if err != nil || was.verb == "help" || was.target != "" && !isTarget(was.target) {
			continue
		}
		is, err := slash.parse(stored)
		if err != nil || is.verb != was.verb || is.target != was.target && !slices.ContainsFunc(strings.Fields(was.target), startsScript) {
			t.Fatalf("%q is stored as %q, of which is understood %q %q, %v", text, stored, is.verb, is.target, err)
		}
	}
}

// A secret behind whatever looks like a flag for a script is never stored, however it is
// spelled and quoted; and what the parser understands is what it understands of what is stored.
func FuzzRedact(f *testing.F) {
	const secret = "S3CRETx"
	for i, s := range [][3]string{{"create a", "x", ""}, {"create a --reason \"why\"", "“”", "--ipv6"}, {"create `a` b", "\\", ""}, {"craete --tags=x", "'", "-- b"},
		{"reboot web-1", "#!/bin/sh\necho ", "--region nyc3"}, {"hello", "a", "b"}, {"create", `"a "`, "new-1 --size s-1vcpu-1gb"}, {"--ipv6", " --tags x ", "create a"}} {
		f.Add(s[0], uint(i), s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, before string, flag uint, script, after string) {
		if !utf8.ValidString(before+script+after) || strings.Contains(before+script+after, secret) {
			return
		}
		neverStored(t, secret, before, scriptFlags[flag%uint(len(scriptFlags))], script, after)
	})
}

// elsewhere reports whether the parser itself takes a secret for something else than a
// script, since a quote in front of it was not closed: then it is what the card shows.
func elsewhere(text, secret string) bool {
	w, err := slash.parse(text)
	var l *incomplete
	if err != nil && !errors.As(err, &l) {
		return slices.ContainsFunc(tokenize(text), func(w word) bool {
			return w.quoted && strings.Contains(w.text, secret) && w.flag != "" && !namesScript(w.flag)
		})
	}
	for name, value := range w.args {
		if strings.Contains(value, secret) && name != "user-data" {
			return true
		}
	}
	return strings.Contains(w.target+w.reason, secret)
}
