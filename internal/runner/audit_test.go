package runner_test

import (
	"net/http"
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	simdo "dropletops/internal/sim/digitalocean"
	"dropletops/internal/store"
)

// lines are a request's lines of the audit log that say something.
func (w *world) lines(id, what string) []approvals.Line {
	w.t.Helper()
	var out []approvals.Line
	if err := w.store.Audit(w.t.Context(), func(l store.AuditLine) error {
		if l.Line.RequestID == id && l.Line.What == what {
			out = append(out, l.Line)
		}
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// What DigitalOcean answered stands in the audit log, with what its support finds
// the call by.
func TestAnswersAreInTheAuditLog(t *testing.T) {
	for name, tt := range map[string]struct {
		fault  simdo.Fault
		line   string
		status string // empty where there was no answer
	}{
		"a pending event":  {simdo.Fault{Answer: simdo.Refuse(422, "unprocessable_entity", "Droplet already has a pending event.")}, "not accepted", "422"},
		"too many":         {simdo.Fault{Answer: simdo.Burst429(time.Second)}, "not accepted", "429"},
		"refused for good": {simdo.Fault{Answer: simdo.Refuse(422, "unprocessable_entity", "No.")}, "errored", "422"},
		"lost with a 500":  {simdo.Fault{After: true, Answer: simdo.ServerError(500)}, "answer lost", "500"},
		"cut":              {simdo.Fault{After: true, Drop: true}, "answer lost", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			tt.fault.Match = simdo.Match{Method: http.MethodPost, Action: "shutdown"}
			w.do.Inject(tt.fault)
			id := w.ask("stop", api.Args{"timeout": "60s"}, approvals.Allow, "web-1")
			w.carry(id, nil)
			lines := w.lines(id, tt.line)
			if len(lines) != 1 {
				t.Fatalf("%d lines say %q", len(lines), tt.line)
			}
			if got := lines[0].Detail; got["status"] != tt.status || (got["request_id"] == "") != (tt.status == "") {
				t.Errorf("%s: %v", tt.line, got)
			}
			if sent := w.lines(id, "dispatching"); len(sent) == 0 || sent[0].Detail["action"] != "shutdown" {
				t.Errorf("dispatching: %v", sent)
			}
		})
	}
}

// An action that failed at DigitalOcean is found by the ID of the call that began it.
func TestAFailedActionIsInTheAuditLogWithItsCall(t *testing.T) {
	w := newWorld(t)
	w.do.Inject(simdo.Fault{Match: simdo.Match{Method: http.MethodPost, Action: "reboot"}, Outcome: simdo.Errors})
	id := w.ask("reboot", nil, approvals.Allow, "web-1")
	w.carry(id, nil)
	took, end := w.lines(id, "accepted"), w.lines(id, "errored")
	if len(took) != 1 || len(end) != 1 || end[0].Detail["request_id"] == "" || end[0].Detail["request_id"] != took[0].Detail["request_id"] {
		t.Errorf("accepted %v, errored %v", took, end)
	}
}
