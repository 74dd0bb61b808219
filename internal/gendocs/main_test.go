package main

import (
	"os"
	"strings"
	"testing"

	"dropletops/api"
	"dropletops/internal/coverage"

	"github.com/google/go-cmp/cmp"
)

func TestPageIsUpToDate(t *testing.T) {
	const path = "../../docs/actions.md"
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run go generate ./api", err)
	}
	if diff := cmp.Diff(string(page(api.Catalogue())), string(kept)); diff != "" {
		t.Errorf("%s is not what the catalogue says; run go generate ./api\n%s", path, diff)
	}
}

func TestCoverageIsUpToDate(t *testing.T) {
	const path = "../../docs/coverage.md"
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run go generate ./internal/coverage", err)
	}
	if diff := cmp.Diff(string(coveragePage(coverage.Sections())), string(kept)); diff != "" {
		t.Errorf("%s is not what the table says; run go generate ./internal/coverage\n%s", path, diff)
	}
}

// What is missing is said to be.
func TestCoverageOfWhatIsMissing(t *testing.T) {
	got := string(coveragePage([]coverage.Section{{Title: "To act", Rows: []coverage.Row{
		{Operation: "freeze", API: []string{"POST /v2/freeze"}, Godo: []string{"A.B", "A.C"}, Commands: []string{"freeze web-1 on|off"}, Tests: []string{"cmd/dropletops.TestFreeze"}, Note: "Cold."},
		{Operation: "defrost", Note: coverage.NotYet + ": warm."},
	}}}))
	for _, want := range []string{
		"| freeze | `POST /v2/freeze` | godo `A.B`, `A.C` | `/droplet freeze web-1 on\\|off`<br>Cold. | `cmd/dropletops.TestFreeze` |\n",
		"| defrost |  |  | Not yet: warm. |  |\n", "One is missing",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q:\n%s", want, got)
		}
	}
}

// One more literal is documented without a change here.
func TestPageOfANewAction(t *testing.T) {
	defrost := &api.Action{
		Type: "defrost_disk", Title: "Defrost the disk", Summary: "warm it up",
		Params: []api.Param{{Name: "degrees", Kind: api.Choice, Flag: true, Required: true, Doc: "how warm", Example: "20", Choices: []string{"10", "20"}}},
		Danger: func(api.Args) api.Danger { return api.Disruptive },
		Effect: func(on []api.Droplet, a api.Args, _ api.Pins) string {
			return "Warms " + on[0].Name + " to " + a["degrees"] + "."
		},
		Loses:  func([]api.Droplet, api.Args, api.Pins) string { return "The ice." },
		Scopes: []string{"droplet:warm"},
	}
	got := string(page(append(api.Catalogue(), defrost)))
	for _, want := range []string{
		"| [`defrost-disk`](#defrost-disk) | warm it up | disruptive |", "`droplet:warm`",
		"/droplet defrost-disk <target> --degrees 10|20", "how warm: one of 10, 20 | `--degrees 20`",
		"> Warms web-1 to 20.", "> Lost: The ice.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// THIRD_PARTY_NOTICES is complete and as new as what is linked: each module, in its
// version, with the texts that the module cache has.
func TestNoticesAreUpToDate(t *testing.T) {
	kept, err := os.ReadFile("../../THIRD_PARTY_NOTICES")
	if err != nil {
		t.Fatalf("%v; run go generate .", err)
	}
	made, err := noticesPage("../..")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(made), string(kept)); diff != "" {
		t.Errorf("THIRD_PARTY_NOTICES is not of what is linked; run go generate .\n%s", diff)
	}
	for _, want := range []string{"- github.com/hashicorp/go-retryablehttp v0.7.7: MPL-2.0\n", "- github.com/riverqueue/river v", "Mozilla Public License Version 2.0",
		"- Go, its standard library and runtime: BSD-3-Clause\n", "- github.com/slack-go/slack v", "Its source code is this version of this Go module."} {
		if !strings.Contains(string(kept), want) {
			t.Errorf("THIRD_PARTY_NOTICES lacks %q", want)
		}
	}
}

func TestLicensesAreTold(t *testing.T) {
	for text, want := range map[string]string{
		"Mozilla Public License Version 2.0\n=====": "MPL-2.0", "Apache License\n   Version 2.0, January 2004": "Apache-2.0",
		"Redistribution and use in source\nand binary forms, with ... Neither the name of X": "BSD-3-Clause", "Redistribution and use in source and binary forms, with": "BSD-2-Clause",
		"MIT\n\nPermission is hereby granted, free\nof charge, to": "MIT", "Permission to use, copy, modify, and/or distribute this software for any": "ISC",
		"GNU GENERAL PUBLIC LICENSE Version 3": "", "All rights reserved.": "",
	} {
		if got := strings.Join(licensesOf([]notice{{"LICENSE", text}}), ", "); got != want {
			t.Errorf("%q is told as %q, want %q", text, got, want)
		}
	}
}
