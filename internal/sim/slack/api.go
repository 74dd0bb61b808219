package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// method is one Web API method: what it asks of the caller and what it does. do runs with mu held.
type method struct {
	scope  string // the bot scope it needs; several separated by spaces mean any of them
	limit  limit
	byKey  string // the argument that the limit is counted by, besides the method
	jsonOK bool   // takes a JSON body; every method takes a form
	app    bool   // wants the app-level token
	do     func(*Server, Call) (map[string]any, error)
}

// methods are those that the built-in Slack knows; any other is unknown_method.
var methods = map[string]method{
	"api.test":              {limit: tier4, jsonOK: true, do: (*Server).apiTest},
	"auth.test":             {limit: special, jsonOK: true, do: (*Server).authTest},
	"apps.connections.open": {limit: openPerMinute, jsonOK: true, app: true, do: (*Server).appsConnectionsOpen},
	"bots.info":             {scope: "users:read", limit: tier3, do: (*Server).botsInfo},

	"chat.postMessage":   {scope: "chat:write", limit: postPerChannel, byKey: "channel", jsonOK: true, do: (*Server).chatPostMessage},
	"chat.postEphemeral": {scope: "chat:write", limit: tier4, jsonOK: true, do: (*Server).chatPostEphemeral},
	"chat.update":        {scope: "chat:write", limit: tier3, jsonOK: true, do: (*Server).chatUpdate},
	"chat.delete":        {scope: "chat:write", limit: tier3, jsonOK: true, do: (*Server).chatDelete},
	"chat.getPermalink":  {limit: special, do: (*Server).chatGetPermalink},

	"conversations.info":    {scope: readScopes, limit: tier3, do: (*Server).conversationsInfo},
	"conversations.list":    {scope: readScopes, limit: tier2, do: (*Server).conversationsList},
	"conversations.members": {scope: readScopes, limit: tier4, do: (*Server).conversationsMembers},
	"conversations.history": {scope: historyScopes, limit: tier3, jsonOK: true, do: (*Server).conversationsHistory},
	"conversations.replies": {scope: historyScopes, limit: tier3, jsonOK: true, do: (*Server).conversationsReplies},
	"conversations.join":    {scope: "channels:join", limit: tier3, jsonOK: true, do: (*Server).conversationsJoin},
	"conversations.open":    {scope: "im:write", limit: tier3, jsonOK: true, do: (*Server).conversationsOpen},

	"users.info":            {scope: "users:read", limit: tier4, do: (*Server).usersInfo},
	"users.list":            {scope: "users:read", limit: tier2, do: (*Server).usersList},
	"usergroups.list":       {scope: "usergroups:read", limit: tier2, do: (*Server).usergroupsList},
	"usergroups.users.list": {scope: "usergroups:read", limit: tier2, do: (*Server).usergroupsUsersList},

	"views.open":    {limit: tier4, jsonOK: true, do: (*Server).viewsOpen},
	"views.push":    {limit: tier4, jsonOK: true, do: (*Server).viewsPush},
	"views.update":  {limit: tier4, jsonOK: true, do: (*Server).viewsUpdate},
	"views.publish": {limit: tier4, jsonOK: true, do: (*Server).viewsPublish},

	"reactions.add":    {scope: "reactions:write", limit: tier3, jsonOK: true, do: (*Server).reactionsAdd},
	"reactions.remove": {scope: "reactions:write", limit: tier2, jsonOK: true, do: (*Server).reactionsRemove},
}

// readScopes let a token look channels up, each those of its kind.
const readScopes = "channels:read groups:read im:read mpim:read"

// historyScopes let a token read messages, each those of its kind of channel.
const historyScopes = "channels:history groups:history im:history mpim:history"

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	m, known := methods[name]
	call, token, refusal := readCall(r, name, m.jsonOK)
	s.answer(w, r, call, func(call Call) (map[string]any, error) {
		if refusal != nil {
			return nil, refusal
		}
		if !known {
			return nil, &apiError{code: "unknown_method", extra: map[string]any{"req_method": name}}
		}
		if err := s.authorize(m, token); err != nil {
			return nil, err
		}
		if wait := s.overRate(name, m, call); wait > 0 {
			return nil, &rateLimited{wait}
		}
		return m.do(s, call)
	})
}

// authorize checks a token and its scopes; mu is held. It returns a nil interface when all is well.
func (s *Server) authorize(m method, token string) error {
	if token == "" {
		return refuse("not_authed")
	}
	isApp, isBot := strings.HasPrefix(token, "xapp-"), strings.HasPrefix(token, "xoxb-")
	switch {
	case isApp && s.opts.AppToken != "" && token != s.opts.AppToken,
		isBot && s.opts.BotToken != "" && token != s.opts.BotToken,
		!isApp && !isBot:
		return refuse("invalid_auth")
	case m.app != isApp:
		return refuse("not_allowed_token_type")
	}
	needed := strings.Fields(m.scope)
	if len(needed) > 0 && !slices.ContainsFunc(needed, s.granted) {
		return &apiError{code: "missing_scope", extra: map[string]any{
			"needed": strings.Join(needed, ","), "provided": strings.Join(s.scopes, ","),
		}}
	}
	return nil
}

func (s *Server) granted(scope string) bool { return slices.Contains(s.scopes, scope) }

// SetScopes changes what the bot token may do from now on.
func (s *Server) SetScopes(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = slices.Clone(scopes)
}

type rateLimited struct{ after time.Duration }

func (e *rateLimited) Error() string { return "ratelimited" }

// overRate counts a call against its limits; mu is held.
func (s *Server) overRate(name string, m method, call Call) time.Duration {
	key := name
	if m.byKey != "" {
		key += " " + call.Str(m.byKey)
		if c := s.channel(call.Str(m.byKey)); c != nil {
			key = name + " " + c.ID
		}
	}
	wait := s.rates.take(key, m.limit, s.now())
	if wait == 0 && name == "chat.postMessage" {
		wait = s.rates.take(name, postPerWorkspace, s.now())
	}
	return wait
}

// answer runs a call through the faults, does it with mu held, logs it and writes the answer.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, call Call, do func(Call) (map[string]any, error)) {
	call.At = s.now()
	fault := s.matchFault(call)
	if fault != nil && fault.before(w, r, s, &call) {
		s.logCall(call)
		return
	}
	s.mu.Lock()
	result, err := do(call)
	s.mu.Unlock()

	call.Status = http.StatusOK
	call.Processed = err == nil
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	if limited, ok := err.(*rateLimited); ok {
		call.Error, call.Status = "ratelimited", http.StatusTooManyRequests
		header.Set("Retry-After", retryAfter(limited.after))
		result = map[string]any{"ok": false, "error": "ratelimited"}
	} else if err != nil {
		result = asAPIError(err).body()
		call.Error, _ = result["error"].(string)
		if call.Method == responseURLMethod {
			call.Status = responseURLStatus(call.Error)
		}
	} else {
		call.OK = true
		result = maps.Clone(result)
		result["ok"] = true
	}
	s.describe(header, call.Method)
	call.Response = result
	if fault != nil && fault.after(w, &call) {
		s.logCall(call)
		return
	}
	body, err := json.Marshal(result)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	// Logged before it is written: whoever has the answer finds the call in the log.
	s.logCall(call)
	if call.Method == responseURLMethod && call.OK {
		header.Set("Content-Type", "text/plain; charset=utf-8")
		body = []byte("ok")
	}
	w.WriteHeader(call.Status)
	_, _ = w.Write(body)
}

// describe sets the headers in which Slack names the scopes.
func (s *Server) describe(h http.Header, name string) {
	m, ok := methods[name]
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h.Set("X-Slack-Req-Id", s.id("req"))
	if !m.app {
		h.Set("X-OAuth-Scopes", strings.Join(s.scopes, ","))
	}
	if m.scope != "" {
		h.Set("X-Accepted-OAuth-Scopes", strings.Join(strings.Fields(m.scope), ","))
	}
}

// retryAfter is the header's value: whole seconds, at least one.
func retryAfter(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}

func (e *apiError) body() map[string]any {
	b := map[string]any{"ok": false, "error": e.code}
	if len(e.messages) > 0 {
		b["response_metadata"] = map[string]any{"messages": e.messages}
		errs := make([]string, len(e.messages))
		for i, m := range e.messages {
			errs[i] = strings.TrimPrefix(m, "[ERROR] ")
		}
		b["errors"] = errs
	}
	maps.Copy(b, e.extra)
	return b
}

// maxCalls is how many calls the log keeps, so that a demo can run for weeks.
const maxCalls = 20_000

func (s *Server) logCall(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	c.Seq = int(s.serial)
	if len(s.calls) >= maxCalls {
		s.calls = slices.Clone(s.calls[maxCalls/2:])
	}
	s.calls = append(s.calls, c)
	if !c.OK {
		s.log.Debug("slack refused a call", "method", c.Method, "error", c.Error, "status", c.Status)
	}
	s.touch()
}

func (s *Server) apiTest(c Call) (map[string]any, error) {
	if code := c.Str("error"); code != "" {
		return nil, refuse(code)
	}
	return map[string]any{"args": c.Args}, nil
}

func (s *Server) authTest(Call) (map[string]any, error) {
	return map[string]any{
		"url": fmt.Sprintf("https://%s.slack.com/", TeamDomain), "team": "Droplets", "user": "dropletops",
		"team_id": TeamID, "user_id": BotUserID, "bot_id": BotID, "is_enterprise_install": false,
	}, nil
}

func (s *Server) botsInfo(c Call) (map[string]any, error) {
	if id := c.Str("bot"); id != BotID {
		return nil, refuse("bot_not_found")
	}
	return map[string]any{"bot": map[string]any{
		"id": BotID, "deleted": false, "name": "dropletops", "updated": 1700000000, "app_id": AppID,
		"user_id": BotUserID, "icons": map[string]any{},
	}}, nil
}
