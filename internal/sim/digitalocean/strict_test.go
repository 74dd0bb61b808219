package digitalocean_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	simdo "dropletops/internal/sim/digitalocean"
)

// send is one request without godo in between; {name} in the path stands for a Droplet's ID.
func send(t *testing.T, s *simdo.Server, method, path, token, body string) (int, http.Header, map[string]any) {
	t.Helper()
	for _, d := range s.Droplets() {
		path = strings.ReplaceAll(path, "{"+d.Name+"}", strconv.Itoa(d.ID))
	}
	req, err := http.NewRequestWithContext(ctx(t), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: conforming{t: t, next: tr}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
	}
	return resp.StatusCode, resp.Header, out
}

// What DigitalOcean refuses, with its status and where it is known its words.
func TestStrictBodies(t *testing.T) {
	const actions = "v2/droplets/{web-1}/actions"
	for _, tt := range []struct {
		path, body string
		status     int
		message    string
	}{
		{actions, ``, 400, "could not be parsed"},
		{actions, `null`, 400, "could not be parsed"},
		{actions, `[]`, 400, "could not be parsed"},
		{actions, `{"type":"reboot"`, 400, "could not be parsed"},
		{actions, `{}`, 422, "Type is required"},
		{actions, `{"type":5}`, 422, "Type is required"},
		{actions, `{"type":"explode"}`, 422, "Invalid action type"},
		{actions, `{"type":"create"}`, 422, "Invalid action type"},
		{actions, `{"type":"power_on"}`, 422, "Droplet is already powered on"},
		{"v2/droplets/{staging-1}/actions", `{"type":"power_off"}`, 422, "Droplet is already powered off"},
		{"v2/droplets/{staging-1}/actions", `{"type":"reboot"}`, 422, "Droplet is currently off"},
		{"v2/droplets/{staging-1}/actions", `{"type":"shutdown"}`, 422, "Droplet is currently off"},
		{"v2/droplets/{build-7}/actions", `{"type":"reboot"}`, 422, "Droplet already has a pending event."},
		{"v2/droplets/{attic-2019}/actions", `{"type":"power_on"}`, 422, "archived"},
		{actions, `{"type":"resize"}`, 422, "Size can't be blank"},
		{actions, `{"type":"resize","size":"s-2vcpu-4gb"}`, 422, "Droplet is currently on. Please power it off to run this event."},
		{"v2/droplets/{staging-1}/actions", `{"type":"resize","size":"huge"}`, 422, "invalid size"},
		{"v2/droplets/{staging-1}/actions", `{"type":"resize","size":"s-1vcpu-1gb"}`, 422, "The droplet is already set to this size."},
		{"v2/droplets/{staging-1}/actions", `{"type":"resize","size":"s-1vcpu-512mb-10gb"}`, 422, "Size can not decrease size of Droplet's disk image"},
		{"v2/droplets/{staging-1}/actions", `{"type":"resize","size":"gpu-h100x1-80gb"}`, 422, "Size is not available in this region."},
		{"v2/droplets/{staging-1}/actions", `{"type":"resize","size":"s-24vcpu-128gb"}`, 422, "Size is not available in this region."},
		{"v2/droplets/{staging-1}/actions", `{"type":"resize","size":"s-2vcpu-4gb","disk":"yes"}`, 422, "disk is invalid"},
		{actions, `{"type":"rebuild"}`, 422, "Image can't be blank"},
		{actions, `{"type":"rebuild","image":"ubuntu-04-04-x64"}`, 422, "invalid image"},
		{actions, `{"type":"rebuild","image":1}`, 422, "invalid image"},
		{actions, `{"type":"rebuild","image":true}`, 422, "image is invalid"},
		{"v2/droplets/{x--reason.here.channel.--all}/actions", `{"type":"rebuild","image":"docker-20-04"}`, 422, "too large"},
		{actions, `{"type":"restore"}`, 422, "Image can't be blank"}, // the fourth fault of the document, which takes this
		{actions, `{"type":"restore","image":155133621}`, 422, "invalid image for Droplet restore"},
		{actions, `{"type":"restore","image":"ubuntu-24-04-x64"}`, 422, "image is invalid"},
		{actions, `{"type":"rename"}`, 422, "Name can't be blank"},
		{actions, `{"type":"rename","name":"no spaces"}`, 422, "Only valid hostname characters"},
		{actions, `{"type":"rename","name":"under_score"}`, 422, "Only valid hostname characters"},
		{actions, `{"type":"rename","name":7}`, 422, "name is invalid"},
		{actions, `{"type":"change_kernel"}`, 422, "Kernel can't be blank"},
		{actions, `{"type":"change_kernel","kernel":3324}`, 422, "invalid kernel"},
		{"v2/droplets/{legacy-1}/actions", `{"type":"change_kernel","kernel":1}`, 422, "invalid kernel"},
		{actions, `{"type":"enable_private_networking"}`, 422, "already enabled"},
		{actions, `{"type":"disable_backups"}`, 422, "Backups have already been disabled on this Droplet."},
		{"v2/droplets/{db-1}/actions", `{"type":"enable_backups"}`, 422, "already been enabled"},
		{actions, `{"type":"enable_backups","backup_policy":{"plan":"hourly"}}`, 422, "plan must be"},
		{actions, `{"type":"enable_backups","backup_policy":{"plan":"weekly","weekday":"Monday"}}`, 422, "weekday must be"},
		{actions, `{"type":"enable_backups","backup_policy":{"plan":"weekly","hour":3}}`, 422, "hour must be"},
		{actions, `{"type":"enable_backups","backup_policy":{"plan":"weekly","hour":"4"}}`, 422, "hour is invalid"},
		{actions, `{"type":"change_backup_policy","backup_policy":{"plan":"daily"}}`, 422, "not enabled"},
		{"v2/droplets/{db-1}/actions", `{"type":"change_backup_policy"}`, 422, "Backup policy can't be blank"},
		{"v2/droplets/{db-1}/actions", `{"type":"change_backup_policy","backup_policy":{}}`, 422, "plan must be"},
		{"v2/droplets/1/actions", `{"type":"reboot"}`, 404, "could not be found"},
		{"v2/droplets/web-1/actions", `{"type":"reboot"}`, 404, "could not be found"},
		{"v2/droplets/actions", `{"type":"power_off"}`, 400, "tag_name is required"},
		{"v2/droplets/actions?tag_name=web", `{"type":"reboot"}`, 422, "cannot be used with a tag"},
		{"v2/droplets/actions?tag_name=staging", `{"type":"power_off"}`, 422, "already powered off"},
	} {
		t.Run(tt.path+tt.body, func(t *testing.T) {
			s, _, _ := start(t, simdo.Options{})
			status, header, body := send(t, s, "POST", tt.path, "any", tt.body)
			message, _ := body["message"].(string)
			if status != tt.status || !strings.Contains(message, tt.message) {
				t.Errorf("%d %q, want %d %q", status, message, tt.status, tt.message)
			}
			if body["id"] == "" || body["request_id"] != header.Get("x-request-id") {
				t.Errorf("%v, x-request-id %q", body, header.Get("x-request-id"))
			}
			if got := s.Posts(); len(got) != 0 {
				t.Errorf("accepted: %+v", got)
			}
		})
	}
}

func TestUnknownFieldsAreTakenAndNoted(t *testing.T) {
	s, _, _ := start(t, simdo.Options{})
	status, _, _ := send(t, s, "POST", "v2/droplets/{web-1}/actions", "any", `{"type":"reboot","force":true,"name":"x"}`)
	log := s.Requests(simdo.Matching(simdo.Match{Action: "reboot"}))
	if status != 201 || len(log) != 1 || strings.Join(log[0].UnknownFields, " ") != "force name" {
		t.Errorf("%d %+v", status, log)
	}
}

func TestOutsideTheAPI(t *testing.T) {
	s, _, _ := start(t, simdo.Options{Token: "right", Scopes: []string{"droplet:read", "droplet:update"}})
	for _, tt := range []struct {
		method, path, token, body string
		status                    int
		id                        string
	}{
		{"GET", "v2/account", "", "", 401, "Unauthorized"},
		{"GET", "v2/account", "wrong", "", 401, "Unauthorized"},
		{"GET", "v2/nothing", "right", "", 404, "not_found"},
		{"GET", "v1/droplets", "right", "", 404, "not_found"},
		{"PUT", "v2/droplets", "right", "", 405, "method_not_allowed"},
		{"GET", "v2/account", "right", "", 403, "Forbidden"},
		{"DELETE", "v2/droplets/{web-1}", "right", "", 403, "Forbidden"},
		{"POST", "v2/droplets/{web-1}/actions", "right", `{"type":"snapshot","name":"x"}`, 403, "Forbidden"},
		{"POST", "v2/droplets/{staging-1}/actions", "right", `{"type":"resize","size":"s-1vcpu-2gb"}`, 403, "Forbidden"},
		{"POST", "v2/droplets/{web-1}/actions", "right", `{"type":"rebuild","image":"debian-12-x64"}`, 403, "Forbidden"},
		{"POST", "v2/droplets/{web-1}/actions", "right", `{"type":"reboot"}`, 201, ""},
		{"GET", "v2/sizes", "right", "", 200, ""},
		{"GET", "v2/actions", "right", "", 200, ""},
		{"GET", "v2/droplets/", "right", "", 200, ""}, // python-digitalocean's trailing slash
		{"GET", "v2/droplets?per_page=201", "right", "", 400, "bad_request"},
		{"GET", "v2/droplets?page=0", "right", "", 400, "bad_request"},
		{"GET", "v2/droplets?type=pets", "right", "", 400, "bad_request"},
		{"GET", "v2/droplets?tag_name=web&name=web-1", "right", "", 400, "bad_request"},
	} {
		status, _, body := send(t, s, tt.method, tt.path, tt.token, tt.body)
		id, _ := body["id"].(string)
		if status != tt.status || status >= 300 && id != tt.id {
			t.Errorf("%s %s %s: %d %v, want %d %s", tt.method, tt.path, tt.body, status, body, tt.status, tt.id)
		}
	}
}
