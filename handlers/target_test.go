package handlers

import (
	"strings"
	"testing"

	"dropletops/api"
)

func TestTarget(t *testing.T) {
	for _, tc := range []struct {
		text string
		want target
		err  string
	}{
		{text: ""},
		{text: "web-1", want: target{text: "web-1"}},
		{text: "Web-1.Example.com", want: target{text: "Web-1.Example.com"}},
		{text: "3164494", want: target{text: "3164494", id: 3164494}},
		{text: "tag:web:prod_1-a", want: target{text: "tag:web:prod_1-a", tag: "web:prod_1-a"}},
		{text: "TAG:Web", want: target{text: "TAG:Web", tag: "Web"}},
		{text: "tag:", err: "No tag can be called “”: a tag has letters, digits, `:`, `_` and `-`, as in `tag:web`."},
		{text: "tag:a&tag_name=c", err: "No tag can be called `a&amp;tag_name=c`: a tag has letters, digits, `:`, `_` and `-`, as in `tag:web`."},
		{text: "tag:x#y", err: "No tag can be called `x#y`: a tag has letters, digits, `:`, `_` and `-`, as in `tag:web`."},
		{text: "tag:ä", err: "No tag can be called `ä`: a tag has letters, digits, `:`, `_` and `-`, as in `tag:web`."},
		{text: "a&b", err: "No Droplet can be called `a&amp;b`: a name has letters, digits, `.` and `-`. A Droplet goes by its name, its ID, or `tag:` and a tag."},
		{text: "x#y", err: "No Droplet can be called `x#y`: a name has letters, digits, `.` and `-`. A Droplet goes by its name, its ID, or `tag:` and a tag."},
		{text: "web-*", err: "A pattern such as `web-*` is for looking: `/droplet list web-*`. To act on several, name them with commas between them, or by `tag:` and a tag."},
		{text: "../account", err: "No Droplet can be called `../account`: a name has letters, digits, `.` and `-`. A Droplet goes by its name, its ID, or `tag:` and a tag."},
		{text: "0", err: "No Droplet can have the ID `0`. Its ID is in the control panel's address bar, such as `3164494`."},
		{text: "99999999999999999999", err: "No Droplet can have the ID `99999999999999999999`. Its ID is in the control panel's address bar, such as `3164494`."},
	} {
		t.Run(tc.text, func(t *testing.T) {
			got, err := slash.target(tc.text)
			said := ""
			if err != nil {
				said = err.Error()
			}
			if said != tc.err {
				t.Errorf("said %q\nwant %q", said, tc.err)
			}
			if got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

// A name whose hyphens only look like one is answered with the real one, and never taken
// for it.
func TestLookalikeHyphens(t *testing.T) {
	for _, dash := range api.Dashes[1:] {
		d := string(dash)
		for _, tc := range []struct{ words, want string }{
			{"reboot web" + d + "1", "Did you mean `web-1`?"},
			{"reboot wbe" + d + "1", "Did you mean `web-1` or `web-2`?"},
			{"reboot web-2,web" + d + "1", "Did you mean `web-1`?"},
			{"info web" + d + "1", "Did you mean `web-1`?"},
			{"reboot zzzzz" + d + "zzzzz", "Type it with plain hyphens: `zzzzz-zzzzz`."},
			{"reboot tag:a" + d + "b", "Type it with plain hyphens: `tag:a-b`."},
			{"rename web-1 web" + d + "9", "Did you mean `web-9`, with plain hyphens?"},
			{"rebuild web-1 debian" + d + "12" + d + "x64", "Did you mean `debian-12-x64`"},
			{"create new" + d + "1 --region nyc3 --size s-1vcpu-1gb --image debian-12-x64", "Did you mean `new-1`, with plain hyphens?"},
		} {
			b := newBench(t)
			if r := b.do(b.slash("UALICE", tc.words)); !strings.Contains(strings.ReplaceAll(r.Message.Text, "\"", "`"), tc.want) {
				t.Errorf("%q (%U): %s", tc.words, dash, r.Message.Text)
			}
			if len(b.store.requests) > 0 {
				t.Errorf("%q became a request", tc.words)
			}
		}
	}
}
