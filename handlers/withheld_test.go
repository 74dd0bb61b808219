package handlers

import (
	"encoding/json"
	"strings"
	"testing"
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
			if r.Action.Args["user-data"] != strings.TrimSpace(script) || r.Origin.Words != "/droplet create new-1"+ofAKind+" --reason why --user-data (39 characters)" ||
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
	// Nothing else is.
	const text = `create new-1 --reason "the new user-data is in"`
	if got := withheld(text); got != text {
		t.Errorf("%q", got)
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

// Whatever stands around a script, and in it, what is understood as one is withheld.
func FuzzWithheld(f *testing.F) {
	const secret = "S3CRET"
	for _, s := range [][3]string{{"create a", "x", ""}, {"create a --reason \"", "“”", "--ipv6"}, {"create `a` —user_data=", "\\", ""}, {"create --tags=x", "'", "-- b"}} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, before, script, after string) {
		for _, text := range []string{before + " --user-data " + inQuotes(secret+script) + " " + after, before + " --user-data=" + secret + script + " " + after} {
			w, err := slash.parse(text)
			if err != nil || !strings.Contains(w.args["user-data"], secret) || strings.Contains(before+script+after, secret) {
				continue
			}
			if got := withheld(text); strings.Contains(got, secret) {
				t.Fatalf("%q is written down as %q", text, got)
			}
		}
	})
}
