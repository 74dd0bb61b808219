package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"dropletops/api"
)

// A list with nothing where an item should be has one item fewer.
func TestAssetsWithHoles(t *testing.T) {
	s := &scripted{answer: func(r *http.Request) *http.Response {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(`{"vpcs":[null,{"id":"X","name":"a"},{}],"ssh_keys":[null,{"id":1}],"volumes":[null,{"id":"Y","region":null,"droplet_ids":null}],"meta":{"total":2}}`))}
	}}
	for k, want := range map[api.Kind]string{api.Keys: "1", api.VPC: "x", api.Volumes: "y"} {
		c := offline(t, s, 0)
		all, err := c.Assets(t.Context(), k)
		if err != nil || len(all) != 1 || all[0].ID != want {
			t.Errorf("%s: %+v, %v", k, all, err)
		}
		options, err := c.Options(t.Context(), k, api.Droplet{})
		if err != nil || len(options) != 1 || options[0].Value == "" || options[0].Name == "" {
			t.Errorf("%s: %+v, %v", k, options, err)
		}
	}
}
