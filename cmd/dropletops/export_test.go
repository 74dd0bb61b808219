package main

import "testing"

// What someone typed in Slack is no formula to whoever opens the export in a
// spreadsheet.
func TestNoFormula(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "fresh start": "fresh start", "1+1=2": "1+1=2", "U0BOB": "U0BOB", `{"a":"=1"}`: `{"a":"=1"}`,
		`=cmd|' /C calc'!A0`: `'=cmd|' /C calc'!A0`, "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)",
		" =1": "' =1", "\t=1": "'\t=1", "\r\n=1": "'\r\n=1", "\u00a0=1": "'\u00a0=1", "\x00=1": "'\x00=1", "＝1": "'＝1", "＋1": "'＋1",
	} {
		if got := noFormula(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "fresh start, über 日本": "fresh start, über 日本", "a\x1b[2Jb": `a\u001b[2Jb`, "a\u009bb": `a\u009bb`, "a\x7fb": `a\u007fb`,
		"a\nb\r\tc": `a\nb\r\tc`, "\u202egnp": `\u202egnp`, "a\u2028b": `a\u2028b`, "a\u200bb": `a\u200bb`, "\U000e0041": `\udb40\udc41`, "a\xffb": `a\ufffdb`,
	} {
		if got := visible(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
