package api_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"dropletops/api"
)

func TestPreCheck(t *testing.T) {
	on := api.Droplet{ID: 7, Name: "web-1", Status: "active", Region: "nyc3", Size: "s-1vcpu-2gb", DiskGB: 50, KernelID: 991, PublicIP6: "2604::1"}
	off, old, new := on, on, on
	off.Status, old.Status, new.Status = "off", "archive", "new"
	backed := on
	backed.Backups = true
	for _, tt := range []struct {
		typ  string
		d    api.Droplet
		args api.Args
		img  *api.Image
		want string
	}{
		{typ: "reboot", d: on},
		{typ: "reboot", d: off, want: "web-1 is off, so there is nothing to reboot. Use power-on."},
		{typ: "reboot", d: new, want: "web-1 is still being created. Ask again once it is active."},
		{typ: "rebuild", d: old, want: "web-1 is archived, and DigitalOcean runs no action on an archived Droplet."},
		{typ: "power_on", d: on, want: "web-1 is on already."},
		{typ: "power_on", d: off},
		{typ: "power_off", d: off, want: "web-1 is off already."},
		{typ: "shutdown", d: api.Droplet{ID: 7, Status: "off"}, want: "Droplet 7 is off already."},
		{typ: "resize", d: on, args: api.Args{"size": "s-2vcpu-4gb"}},
		{typ: "resize", d: off, args: api.Args{"size": "s-1vcpu-2gb"}, want: "web-1 has the size s-1vcpu-2gb already."},
		{typ: "resize", d: off, args: api.Args{"size": "s-1vcpu-2gb", "disk": "true"}},
		{typ: "rebuild", d: on, img: &api.Image{ID: 5, Slug: "big", MinDisk: 80}, want: "big (image 5) needs a disk of 80 GB, and web-1 has 50 GB."},
		{typ: "rebuild", d: on, img: &api.Image{ID: 5, Name: "mine", Regions: []string{"fra1"}}, want: "mine (image 5) is not available in nyc3, where web-1 is."},
		{typ: "rebuild", d: on, img: &api.Image{ID: 5, MinDisk: 50, Regions: []string{"fra1", "nyc3"}}},
		{typ: "restore", d: on, img: &api.Image{ID: 5, Name: "mine", Kind: "snapshot"},
			want: "mine (image 5) is not a backup but a snapshot image. Restore takes a backup of the same Droplet; rebuild takes other images."},
		{typ: "restore", d: on, img: &api.Image{ID: 5, Kind: "backup"}},
		{typ: "rename", d: on, args: api.Args{"name": "web-1"}, want: "It is called web-1 already."},
		{typ: "rename", d: on, args: api.Args{"name": "Web-1"}},
		{typ: "enable_backups", d: backed, want: "web-1 has automatic backups already. To change when they are taken, use change-backup-policy."},
		{typ: "enable_backups", d: on},
		{typ: "disable_backups", d: on, want: "web-1 has no automatic backups to turn off."},
		{typ: "disable_backups", d: backed},
		{typ: "change_backup_policy", d: on, want: "web-1 has no automatic backups. To turn them on, use enable-backups with the same flags."},
		{typ: "change_kernel", d: on, args: api.Args{"kernel": "991"}, want: "web-1 has kernel 991 already."},
		{typ: "enable_ipv6", d: on, want: "web-1 has IPv6 already: 2604::1"},
		{typ: "enable_ipv6", d: api.Droplet{ID: 7, Name: "web-1", Status: "active"}, want: "web-1 is on, and DigitalOcean enables IPv6 only on one that is off. Use stop first, and power-on afterwards."},
		{typ: "enable_ipv6", d: api.Droplet{ID: 7, Name: "web-1", Status: "off"}},
		{typ: "rebuild", d: on, img: &api.Image{ID: 5, Slug: "old", Status: "retired"}, want: "old (image 5) is retired: DigitalOcean does not offer it any more. Choose another image."},
		{typ: "rebuild", d: on, img: &api.Image{ID: 5, Slug: "mine", Status: "pending"}, want: "mine (image 5) is not ready yet: DigitalOcean is still making it. Ask again once it is available."},
		{typ: "restore", d: on, img: &api.Image{ID: 5, Name: "b", Kind: "backup", Status: "deleted"}, want: "b (image 5) was deleted. Choose another image."},
		{typ: "create", d: api.Droplet{Name: "new-1"}, img: &api.Image{ID: 5, Slug: "old", Status: "retired"}, want: "old (image 5) is retired: DigitalOcean does not offer it any more. Choose another image."},
		{typ: "power_cycle", d: off, want: "web-1 is off, so there is no power to cut. Use power-on."},
	} {
		a, _ := api.Lookup(tt.typ)
		if got := a.InTheWay(tt.d, tt.args, tt.img); got != tt.want {
			t.Errorf("%s of %+v:\n got %s\nwant %s", tt.typ, tt.d, got, tt.want)
		}
	}
}

// A name from outside is text, never a placeholder or a verb of a format.
func TestWordsFromOutside(t *testing.T) {
	d := api.Droplet{ID: 7, Name: "{price}%s%!d{name}", Monthly: 12}
	for _, a := range api.Catalogue() {
		if got := a.Effect([]api.Droplet{d}, api.Args{"name": "%s", "image": "%d"}, api.Pins{}); !strings.Contains(got, d.Name) || strings.Contains(got, "MISSING") {
			t.Errorf("%s says %q", a.Type, got)
		}
	}
}

// Whatever DigitalOcean, or a proxy before it, puts into an error's body and
// headers: the kind follows from the status, and the words are fit to be shown.
func FuzzErrorBody(f *testing.F) {
	f.Add(422, `{"id":"unprocessable_entity","message":"Droplet already has a pending event.","request_id":"r"}`, "")
	f.Add(500, "<html>\x00\xff", "Wed, 21 Oct 2026 07:28:00 GMT")
	f.Add(429, `{"message":["x"]}`, "99999999999999999999")
	f.Add(404, `{"error":{"message":"a\nb"}}`, "-1")
	f.Fuzz(func(t *testing.T, status int, body, after string) {
		if status < 200 || status > 599 || strings.ContainsAny(after, "\r\n") {
			t.Skip()
		}
		s := &scripted{answer: func(*http.Request) *http.Response {
			return says(status, body, "Retry-After", after, "X-Request-Id", after)
		}}
		c := offline(t, s, 240)
		reboot, _ := api.Lookup("reboot")
		_, err := c.Send(t.Context(), reboot, 7, nil, nil)
		if err == nil {
			return
		}
		e, ok := err.(*api.Error)
		if !ok {
			t.Fatalf("%T", err)
		}
		for _, words := range []string{e.Error(), e.Sentence()} {
			if !utf8.ValidString(words) || strings.ContainsAny(words, "\n\r\x00\u202e") || len(words) > 8000 {
				t.Errorf("%q", words)
			}
		}
		if (status < 400 || status >= 500 || status == 408) != (e.Kind == api.Lost) {
			t.Errorf("status %d is %s", status, e.Kind)
		}
		if (e.Kind == api.RateLimited) != (e.RetryAfter > 0) || e.RetryAfter.Minutes() > 1 {
			t.Errorf("%s, retry after %s", e.Kind, e.RetryAfter)
		}
		if len(s.take()) != 1 {
			t.Error("sent again")
		}
	})
}
