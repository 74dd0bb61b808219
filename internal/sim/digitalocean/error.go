package digitalocean

import (
	"fmt"
	"net/http"
	"time"
)

// errClosed ends a wait on a closed Server.
var errClosed = http.ErrServerClosed

// refusal is an answer that is no success, as DigitalOcean writes it.
type refusal struct {
	status  int
	id      string
	message string
	// retryAfter goes into the header of a burst 429, in whole seconds; 0 leaves the header out.
	retryAfter time.Duration
}

func unprocessable(format string, args ...any) *refusal {
	return &refusal{status: http.StatusUnprocessableEntity, id: "unprocessable_entity", message: fmt.Sprintf(format, args...)}
}

func badRequest(format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, id: "bad_request", message: fmt.Sprintf(format, args...)}
}

func notFound() *refusal {
	return &refusal{status: http.StatusNotFound, id: "not_found", message: "The resource you were accessing could not be found."}
}

func methodNotAllowed() *refusal {
	return &refusal{status: http.StatusMethodNotAllowed, id: "method_not_allowed", message: "Method not allowed."} // wording ours
}

func unauthorized() *refusal {
	return &refusal{status: http.StatusUnauthorized, id: "Unauthorized", message: "Unable to authenticate you"}
}

func missingScope(scope string) *refusal {
	return &refusal{status: http.StatusForbidden, id: "Forbidden", message: "You are missing the required permission " + scope}
}

func tooManyRequests(retryAfter time.Duration) *refusal {
	return &refusal{status: http.StatusTooManyRequests, id: "too_many_requests", message: "API Rate limit exceeded.", retryAfter: retryAfter}
}

// errorBody is the JSON of every refusal.
type errorBody struct {
	ID        string `json:"id"`
	Message   string `json:"message"`
	RequestID string `json:"request_id"`
}
