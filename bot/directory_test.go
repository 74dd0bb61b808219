package bot

import (
	"testing"

	"dropletops/approvals"

	"github.com/slack-go/slack"
)

func TestStanding(t *testing.T) {
	alone := Identity{TeamID: "T1", BotUserID: "UBOT"}
	grid := Identity{TeamID: "T1", EnterpriseID: "E1", BotUserID: "UBOT"}
	of := func(e string, teams ...string) slack.EnterpriseUser {
		return slack.EnterpriseUser{EnterpriseID: e, Teams: teams}
	}
	for name, c := range map[string]struct {
		id   Identity
		team string // by the payload
		user slack.User
		want approvals.Standing
	}{
		"member":                           {alone, "T1", slack.User{TeamID: "T1"}, approvals.Member},
		"member, no team in the payload":   {alone, "", slack.User{TeamID: "T1"}, approvals.Member},
		"one who has authorized the app":   {alone, "T1", slack.User{TeamID: "T1", IsAppUser: true}, approvals.Member},
		"guest":                            {alone, "T1", slack.User{TeamID: "T1", IsRestricted: true}, approvals.Guest},
		"guest of one channel":             {alone, "T1", slack.User{TeamID: "T1", IsUltraRestricted: true}, approvals.Guest},
		"bot":                              {alone, "T1", slack.User{TeamID: "T1", IsBot: true}, approvals.Bot},
		"workflow":                         {alone, "T1", slack.User{TeamID: "T1", IsWorkflowBot: true}, approvals.Bot},
		"ourselves":                        {alone, "T1", slack.User{ID: "UBOT", TeamID: "T1"}, approvals.Bot},
		"Slackbot":                         {alone, "T1", slack.User{ID: "USLACKBOT", TeamID: "T1"}, approvals.Bot},
		"deactivated":                      {alone, "T1", slack.User{TeamID: "T1", Deleted: true}, approvals.Deactivated},
		"stranger":                         {alone, "T1", slack.User{TeamID: "T1", IsStranger: true}, approvals.Foreign},
		"other team by the payload":        {alone, "T2", slack.User{TeamID: "T1"}, approvals.Foreign},
		"other team by users.info":         {alone, "T1", slack.User{TeamID: "T2"}, approvals.Foreign},
		"no team by users.info":            {alone, "T1", slack.User{}, approvals.Foreign},
		"Grid claimed, none installed":     {alone, "T2", slack.User{TeamID: "T2", Enterprise: of("", "T1", "T2")}, approvals.Foreign},
		"Grid, home is another workspace":  {grid, "T2", slack.User{TeamID: "T2", Enterprise: of("E1", "T1", "T2")}, approvals.Member},
		"Grid, not in this workspace":      {grid, "T2", slack.User{TeamID: "T2", Enterprise: of("E1", "T2")}, approvals.Foreign},
		"Grid, another enterprise":         {grid, "T2", slack.User{TeamID: "T2", Enterprise: of("E2", "T1", "T2")}, approvals.Foreign},
		"Grid, the payload's team is none": {grid, "T9", slack.User{TeamID: "T1", Enterprise: of("E1", "T1")}, approvals.Foreign},
		"Grid, guest":                      {grid, "T1", slack.User{TeamID: "E1", IsRestricted: true, Enterprise: of("E1", "T1")}, approvals.Guest},
	} {
		if got := standing(approvals.Who{UserID: "U1", TeamID: c.team}, &c.user, c.id); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestDirectoryFailsClosed(t *testing.T) {
	c, err := NewClient(Access{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewDirectory(c).Person(t.Context(), approvals.Who{UserID: "U1"}, false); err == nil {
		t.Error("someone is judged before the workspace is known")
	}
}

func TestAPIURL(t *testing.T) {
	for in, want := range map[string]string{
		"": "https://slack.com/api/", "https://slack.com/api": "https://slack.com/api/", "http://127.0.0.1:1/api/?x#y": "http://127.0.0.1:1/api/",
		"slack.com/api": "", "ftp://slack.com/": "", "http:///api": "", "://": "",
	} {
		u, err := apiURL(in)
		if (err != nil) != (want == "") || err == nil && u.String() != want {
			t.Errorf("apiURL(%q) = %v, %v; want %q", in, u, err, want)
		}
	}
}

func TestResponseURLsThatAreTrusted(t *testing.T) {
	for _, c := range []struct {
		api, url string
		want     bool
	}{
		{"", "https://hooks.slack.com/commands/T1/2/x", true},
		{"", "https://HOOKS.slack.com/commands/T1/2/x", true},
		{"", "https://hooks.slack-gov.com/commands/T1/2/x", true},
		{"", "http://hooks.slack.com/commands/T1/2/x", false},
		{"", "https://hooks.slack.com:8443/x", false},
		{"", "https://hooks.slack.com.evil.test/x", false},
		{"", "https://u:p@hooks.slack.com/x", false},
		{"", "https://slack.com/api/x", false},
		{"", "http://127.0.0.1/x", false},
		{"", "http://169.254.169.254/metadata/v1/", false},
		{"http://127.0.0.1:99/api/", "http://127.0.0.1:99/response/1", true},
		{"http://127.0.0.1:99/api/", "https://hooks.slack.com/commands/T1/2/x", true},
		{"http://127.0.0.1:99/api/", "http://127.0.0.1:98/response/1", false},
		{"http://127.0.0.1:99/api/", "https://127.0.0.1:99/response/1", false},
		{"", "\x00", false},
	} {
		cl, err := NewClient(Access{APIURL: c.api})
		if err != nil {
			t.Fatal(err)
		}
		if got := cl.trusts(c.url) == nil; got != c.want {
			t.Errorf("with the API at %q, %q is trusted: %t", c.api, c.url, got)
		}
	}
}
