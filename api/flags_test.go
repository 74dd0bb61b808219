package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"dropletops/api"
)

// samples are values of those parameters whose example is a name that is looked up before
// it is sent.
var samples = map[string]string{
	"ssh-keys": "289794,3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa", "vpc": "760e09ef-dc84-11e8-981e-3cfdfeaae000",
	"volumes": "89bcc42f-85cf-11e8-a004-0a58ac14a1fb,506f78a4-e098-11e5-ad9f-000f53306ae1",
}

// Every verb with each of its flags alone, with each value of those that have a choice, and
// with all of them goes through the client: what is sent is what DigitalOcean's document has.
func TestEveryFlagIsSentAsTheDocumentHasIt(t *testing.T) {
	doc := openAPI(t)
	var method, path string
	var body []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method, path = r.Method, r.URL.Path
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"action":{"id":1,"status":"in-progress"},"droplet":{"id":7},"links":{"actions":[{"id":8,"rel":"create"}]}}`)
	}))
	defer srv.Close()
	c := client(t, srv.URL)
	sent := 0
	for _, a := range api.Catalogue() {
		if a.Composite() {
			continue // its steps are others of the catalogue
		}
		for _, typed := range everyWay(a) {
			args, err := a.Complete(typed, api.Droplet{ID: 7, Name: "web-1"}, at)
			if err != nil {
				t.Errorf("%s %v: %v", a.Type, typed, err)
				continue
			}
			if a.Destroys && args["with"] != "" {
				args[api.Taking] = "volumes:v-1 snapshots:12"
			}
			delete(args, api.SnapshotFirst)
			body = nil
			var r api.Record
			if a.Make != nil {
				r, err = c.Create(t.Context(), a, "new-1", args, nil)
			} else {
				r, err = c.Send(t.Context(), a, 7, args, nil)
			}
			if err != nil || a.Make != nil && (r.ResourceID != 7 || r.ID != 8) {
				t.Errorf("%s %v: %+v, %v", a.Type, typed, r, err)
				continue
			}
			sent++
			documented := slices.Contains([]string{"change_backup_policy", "enable_private_networking"}, a.Type)
			if doc == nil || documented { // see TestBodies
				continue
			}
			schema := bodyOf(doc, method, path)
			switch {
			case (schema == nil) != (len(body) == 0):
				t.Errorf("%s %v: %s %s with %s", a.Type, typed, method, path, body)
			case schema != nil:
				if err := schema.VisitJSON(decoded(t, body)); err != nil {
					t.Errorf("%s %v: DigitalOcean's document refuses %s: %v", a.Type, typed, body, err)
				}
				if bad := emptyValue(t, body); bad != "" {
					t.Errorf("%s %v: %s is empty in %s", a.Type, typed, bad, body)
				}
			}
		}
	}
	if sent < 60 {
		t.Errorf("only %d bodies were sent", sent)
	}
}

// everyWay are the arguments of a verb: the required ones, each other one on top, and all.
func everyWay(a *api.Action) []api.Args {
	needed, all := api.Args{}, api.Args{}
	for _, p := range a.Params {
		v := p.Example
		if s := samples[p.Name]; s != "" {
			v = s
		}
		if all[p.Name] = v; p.Required {
			needed[p.Name] = v
		}
	}
	ways := []api.Args{needed, all}
	for _, p := range a.Params {
		values := slices.Clone(p.Choices)
		if p.Kind.Several() || len(values) == 0 {
			values = []string{all[p.Name]}
		}
		for _, v := range values {
			way := api.Args{p.Name: v}
			for name, value := range needed {
				if name != p.Name && !(p.Name == "weekday" && name == "plan") {
					way[name] = value
				}
			}
			if p.Name == "weekday" && needed["plan"] != "" {
				way["plan"] = "weekly"
			}
			ways = append(ways, way)
		}
	}
	return ways
}

// bodyOf is the schema of an operation's body, nil where it has none.
func bodyOf(doc *openapi3.T, method, path string) *openapi3.Schema {
	for template, item := range doc.Paths.Map() {
		op := item.GetOperation(method)
		if op == nil || strings.Count(template, "/") != strings.Count(path, "/") {
			continue
		}
		same := true
		parts := strings.Split(path, "/")
		for i, part := range strings.Split(template, "/") {
			same = same && (part == parts[i] || strings.HasPrefix(part, "{") && strings.Trim(parts[i], "0123456789") == "")
		}
		if same && op.RequestBody != nil {
			return op.RequestBody.Value.Content["application/json"].Schema.Value
		}
	}
	return nil
}

// emptyValue names a value of a body that is an empty string: DigitalOcean takes none.
func emptyValue(t *testing.T, body []byte) (name string) {
	t.Helper()
	var look func(at string, v any)
	look = func(at string, v any) {
		switch v := v.(type) {
		case string:
			if v == "" {
				name = at
			}
		case map[string]any:
			for k, x := range v {
				look(at+"."+k, x)
			}
		case []any:
			for _, x := range v {
				look(at, x)
			}
		}
	}
	var all any
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatal(err)
	}
	look("", all)
	return name
}
