package handlers

import (
	"strings"
	"testing"

	"dropletops/approvals"
)

func TestSeveralTargets(t *testing.T) {
	b := newBench(t)
	for _, text := range []string{"reboot web-1 web-2", "reboot web-1,web-2", "reboot web-1, web-2, WEB-1"} {
		r := b.asks(b.slash("UALICE", text))
		if len(r.Targets) != 2 || r.State != approvals.Pending || r.Verdict.Outcome != approvals.Confirm || r.Tag != "" {
			t.Errorf("%s: %d targets, %s, %s", text, len(r.Targets), r.State, r.Verdict.Outcome)
		}
	}
	r := b.asks(b.slash("UALICE", "rebuild web-1,web-2 debian-12-x64"))
	if len(r.Targets) != 2 || r.Verdict.Outcome != approvals.Approve || r.Image == nil {
		t.Errorf("%d targets, %s, image %v", len(r.Targets), r.Verdict.Outcome, r.Image)
	}
	for text, want := range map[string]string{
		"reboot web-1,nope,a&b":                  "No Droplet can be called",
		"reboot web-1,nope,wbe-2":                "not all of these words name a Droplet",
		"reboot ,":                               "There is no name between the commas",
		"reboot web-1,":                          "there is only one",
		"reboot " + strings.Repeat("web-1,", 41): "41 Droplets; 40 are the most",
		"restore web-1,web-2":                    "one at a time",
	} {
		before := len(b.store.order)
		if said := b.do(b.slash("UALICE", text)).Message.Text; !strings.Contains(said, want) || len(b.store.order) != before {
			t.Errorf("%s: said %q", text, said)
		}
	}
}

// A resize switches off what is on, so a rule by danger is about it. The built-in policy
// has it confirmed, as a reboot.
func TestAResizeIsAsDangerousAsWhatItTakes(t *testing.T) {
	b := newBench(t)
	for text, want := range map[string]struct {
		danger  approvals.Danger
		outcome approvals.Outcome
	}{
		"resize web-1 s-1vcpu-2gb":              {approvals.Disruptive, approvals.Allow},
		"resize web-3 s-1vcpu-2gb":              {approvals.Safe, approvals.Allow},
		"resize web-1,web-3 s-1vcpu-2gb":        {approvals.Disruptive, approvals.Confirm},
		"resize web-3,105 s-1vcpu-2gb":          {approvals.Safe, approvals.Confirm},
		"resize web-1,web-3 s-1vcpu-2gb --disk": {approvals.Destructive, approvals.Approve},
	} {
		if r := b.asks(b.slash("UALICE", text)); r.Action.Danger != want.danger || r.Verdict.Outcome != want.outcome {
			t.Errorf("%s: %s, %s", text, r.Action.Danger, r.Verdict.Outcome)
		}
	}
}
