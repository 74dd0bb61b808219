package api_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"dropletops/api"

	"github.com/digitalocean/godo"
)

// An action type that DigitalOcean may add tomorrow is one literal: what is typed
// is parsed and completed, it is checked beforehand, sent and followed, without a
// change anywhere. That it is documented is shown in internal/gendocs.
func TestANewActionIsOneLiteral(t *testing.T) {
	defrost := &api.Action{
		Type: "defrost_disk", Title: "Defrost the disk", Summary: "warm it up", Scopes: []string{"droplet:update"}, Usual: time.Minute,
		Params: []api.Param{
			{Name: "size", Kind: api.Size, Required: true, Doc: "a size", Example: "s-1vcpu-1gb"},
			{Name: "degrees", Kind: api.Choice, Flag: true, Doc: "how warm", Example: "20", Choices: []string{"10", "20"},
				Default: func(api.Droplet, time.Time) string { return "10" }},
		},
		Danger:    func(api.Args) api.Danger { return api.Disruptive },
		Effect:    func(on []api.Droplet, a api.Args, _ api.Pins) string { return "Warms " + on[0].Name + "." },
		Loses:     func([]api.Droplet, api.Args, api.Pins) string { return "" },
		PreCheck:  func(api.Droplet, api.Args, *api.Image) string { return "" },
		PostCheck: func(_, after api.Droplet, _ api.Args, _ *api.Image) bool { return after.Status == "active" },
		Call: func(ctx context.Context, c *godo.Client, id int, a api.Args, _ *api.Image) (*godo.Action, *godo.Response, error) {
			return c.DropletActions.Rename(ctx, id, "at-"+a["degrees"]) // any POST will do
		},
	}
	var body []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, `{"sizes":[{"slug":"s-1vcpu-1gb","disk":25,"available":true,"regions":["nyc3"]}]}`)
			return
		}
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, accepted)
	}))
	defer srv.Close()
	c, d := client(t, srv.URL), api.Droplet{ID: 7, Name: "web-1", Status: "active", DiskGB: 25}
	if defrost.Verb() != "defrost-disk" || defrost.Usage() != "defrost-disk <target> <size> [--degrees 10|20]" {
		t.Error(defrost.Usage())
	}
	args, err := defrost.Complete(api.Args{"size": "S-1VCPU-1GB"}, d, at)
	if err != nil || args["degrees"] != "10" {
		t.Fatal(args, err)
	}
	if _, err := defrost.Complete(api.Args{"size": "x", "degrees": "30"}, d, at); err == nil {
		t.Error("a wrong choice is taken")
	}
	if why, err := c.PreCheck(t.Context(), defrost, d, args, nil); why != "" || err != nil {
		t.Error(why, err)
	}
	d.DiskGB = 80
	if why, err := c.PreCheck(t.Context(), defrost, d, args, nil); why == "" || err != nil {
		t.Error("the size is not looked up", err)
	}
	if r, err := c.Send(t.Context(), defrost, 7, args, nil); err != nil || r.ID != 42 || string(body) != `{"name":"at-10","type":"rename"}`+"\n" {
		t.Errorf("%+v %v %s", r, err, body)
	}
}
