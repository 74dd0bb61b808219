package card_test

import (
	"testing"
	"time"

	"dropletops/api"
	"dropletops/approvals"
	"dropletops/internal/card"

	"github.com/slack-go/slack"
)

func modals(t testing.TB) map[string]slack.ModalViewRequest {
	r := guarded(t)
	destroy, _ := api.Lookup("destroy")
	form := func(action string, change func(f *card.Form)) slack.ModalViewRequest {
		d := api.Droplet(web1)
		f := card.Form{ID: "e1", Meta: "{}", Catalogue: api.Catalogue(), Channel: "C0OPS", Droplet: &d,
			Target: card.Picked{Value: "3164494", Label: "web-1 · 3164494 · fra1 · active"}, Args: map[string]card.Picked{}}
		f.Action, _ = api.Lookup(action)
		f.Of = f.Target.Value
		change(&f)
		return f.View()
	}
	return map[string]slack.ModalViewRequest{
		"modal_approve":     card.Consent(r, approvals.ToApprove, approvals.Asked{Code: true}, "{}", at(time.Minute)),
		"modal_break_glass": card.Consent(r, approvals.ToBreakGlass, approvals.Asked{Code: true, Reason: true}, "{}", at(time.Minute)),
		"modal_naming":      card.Naming(api.Droplet(web1), destroy, "{}"),
		"form_loading":      card.FormLoading("e1"),
		"form_bare":         form("", func(f *card.Form) { f.Target, f.Droplet = card.Picked{}, nil }),
		"form_rebuild": form("rebuild", func(f *card.Form) {
			f.Args["image"], f.Confirm, f.Reason = card.Picked{Value: "debian-12-x64", Label: "debian-12-x64"}, "web-1", "disk is full"
		}),
		"form_create": form("create", func(f *card.Form) {
			f.Target, f.Droplet, f.Of = card.Picked{Value: "web-8, web-9"}, nil, "nyc3"
			f.Args["region"], f.Args["user-data"] = card.Picked{Value: "nyc3", Label: "nyc3"}, card.Picked{Value: "#cloud-config\npackages: [nginx]"}
		}),
		"form_resize": form("resize", func(f *card.Form) {
			f.Args["disk"], f.Thread = card.Picked{Value: "true"}, "1.5"
			f.Confirm, f.Confirmed = "web-1", "web"
		}),
		"form_policy": form("change_backup_policy", func(f *card.Form) {
			f.Args["plan"], f.Channel = card.Picked{Value: "WEEKLY"}, "D0ALICE"
		}),
		"form_hostile": form("rename", func(f *card.Form) {
			f.Note, f.Droplet.Name, f.Target.Label = "No Droplet is called `x`.", nasty, nasty
			f.Args["name"], f.Confirm = card.Picked{Value: nasty}, nasty
		}),
		"modal_denial": card.Denial(story{t, rebuild(t)}.decide(approvals.ToDeny, bob, time.Minute).r, "{}"),
	}
}

func explanations(t testing.TB) map[string]card.Message {
	dbas := []approvals.Group{{Name: "dba", Users: []string{"U0BOB"}, UserGroups: []string{"S0DBA"}}, {Name: "sre", Channels: []string{"C0SRE"}}}
	half := story{t, guarded(t)}.decide(approvals.ToApprove, dba(bob), time.Minute).r
	tell := func(w approvals.Why, quiet bool) card.Message {
		head, lines := card.Why(w, quiet)
		return card.Draw(card.Answer{Head: head, Items: lines}, card.Showing{BlockID: "answer:e1", Place: card.Place{Page: 1}})
	}
	list := func(quiet bool, open ...approvals.OpenReview) card.Message {
		return card.Draw(card.Answer{Head: "*Went ahead alone, and not reviewed yet*", Each: "requests", Items: card.Reviews(open, quiet, at(3*time.Hour))},
			card.Showing{BlockID: "answer:e1", Place: card.Place{Page: 1}})
	}
	byAsker, bad := glassBroken(t).r, hostile(t)
	byAsker.Review.By = byAsker.Requester.UserID
	bad.Review = &approvals.Review{By: "U0CAROL", Reason: nasty, At: at(time.Minute)}
	return map[string]card.Message{
		"reviews": list(false, approvals.OpenReview{Request: glassBroken(t).r, From: []string{"dba", "sre"}},
			approvals.OpenReview{Request: byAsker, You: "You asked for this, so another person must review it."}),
		"reviews_shown":   list(true, approvals.OpenReview{Request: glassBroken(t).r, From: []string{"dba", "sre"}}),
		"reviews_hostile": list(false, approvals.OpenReview{Request: bad, From: []string{nasty}}),
		"why_waiting":     tell(approvals.Why{Request: half, Missing: half.Missing(), Groups: dbas, Unknown: []string{"oncall"}, You: "You asked for this, so you can't approve it: it waits for 1 member of dba or sre."}, false),
		"why_shown":       tell(approvals.Why{Request: half, Missing: half.Missing(), Groups: dbas}, true),
		"why_broken":      tell(approvals.Why{Request: glassBroken(t).r}, false),
		"why_built_in":    tell(approvals.Why{Request: running(t).r}, false),
		"why_hostile":     tell(approvals.Why{Request: hostile(t), Groups: []approvals.Group{{Name: nasty}}}, false),
	}
}
