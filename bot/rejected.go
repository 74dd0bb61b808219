package bot

import (
	"errors"
	"fmt"

	"github.com/slack-go/slack"
)

// Rejected says that Slack refuses a token for good: trying again can't help,
// only a person can. Its Error is one line that names the variable.
type Rejected struct {
	Variable string // SLACK_APP_TOKEN or SLACK_BOT_TOKEN
	Method   string // what was tried: auth.test
	Code     string // Slack's word for it: invalid_auth
	Needed   string // the scope that is missing, where Slack says so
}

func (r *Rejected) Error() string {
	todo := rejections[r.Code]
	if r.Code == "missing_scope" && r.Needed != "" {
		todo = fmt.Sprintf("add the scope %s to the app, and reinstall it", r.Needed)
	}
	return fmt.Sprintf("%s: Slack rejects it (%s, from %s): %s", r.Variable, r.Code, r.Method, todo)
}

// rejections are the answers to auth.test and apps.connections.open that mean
// that this token will never do, and what to do then. slack-go ends its loop on
// four of them and retries the others for ever. Source: the two methods' error
// tables on docs.slack.dev.
var rejections = map[string]string{
	"invalid_auth":              "copy the token again from the app's settings",
	"not_authed":                "the token is empty or was cut; copy it again from the app's settings",
	"account_inactive":          "the workspace or the app's user is deactivated; reinstall the app",
	"token_revoked":             "reinstall the app and copy the new token",
	"token_expired":             "make a new token in the app's settings",
	"missing_scope":             "add the missing scope to the app, and reinstall it; SLACK_APP_TOKEN needs connections:write",
	"not_allowed_token_type":    "it is another kind of token; SLACK_APP_TOKEN is xapp-…, SLACK_BOT_TOKEN is xoxb-…",
	"no_permission":             "the workspace does not permit this app to do that; ask an owner of the workspace",
	"app_uninstalled":           "install the app in the workspace again",
	"access_denied":             "the workspace denies this app access; ask an owner of the workspace",
	"forbidden_team":            "the workspace may not use Socket Mode with this app; ask an owner of the workspace",
	"org_login_required":        "the workspace is being moved to an Enterprise organization; reinstall the app when that is done",
	"team_access_not_granted":   "the app is not granted access to this workspace; ask an owner of the organization",
	"two_factor_setup_required": "the account behind the token must set up two-factor authentication first",
	"ekm_access_denied":         "an owner has suspended access to the workspace's keys; ask them",
	"enterprise_is_restricted":  "the method can't be called from an Enterprise; ask an owner of the organization",
}

// lost are those which mean, on any method, that the token itself is dead. The
// others can be about one method or one channel alone.
var lost = map[string]bool{
	"invalid_auth": true, "not_authed": true, "account_inactive": true,
	"token_revoked": true, "token_expired": true, "app_uninstalled": true,
}

// rejection answers the Rejected behind an error of a method that checks a
// token, nil if it may pass.
func rejection(variable, method string, err error) *Rejected {
	var no slack.SlackErrorResponse
	if !errors.As(err, &no) || rejections[no.Err] == "" {
		return nil
	}
	return &Rejected{Variable: variable, Method: method, Code: no.Err, Needed: no.Needed}
}
