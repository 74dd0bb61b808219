package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"dropletops/api"
	simdo "dropletops/internal/sim/digitalocean"
)

func TestDestroy(t *testing.T) {
	s, c := world(t, simdo.Options{})
	if _, err := c.Droplets(t.Context()); err != nil {
		t.Fatal(err)
	}
	destroy, _ := api.Lookup("destroy")
	id := s.DropletNamed("web-1").ID
	r, err := c.Send(t.Context(), destroy, id, nil, nil)
	if err != nil || r.ID != 0 || r.Status != "in-progress" || r.ResourceID != id || r.RequestID == "" || r.StartedAt.IsZero() {
		t.Errorf("%+v, %v", r, err)
	}
	if p := s.Posts(id); len(p) != 1 || p[0].Method != http.MethodDelete {
		t.Errorf("accepted %+v", p)
	}
	if all := c.Known(); slices.ContainsFunc(all, func(d api.Droplet) bool { return d.ID == id }) {
		t.Error("it is still offered")
	}
	_, err = c.Send(t.Context(), destroy, id, nil, nil)
	if api.KindOf(err) != api.NotFound {
		t.Errorf("destroyed twice: %v", err)
	}
}

// What is not certain to have been refused may have been accepted.
func TestTheFateOfADestroy(t *testing.T) {
	destroy, _ := api.Lookup("destroy")
	for name, tt := range map[string]struct {
		fault simdo.Fault
		kind  api.ErrorKind
	}{
		"500":       {simdo.Fault{After: true, Answer: simdo.ServerError(500)}, api.Lost},
		"dropped":   {simdo.Fault{Drop: true}, api.Lost},
		"429":       {simdo.Fault{Answer: simdo.Burst429(time.Second)}, api.RateLimited},
		"busy":      {simdo.Fault{Answer: simdo.Refuse(422, "unprocessable_entity", "Droplet already has a pending event.")}, api.PendingEvent},
		"forbidden": {simdo.Fault{Answer: simdo.Refuse(403, "forbidden", "no")}, api.Forbidden},
	} {
		s, c := world(t, simdo.Options{})
		s.Inject(tt.fault)
		_, err := c.Send(t.Context(), destroy, s.DropletNamed("web-1").ID, nil, nil)
		if api.KindOf(err) != tt.kind || len(s.Requests()) != 1 {
			t.Errorf("%s: %v after %d requests", name, err, len(s.Requests()))
		}
	}
}

// Only what is named goes with it, by its IDs.
func TestDestroyWith(t *testing.T) {
	s, c := world(t, simdo.Options{})
	destroy, _ := api.Lookup("destroy")
	id := s.DropletNamed("db-1").ID
	all, err := c.Associated(t.Context(), id)
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	args, err := destroy.Complete(api.Args{"with": "Snapshots, volume-snapshots"}, api.Droplet{}, time.Now())
	if err != nil || args["with"] != "volume_snapshots,snapshots" {
		t.Fatalf("%v, %v", args, err)
	}
	goes, stays := api.Divide(all, args["with"])
	if len(goes) != 2 || len(stays) != 1 || stays[0] != "volume db-1-data, $20.00 a month" {
		t.Errorf("%+v go, %q stay", goes, stays)
	}
	if _, err := c.Destruction(t.Context(), id); api.KindOf(err) != api.NotFound {
		t.Errorf("before it: %v", err)
	}
	args[api.Taking] = api.Take(goes)
	if _, err := c.Send(t.Context(), destroy, id, args, nil); err != nil {
		t.Fatal(err)
	}
	left, err := c.Associated(t.Context(), id)
	if far, e := c.Destruction(t.Context(), id); e != nil || !far.Done || len(far.Failed) > 0 {
		t.Errorf("%+v, %v; %+v, %v", far, e, left, err)
	}
	last := s.Requests(func(q simdo.Request) bool { return q.Method == http.MethodDelete })
	if len(last) != 1 || !strings.HasSuffix(last[0].Path, "/selective") || len(last[0].UnknownFields) > 0 || strings.Contains(string(last[0].Body), `"volumes"`) {
		t.Errorf("sent %+v", last)
	}
	for _, bad := range []string{"volumes", "volumes:", "droplets:1"} {
		if _, err := c.Send(t.Context(), destroy, s.DropletNamed("web-1").ID, api.Args{api.Taking: bad}, nil); err == nil {
			t.Errorf("%q was sent", bad)
		}
	}
	if s.DropletNamed("web-1").ID == 0 {
		t.Error("it was destroyed for nothing")
	}
	for _, wrong := range []string{"disks", "volumes,backups"} {
		if _, err := destroy.Complete(api.Args{"with": wrong}, api.Droplet{}, time.Now()); err == nil || !strings.Contains(err.Error(), "volumes, volume_snapshots, snapshots, reserved_ips") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	// Taken for what it is: neither nothing failed, nor that it is done.
	s.Inject(simdo.Fault{Match: simdo.Match{Path: "/v2/droplets/*/destroy_with_associated_resources/status"}, After: true, Answer: simdo.EmptyObject(), Times: simdo.Always})
	if far, err := c.Destruction(t.Context(), id); api.KindOf(err) != api.Unavailable {
		t.Errorf("%+v, %v", far, err)
	}
}

func TestLeftovers(t *testing.T) {
	s, c := world(t, simdo.Options{})
	db, web := api.Droplet{ID: s.DropletNamed("db-1").ID, Name: "db-1"}, api.Droplet{ID: s.DropletNamed("web-3").ID, Name: "web-3"}
	got, err := c.Leftovers(t.Context(), []api.Droplet{db})
	if err != nil || len(got) != 3 || got[0] != "volume db-1-data, $20.00 a month" || !strings.HasPrefix(got[1], "volume snapshot db-1-data-weekly, $") ||
		!strings.HasPrefix(got[2], "snapshot db-1-before-upgrade, $") {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := c.Leftovers(t.Context(), []api.Droplet{web}); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
	got, err = c.Leftovers(t.Context(), []api.Droplet{web, db})
	if err != nil || len(got) != 3 || got[0] != "db-1: volume db-1-data, $20.00 a month" {
		t.Errorf("of two: %q, %v", got, err)
	}
	// An answer that holds nothing is no "nothing stays".
	s.Inject(simdo.Fault{Match: simdo.Match{Path: "/v2/droplets/*/destroy_with_associated_resources"}, After: true, Answer: simdo.EmptyObject(), Times: simdo.Always})
	if got, err := c.Leftovers(t.Context(), []api.Droplet{db}); api.KindOf(err) != api.Unavailable {
		t.Errorf("%q, %v", got, err)
	}
}

// Reserved IPs come twice, the second time by their former name: each is told and taken
// once, and what became of it is read from either.
func TestReservedIPsByEitherName(t *testing.T) {
	const ip = `[{"id":"45.55.96.47","name":"45.55.96.47","cost":"4.00"}]`
	status := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/status") {
			_, _ = io.WriteString(w, status)
			return
		}
		_, _ = io.WriteString(w, `{"reserved_ips":`+ip+`,"floating_ips":`+ip+`,"snapshots":[],"volumes":[],"volume_snapshots":[]}`)
	}))
	defer srv.Close()
	c := client(t, srv.URL)
	all, err := c.Associated(t.Context(), 7)
	if err != nil || len(all) != 1 || all[0].Kind != "reserved_ips" || all[0].Words != "reserved IP 45.55.96.47, $4.00 a month" || api.Take(all) != "reserved_ips:45.55.96.47" {
		t.Fatalf("%+v, %v", all, err)
	}
	for resources, want := range map[string]string{
		`"reserved_ips":[{"id":"45.55.96.47","name":"a","error_message":"in use"}],"floating_ips":[{"id":"45.55.96.47","name":"a","error_message":"in use"}]`: "reserved ip a (45.55.96.47): in use",
		`"floating_ips":[{"id":"45.55.96.47","name":"a","error_message":" "}]`:                                                                                "",
	} {
		status = `{"droplet":{"id":"7","name":"web-1"},"resources":{` + resources + `},"completed_at":"2026-11-21T03:00:00Z","failures":0}`
		far, err := c.Destruction(t.Context(), 7)
		if err != nil || !far.Done || strings.Join(far.Failed, "; ") != want || !slices.Contains(far.Told, "45.55.96.47") {
			t.Errorf("%s: %+v, %v", resources, far, err)
		}
	}
}
