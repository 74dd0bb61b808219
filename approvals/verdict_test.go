package approvals

import "testing"

func TestWeakerThan(t *testing.T) {
	one := Verdict{Outcome: Approve, Count: 1}
	dba := Verdict{Outcome: Approve, Count: 2, Needs: []Need{{Count: 2, From: []string{"dba"}}}, Factor: true}
	glass := dba
	glass.BreakGlass = []string{"oncall"}
	why := dba
	why.Reason = true
	for name, tt := range map[string]struct {
		v, than Verdict
		want    bool
	}{
		"the same":                    {dba, dba, false},
		"denied both":                 {Verdict{Outcome: Deny}, Verdict{Outcome: Deny}, false},
		"no longer denied":            {dba, Verdict{Outcome: Deny}, true},
		"denied":                      {Verdict{Outcome: Deny}, dba, false},
		"allowed":                     {Verdict{Outcome: Allow}, one, true},
		"confirmed, not allowed":      {Verdict{Outcome: Confirm}, Verdict{Outcome: Allow}, false},
		"fewer people":                {one, dba, true},
		"more people":                 {dba, one, false},
		"someone may go ahead alone":  {glass, dba, true},
		"nobody may go ahead alone":   {dba, glass, false},
		"without a reason":            {dba, why, true},
		"with a reason":               {why, dba, false},
		"one by the built-in and one": {one, Verdict{Outcome: Approve, Count: 1, Needs: []Need{{Count: 1}}}, false},
	} {
		if got := tt.v.WeakerThan(tt.than); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
