package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody is the largest request body that is read: 2 MB, far above any that Slack accepts.
const maxBody = 2 << 20

// Call is one Web API call, as the call log keeps it: never with a token.
type Call struct {
	Seq    int            `json:"seq"`
	At     time.Time      `json:"at"`
	Method string         `json:"method"` // "response_url" for a POST to one
	Args   map[string]any `json:"args"`   // blocks, metadata and view decoded
	// OK and Error are what Slack answered; Status is the HTTP status. A call whose connection was
	// dropped by a fault has Status 0.
	OK     bool   `json:"ok"`
	Error  string `json:"error,omitempty"`
	Status int    `json:"status"`
	// Processed tells that the call took effect, even where its answer was lost by a fault.
	Processed bool           `json:"processed"`
	Response  map[string]any `json:"response,omitempty"`
	Fault     bool           `json:"fault,omitempty"` // a scripted fault answered
}

// Str is an argument as a string.
func (c Call) Str(name string) string {
	switch v := c.Args[name].(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		b, _ := json.Marshal(v)
		return string(b)
	}
}

// Bool is an argument that may be true, "true" or "1".
func (c Call) Bool(name string) bool {
	v := c.Str(name)
	return v == "true" || v == "1"
}

// Has tells whether an argument was sent at all.
func (c Call) Has(name string) bool { _, ok := c.Args[name]; return ok }

// apiError is a refusal, with the string that Slack uses.
type apiError struct {
	code     string
	messages []string // response_metadata.messages
	extra    map[string]any
}

func (e *apiError) Error() string { return strings.Join(append([]string{e.code}, e.messages...), "; ") }

func refuse(code string, messages ...string) *apiError {
	return &apiError{code: code, messages: messages}
}

// jsonArgs are the arguments that are JSON inside of a form value.
var jsonArgs = map[string]bool{"blocks": true, "metadata": true, "view": true, "attachments": true}

// readCall reads the method, the token and the arguments of a request. The token is only taken
// from where Slack takes it: the Authorization header, or the form.
func readCall(r *http.Request, method string, jsonOK bool) (c Call, token string, refusal *apiError) {
	c = Call{Method: method, Args: map[string]any{}}
	for k, v := range r.URL.Query() {
		c.Args[k] = v[0]
	}
	if r.Method == http.MethodPost {
		if refusal = readBody(r, c.Args, jsonOK); refusal != nil {
			return c, "", refusal
		}
	}
	token, _ = c.Args["token"].(string)
	delete(c.Args, "token")
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = t
	}
	for k, v := range c.Args {
		text, ok := v.(string)
		if !ok || !jsonArgs[k] {
			continue
		}
		var decoded any
		if json.Unmarshal([]byte(text), &decoded) == nil {
			c.Args[k] = decoded
		}
	}
	return c, token, nil
}

func readBody(r *http.Request, args map[string]any, jsonOK bool) *apiError {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/x-www-form-urlencoded":
		r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
		if err := r.ParseForm(); err != nil {
			return refuse("invalid_form_data")
		}
		for k, v := range r.PostForm {
			args[k] = v[0]
		}
	case "multipart/form-data":
		if err := r.ParseMultipartForm(maxBody); err != nil {
			return refuse("invalid_form_data")
		}
		for k, v := range r.MultipartForm.Value {
			args[k] = v[0]
		}
	case "application/json":
		b, err := readAll(r.Body, maxBody)
		if err != nil {
			return refuse("request_timeout")
		}
		if len(strings.TrimSpace(string(b))) == 0 || !jsonOK {
			return nil // Slack ignores a JSON body where the method takes forms only
		}
		var v any
		if json.Unmarshal(b, &v) != nil {
			return refuse("invalid_json")
		}
		m, ok := v.(map[string]any)
		if !ok {
			return refuse("json_not_object")
		}
		for k, v := range m {
			if k != "token" { // Slack does not take a token from a JSON body
				args[k] = v
			}
		}
	case "":
		if r.ContentLength > 0 {
			return refuse("missing_post_type")
		}
	default:
		return refuse("invalid_post_type")
	}
	return nil
}

// integer reads a numeric argument within bounds, as Slack's limit arguments are.
func (c Call) integer(name string, otherwise, least, most int) (int, *apiError) {
	if c.Str(name) == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(c.Str(name))
	if err != nil || n < least || n > most {
		return 0, refuse("invalid_arguments", fmt.Sprintf("[ERROR] %s must be from %d to %d [json-pointer:/%s]", name, least, most, name))
	}
	return n, nil
}

// missing refuses a call without a required argument.
func (c Call) missing(names ...string) *apiError {
	for _, n := range names {
		if c.Str(n) == "" {
			return refuse("invalid_arguments", "[ERROR] missing required field: "+n)
		}
	}
	return nil
}

// asAPIError tells a refusal from a bug of ours.
func asAPIError(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	return refuse("internal_error", err.Error())
}
