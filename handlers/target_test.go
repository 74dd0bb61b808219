package handlers

import "testing"

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
